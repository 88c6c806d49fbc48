"""One shop: its database, settings, permissions, codes, and whoever acts in it."""
