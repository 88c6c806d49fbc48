"""Customers and the notes about them, in the language of the API."""
