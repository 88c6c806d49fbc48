"""What time and tiers bring about in reward systems, each of it once."""
