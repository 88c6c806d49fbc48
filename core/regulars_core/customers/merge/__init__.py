"""Making two customers one, and two again."""
