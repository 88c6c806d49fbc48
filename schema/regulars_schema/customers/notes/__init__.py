"""Notes about customers in the language of the API."""
