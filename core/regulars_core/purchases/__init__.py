"""Purchases with their lines, payments, refunds and voids, and the statistics that follow from them."""
