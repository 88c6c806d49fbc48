"""SQLite: one writer, and readers beside it."""
