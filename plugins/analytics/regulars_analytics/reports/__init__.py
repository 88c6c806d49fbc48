"""Reports: what figures say, written into files by a job."""
