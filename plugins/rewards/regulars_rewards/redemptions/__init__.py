"""Coupons that are reserved, redeemed and given back by hand, without a purchase that is recorded here."""
