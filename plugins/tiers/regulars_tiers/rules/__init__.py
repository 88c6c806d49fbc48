"""What tiers decide: pure functions of facts."""
