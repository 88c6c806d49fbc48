"""Who stays, who leaves and who comes again."""
