"""Work that comes round again by itself."""
