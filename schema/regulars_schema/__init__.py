"""The language: GraphQL types over the core's rows. Knows no HTTP."""
