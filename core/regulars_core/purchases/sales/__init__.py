"""Purchases as rules look at them: what each line is worth, and what of it has come back."""
