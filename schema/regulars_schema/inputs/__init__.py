"""How inputs are read, extended by plugins, and done once."""
