"""What may be allowed about credit, points and the ledger."""

from collections.abc import Sequence

from regulars_core.plugin import Permission

CREDIT_VIEW = "credit.view"
CREDIT_SPEND = "credit.spend"
CREDIT_ADD = "credit.add"
CREDIT_DEDUCT = "credit.deduct"
CREDIT_LIMIT = "credit.limit"
POINTS_VIEW = "points.view"
POINTS_REDEEM = "points.redeem"
POINTS_ADJUST = "points.adjust"
POINTS_MANAGE = "points.manage"
LEDGER_REVERSE = "ledger.reverse"
LEDGER_VIEW = "ledger.view"
CUSTOMERS_VIEW = "customers.view"
PURCHASES_VIEW = "purchases.view"
STORES_VIEW = "stores.view"

_EVERYBODY = ("store_terminal", "cashier", "store_manager", "marketing", "support", "accountant")
_TILLS = ("store_terminal", "cashier", "store_manager")
_WHOLE = " In the whole shop only."

PERMISSIONS: Sequence[Permission] = (
    Permission(CREDIT_VIEW, "See store credit: balances, entries, holds, the line of time.", _EVERYBODY),
    Permission(CREDIT_SPEND, "Pay by store credit, and hold, capture and release it.", _TILLS),
    Permission(CREDIT_ADD, "Give store credit by hand, with a reason.", ("store_manager", "support")),
    Permission(CREDIT_DEDUCT, "Take store credit by hand, with a reason.", ("store_manager", "support")),
    Permission(
        CREDIT_LIMIT, "Let the customers of a group spend below zero." + _WHOLE, ("accountant",), shop_wide=True
    ),
    Permission(POINTS_VIEW, "See points: balances, entries, holds, the program.", _EVERYBODY),
    Permission(POINTS_REDEEM, "Pay by points, redeem, hold and release them.", _TILLS),
    Permission(POINTS_ADJUST, "Give and take points by hand, with a reason.", ("store_manager", "support")),
    Permission(
        POINTS_MANAGE, "Change the program of points, and try changes." + _WHOLE, ("marketing",), shop_wide=True
    ),
    Permission(LEDGER_REVERSE, "Take back what was posted by mistake.", ("store_manager", "support", "accountant")),
    Permission(
        LEDGER_VIEW,
        "See what the shop owes, what became of what was given, verification, seals and proofs." + _WHOLE,
        ("accountant",),
        shop_wide=True,
    ),
)
