"""Coupons: codes, who has them, and what becomes of them."""
