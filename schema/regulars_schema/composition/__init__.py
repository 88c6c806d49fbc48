"""One schema out of what core and the plugins bring."""
