"""What purchases say: figures, what they divide into, and how they go on over time."""
