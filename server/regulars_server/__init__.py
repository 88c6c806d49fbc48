"""The process: HTTP, identity, GraphiQL and the command line."""
