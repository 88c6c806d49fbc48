"""What clients send: parsed, limited, priced and prepared, once for each document."""
