"""Promotions as they are kept, made and changed."""
