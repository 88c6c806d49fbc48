"""What is given back of purchases: refunds as they are written and undone, and those that pay for another purchase."""
