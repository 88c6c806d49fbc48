"""Purchases, in the language of the API."""
