"""How fields are declared, and what all of them share: pages, filters, orders, nodes, stores."""
