"""What states of a customer and of a store do to a sale: each refuses it, is told with it, or does nothing, as the shop says.

A sale that happened elsewhere, and is told late, is never refused for them: it is money.
"""

from collections.abc import Sequence

from regulars_core.primitives.errors import Problem, Refused
from regulars_core.shop.setting_types import WhatThen
from regulars_core.shop.settings import Settings

SUSPENDED = Problem("CUSTOMER_SUSPENDED", "The customer is suspended.")
INACTIVE = Problem("CUSTOMER_INACTIVE", "The customer was put away.")
CLOSED = Problem("STORE_CLOSED", "The store is closed.")


def against(
    settings: Settings, customer_status: str | None, store_is_active: bool, *, customer_path: str, is_new: bool = True
) -> Sequence[Problem]:
    """What is to be told of a sale to a customer of this status, None for nobody, in a store that is open or not; `customer_path`
    is what named the customer. Raises Refused where the shop does not want it, unless it was recorded before and is not new."""
    found: list[tuple[WhatThen, Problem]] = []
    if customer_status == "SUSPENDED":
        found.append((settings.when_suspended, SUSPENDED.under(customer_path)))
    if customer_status == "INACTIVE":
        found.append((settings.when_inactive, INACTIVE.under(customer_path)))
    if not store_is_active:
        found.append((settings.when_store_closed, CLOSED.under("storeCode")))
    if is_new and (refused := [problem for then, problem in found if then == "REFUSE"]):
        raise Refused(*refused)
    return [problem for then, problem in found if then != "ALLOW"]
