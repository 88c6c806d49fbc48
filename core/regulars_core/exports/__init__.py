"""Taking customers and purchases out in files, by command and over the API: by the same columns, which plugins add to."""
