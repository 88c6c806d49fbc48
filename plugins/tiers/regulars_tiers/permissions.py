"""What may be allowed about tiers."""

from collections.abc import Sequence

from regulars_core.plugin import Permission

VIEW = "tiers.view"
ASSIGN = "tiers.assign"
MANAGE = "tiers.manage"
PURCHASES_VIEW = "purchases.view"
FIGURES = f"Its figures add up purchases of all stores: also needs `{PURCHASES_VIEW}` in the whole shop."
"""How a field is described that tells what was bought in all stores."""

PERMISSIONS: Sequence[Permission] = (
    Permission(
        VIEW,
        "See tiers and their standings, their history and the policy. They are the whole shop's, the figures of a standing "
        "included, and told as that whatever stores a key is bound to.",
        ("store_terminal", "cashier", "store_manager", "marketing", "support", "accountant"),
    ),
    Permission(
        ASSIGN, "Assign tiers to customers, at registration too, and give them back.", ("store_manager", "support")
    ),
    Permission(
        MANAGE, "Change the policy, try changes, and reassess. In the whole shop only.", ("marketing",), shop_wide=True
    ),
)
