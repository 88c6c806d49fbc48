"""Payments: how purchases are paid, with the sale or later, and how refunds are given back."""
