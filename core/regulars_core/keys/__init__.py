"""API keys: their form, what they are bound to, the roles that a shop makes itself, and who may give them."""
