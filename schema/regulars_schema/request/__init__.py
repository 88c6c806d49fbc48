"""One request: who asks, what it may see, and how it is told what went wrong."""
