"""Files of rows: columns, records, cells, and what is rejected. Knows no customer."""
