"""What is added up where figures of purchases `p` are told."""

NOT_VOIDED = "p.status <> 'VOIDED'"
"""A condition: it counts in what was spent."""
SPENT = "p.total - p.refunded"
"""What was spent with it: refunds are taken off."""
