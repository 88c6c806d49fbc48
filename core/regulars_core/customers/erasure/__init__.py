"""What is personal of a customer: told to the customer on request, and overwritten when it is to be forgotten."""
