"""Customers: who they are, how to reach and find them, and what they amount to."""
