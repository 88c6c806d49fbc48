"""Rules in the language of the API: which kinds there are, and what each wants to be told."""
