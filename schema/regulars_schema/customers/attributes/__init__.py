"""Declared attributes of customers in the language of the API."""
