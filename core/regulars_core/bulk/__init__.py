"""Work that takes longer than an answer: asked for in a mutation, done behind it in batches, by whatever process is there."""
