"""Models that are fitted to all customers. What is here needs SciPy, the extra `analytics`, and nothing else does."""
