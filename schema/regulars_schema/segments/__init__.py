"""Segments, in the language of the API."""
