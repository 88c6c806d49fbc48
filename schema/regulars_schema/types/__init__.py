"""Scalars, money and ids."""
