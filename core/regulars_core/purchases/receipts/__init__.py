"""Receipts: what they show of a customer as it was, and what is printed."""
