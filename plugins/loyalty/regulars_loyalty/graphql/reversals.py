"""Taking back what was posted by hand."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.plugin import BadInput, Checks, Lookup, Shop
from regulars_loyalty.graphql.entry_types import CreditEntry, PointsEntry
from regulars_loyalty.graphql.postings import NOTE, REASON, PostingInput, entry_row
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.ledger.by_hand import checked_why
from regulars_loyalty.ledger.reversals import lookup_reversal, reverse
from regulars_loyalty.permissions import CREDIT_VIEW, LEDGER_REVERSE, POINTS_VIEW
from regulars_loyalty.points.exchanges import take_back
from regulars_schema.plugin import (
    CustomerPayload,
    Extension,
    Mutation,
    RequestContext,
    guarded,
    key_of,
    mutation,
    value_or_none,
)

CREDIT_ENTRY, POINTS_ENTRY = "creditentry", "pointsentry"


@strawberry.input(description="An entry to take back.")
class LedgerReverseInput(PostingInput):
    """Input of ledgerReverse."""

    entry_id: strawberry.ID = strawberry.field(description="The entry, on credit or on points.")
    note: strawberry.Maybe[str | None] = strawberry.field(description=NOTE)
    reason: str = strawberry.field(description=REASON)


@strawberry.type(description="What ledgerReverse answers.")
class LedgerReversePayload(CustomerPayload):
    """Payload of ledgerReverse."""

    credit_entry: CreditEntry | None = guarded(
        CREDIT_VIEW, default=None, description="The reversing entry, where credit was taken back."
    )
    points_entry: PointsEntry | None = guarded(
        POINTS_VIEW, default=None, description="The reversing entry, where points were taken back."
    )


def _entry(text: str) -> tuple[str, bool]:
    """The key of an entry, and whether it is on points. Raises BadInput."""
    of_points = text.startswith(POINTS_ENTRY)
    return key_of(text, POINTS_ENTRY if of_points else CREDIT_ENTRY, "entryId"), of_points


def _looked_up(shop: Shop, given: LedgerReverseInput) -> Sequence[Lookup]:
    try:
        return lookup_reversal(shop, _entry(given.entry_id)[0])
    except BadInput:  # as it is going to be told
        return ()


@mutation(
    name="ledgerReverse",
    needs=LEDGER_REVERSE,
    ahead=_looked_up,
    description="Takes back one entry that was made by hand (FUNDING, UNFUNDING, ADJUST, REDEEM, or a PAYMENT that was captured "
    "without a purchase), once: what it gave is taken from its own lot first, what it took goes back to the lots it came from, "
    "and what an exchange gave is taken back with it, else it is `NOT_REVERSIBLE`. Codes: `NOT_FOUND`, `ALREADY_REVERSED`, "
    "`NOT_REVERSIBLE`, `UNKNOWN_REASON`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def ledger_reverse(
    context: RequestContext,
    *,
    input: Annotated[LedgerReverseInput, strawberry.argument(description="Which entry, why.")],
) -> LedgerReversePayload:
    """Take an entry back."""
    shop, checks = context.shop, Checks()
    key, of_points = _entry(input.entry_id)
    why = checked_why(shop, checks, input.reason, value_or_none(input.note))
    checks.refuse()
    stores = context.actor.stores(LEDGER_REVERSE)
    done = await reverse(shop, key, why, of_points=of_points, stores=stores, undo=take_back)
    rows: dict[str, Any] = {unit: entry_row(done.accounts[unit], entry) for unit, entry in done.entries.items()}
    customer: Any = done.customer
    return LedgerReversePayload(customer=customer, credit_entry=rows.get(shop.currency), points_entry=rows.get(POINTS))


EXTENSION = Extension(Mutation, [ledger_reverse])
