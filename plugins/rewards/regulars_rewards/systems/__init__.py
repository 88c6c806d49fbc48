"""Reward systems as they are kept, made and changed."""
