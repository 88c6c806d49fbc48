"""Whether two names may be one."""
