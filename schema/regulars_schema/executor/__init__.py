"""The breadth-first executor. Knows no domain."""
