"""What may be allowed about tiers."""

VIEW = "purchases.view"
"""See tiers, standings and the policy."""
ASSIGN = "customers.edit"
"""Assign tiers to customers, and reassess one."""
MANAGE = "groups.manage"
"""Change the policy, try changes, and reassess everybody."""
