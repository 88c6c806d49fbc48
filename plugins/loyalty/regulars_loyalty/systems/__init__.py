"""Credit and points that reward systems give."""
