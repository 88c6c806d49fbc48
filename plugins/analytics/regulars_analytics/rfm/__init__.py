"""How recently, how often and for how much customers buy."""
