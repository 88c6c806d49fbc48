"""What purchases, their lines and payments, groups and the shop itself say about credit and points."""

from collections.abc import Sequence
from typing import Any

from regulars_core.plugin import GroupRow, Money, PurchaseRow
from regulars_loyalty.graphql.entry_types import CreditEntry, PointsEntry
from regulars_loyalty.ledger import entries, limits
from regulars_loyalty.ledger.entries import EntryRow
from regulars_loyalty.permissions import CREDIT_VIEW, POINTS_VIEW
from regulars_loyalty.purchases import figures
from regulars_loyalty.settings import LoyaltySettings
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    BigInt,
    CustomerGroup,
    Extension,
    Payment,
    Purchase,
    PurchaseLine,
    RequestContext,
    batched,
)


@batched(
    name="creditEntries",
    needs=CREDIT_VIEW,
    returns=list[CreditEntry] | None,
    description="What the purchase and its refunds did to the customer's credit, in the order of recording.",
)
async def credit_entries(purchases: Sequence[PurchaseRow], context: RequestContext) -> Sequence[list[EntryRow]]:
    """The entries on credit that belong to each purchase."""
    found = await entries.entries_of_purchases(context.database, [one.id for one in purchases], points=False)
    return [found[one.id] for one in purchases]


@batched(
    name="pointsEntries",
    needs=POINTS_VIEW,
    returns=list[PointsEntry] | None,
    description="What the purchase and its refunds did to the customer's points, in the order of recording.",
)
async def points_entries(purchases: Sequence[PurchaseRow], context: RequestContext) -> Sequence[list[EntryRow]]:
    """The entries on points that belong to each purchase."""
    found = await entries.entries_of_purchases(context.database, [one.id for one in purchases], points=True)
    return [found[one.id] for one in purchases]


@batched(
    name="pointsEarned",
    needs=POINTS_VIEW,
    returns=BigInt | None,
    description="The points that it has earned, less what refunds took back.",
)
async def points_earned(purchases: Sequence[PurchaseRow], context: RequestContext) -> Sequence[int]:
    """What each purchase has earned by now."""
    found = await figures.points_earned(context.database, [one.id for one in purchases])
    return [found.get(one.id, 0) for one in purchases]


@batched(
    name="pointsPaid",
    needs=POINTS_VIEW,
    returns=BigInt | None,
    description="How many points were paid; null for every other way of paying.",
)
async def points_paid(payments: Sequence[Any], context: RequestContext) -> Sequence[int | None]:
    """How many points each payment took."""
    found = await figures.points_paid(context.database, [one.purchase_id for one in payments])
    return [found.get(one.id) for one in payments]


@batched(
    name="creditFor",
    needs=CREDIT_VIEW,
    returns=bool | None,
    description="Whether the line sold store credit to the customer.",
)
async def credit_for(lines: Sequence[Any], context: RequestContext) -> Sequence[bool]:
    """Whether each line sold credit."""
    found = await figures.credit_lines(context.database, [one.id for one in lines])
    return [one.id in found for one in lines]


@batched(
    name="creditLimit",
    needs=CREDIT_VIEW,
    returns=schema.Money | None,
    description="Down to how far below zero its customers may spend credit; null is not at all.",
)
async def credit_limit(groups: Sequence[GroupRow], context: RequestContext) -> Sequence[Money | None]:
    """The limit of each group."""
    found = await limits.limits_of_groups(context.database, [one.id for one in groups])
    return [context.shop.money(found[one.id]) if found.get(one.id) else None for one in groups]


@batched(
    name="ledgerReasons",
    needs=CREDIT_VIEW,
    returns=list[str] | None,
    description="The reason codes that credit and points are given and taken by hand with, in the order of the setting.",
)
async def ledger_reasons(shops: Sequence[Any], context: RequestContext) -> Sequence[list[str]]:
    """The reasons of the setting."""
    return [list(context.shop.settings.of(LoyaltySettings).reasons) for _ in shops]


EXTENSIONS = (
    Extension(Purchase, [credit_entries, points_entries, points_earned]),
    Extension(Payment, [points_paid]),
    Extension(PurchaseLine, [credit_for]),
    Extension(CustomerGroup, [credit_limit]),
    Extension(schema.Shop, [ledger_reasons]),
)
