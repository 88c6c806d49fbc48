"""How far below zero the customers of a group may spend credit: a field of the forms of groups."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import Checks, GroupRow, Shop
from regulars_loyalty.credit.limits import FIELD, set_limits
from regulars_loyalty.permissions import CREDIT_LIMIT
from regulars_schema.plugin import (
    CustomerGroupCreateInput,
    CustomerGroupUpdateInput,
    InputField,
    MoneyInput,
    MutationCode,
    minor_units,
)

_DESCRIPTION = "Down to how far below zero its customers may spend credit; null is not at all."
INPUTS = [
    InputField(form, FIELD, MoneyInput, _DESCRIPTION, needs=CREDIT_LIMIT)
    for form in (CustomerGroupCreateInput, CustomerGroupUpdateInput)
]
CODES = [
    *(
        MutationCode(form, code)
        for form in ("customerGroupCreate", "customerGroupUpdate")
        for code in ("INVALID_AMOUNT", "CURRENCY_MISMATCH")
    ),
    MutationCode("customerGroupUpdate", "LIMIT_IN_USE"),
]


async def take_limits(shop: Shop, groups: Sequence[GroupRow], extras: Sequence[Mapping[str, Any]]) -> None:
    """Set the limits that forms of groups have carried. Raises Refused: INVALID_AMOUNT, CURRENCY_MISMATCH, LIMIT_IN_USE."""
    checks, limits = Checks(), dict[str, int | None]()
    for group, own in zip(groups, extras, strict=True):
        if FIELD in own:
            given = own[FIELD]
            limits[group.id] = given and minor_units(given, shop.currency, checks, FIELD, minimum=0)
    checks.refuse()
    if limits:
        await set_limits(shop, limits)
