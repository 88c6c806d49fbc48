"""What may be allowed about figures of what was bought."""

from collections.abc import Sequence

from regulars_core.plugin import Permission

VIEW = "analytics.view"
CUSTOMERS_VIEW = "customers.view"
GROUPS_VIEW = "groups.view"
PII_VIEW = "customers.view_pii"
EXPORT = "customers.export"
TIERS_VIEW = "tiers.view"

PERMISSIONS: Sequence[Permission] = (
    Permission(
        VIEW,
        "See what purchases say: figures of customers, segments and the shop, who comes back, and reports.",
        ("store_manager", "marketing", "accountant"),
    ),
)
