"""Segments: conditions on customers that are kept under a name. Who is in one is found whenever it is asked."""
