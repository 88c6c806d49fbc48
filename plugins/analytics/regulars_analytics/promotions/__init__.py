"""Who responds to promotions."""
