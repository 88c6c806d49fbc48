"""What may be allowed about offers and coupons."""

from collections.abc import Sequence

from regulars_core.plugin import Permission

OFFERS_VIEW = "offers.view"
OFFERS_MANAGE = "offers.manage"
OFFERS_TRUST = "offers.trust"
COUPONS_VIEW = "coupons.view"
COUPONS_ISSUE = "coupons.issue"
COUPONS_REDEEM = "coupons.redeem"
COUPONS_REVOKE = "coupons.revoke"
CUSTOMERS_VIEW = "customers.view"
PURCHASES_VIEW = "purchases.view"
STORES_VIEW = "stores.view"

_EVERYBODY = ("store_terminal", "cashier", "store_manager", "marketing", "support", "accountant")
_TILLS = ("store_terminal", "cashier", "store_manager")
_WHOLE = " In the whole shop only."

PERMISSIONS: Sequence[Permission] = (
    Permission(
        OFFERS_VIEW, "See promotions, quotes of baskets, what was used, and progress in reward systems.", _EVERYBODY
    ),
    Permission(
        OFFERS_MANAGE,
        "Make and change promotions and reward systems, and make codes in bulk." + _WHOLE,
        ("marketing",),
        shop_wide=True,
    ),
    Permission(
        OFFERS_TRUST,
        "Record a sale that was made already with its offers as they were told; for tills that work offline.",
        ("store_manager",),
    ),
    Permission(COUPONS_VIEW, "See the coupons of a customer who is named.", _EVERYBODY),
    Permission(
        COUPONS_ISSUE,
        "Give a customer a coupon or progress, look codes up, and take redemptions back.",
        ("store_manager", "marketing", "support"),
    ),
    Permission(COUPONS_REDEEM, "Reserve, release and redeem coupons, and sell with them.", _TILLS),
    Permission(COUPONS_REVOKE, "Make coupons worthless.", ("store_manager", "marketing", "support")),
)
