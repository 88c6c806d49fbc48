"""The shop, its stores and the audit, in the language of the API."""
