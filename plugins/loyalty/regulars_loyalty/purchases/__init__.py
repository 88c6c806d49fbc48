"""What purchases do to the ledger: they are paid, they sell credit, they earn; and what becomes of that when goods come back."""
