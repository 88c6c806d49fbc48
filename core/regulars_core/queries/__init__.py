"""How SQL is written here: conditions, pages, rows, JSON of rows, inserts and locks."""
