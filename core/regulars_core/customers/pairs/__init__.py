"""Pairs of customers who may be the same: how they are found, kept, and dismissed."""
