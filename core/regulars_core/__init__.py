"""The domain: customers, groups, stores and purchases, and the database they are kept in. Knows no GraphQL and no HTTP."""
