"""Audiences: from a `CustomerWhere` to what plugins store, and back to clients as a `CustomerFilter`."""
