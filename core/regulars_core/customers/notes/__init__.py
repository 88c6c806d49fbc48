"""The team's notes about customers: what is remembered, what was said, what is to be done."""
