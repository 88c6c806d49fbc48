"""What was verified of customers, and what of it holds."""
