"""What is used and reserved of offers, against their limits."""
