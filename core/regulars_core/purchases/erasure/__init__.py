"""What is personal of purchases: told to the customer on request, and overwritten when the customer is to be forgotten."""
