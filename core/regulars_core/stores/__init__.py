"""Stores: where customers come from and where they buy. `MAIN` exists from the start."""
