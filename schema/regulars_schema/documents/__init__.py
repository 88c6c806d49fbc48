"""What clients send: parsed, limited, priced and made a template of, once for each document."""
