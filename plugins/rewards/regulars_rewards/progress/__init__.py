"""How far customers are in reward systems, and what they are given for it."""
