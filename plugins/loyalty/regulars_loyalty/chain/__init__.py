"""The chain of all that was posted, its seals and proofs, and what is counted from it behind the hot path."""
