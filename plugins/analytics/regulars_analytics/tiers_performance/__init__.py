"""What tiers bring."""
