"""What merges of customers do to the ledger, and what their undoing does: lot by lot, debts too."""
