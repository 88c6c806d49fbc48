"""What the mutations that post by hand have in common."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import strawberry

from regulars_core.plugin import BadInput, Checks, Lookup, Shop
from regulars_loyalty.ledger.book import POINTS, Account, Transfer
from regulars_loyalty.ledger.by_hand import MAX_NOTE, Posted, Why
from regulars_loyalty.ledger.entries import (
    CreditEntryRow,
    CreditHoldRow,
    EntryRow,
    HoldRow,
    PointsEntryRow,
    PointsHoldRow,
)
from regulars_loyalty.ledger.holds import Held, lookup_held
from regulars_loyalty.ledger.named import lookup_named
from regulars_loyalty.points.by_hand import MAX_POINTS
from regulars_schema.plugin import (
    IF_HEADQUARTERS,
    IdempotentInput,
    RequestContext,
    key_of,
    lookup_store,
    required_key,
    store_acted_in,
    value_or_none,
)

NOTE = f"What to remember, for the team and the customer; at most {MAX_NOTE} characters."
REASON = "Why: one of `shop.ledgerReasons`."
STORE = f"Where it is done; {IF_HEADQUARTERS}"
BASKET = "The caller's own name of the basket, at most 120 characters; the same one again replaces its hold."
MINUTES = "For how many minutes, 1 to 10080; as the setting says if absent."
ENTRY = "The entry that was posted."


@strawberry.input(description="What the input of a mutation takes that moves points or money.")
class PostingInput(IdempotentInput):
    """Base of the inputs of mutations that post something; not a type of its own."""

    idempotency_key: str = required_key("points or money are at stake")  # type: ignore[assignment]


def by_customer(shop: Shop, given: Any) -> Sequence[Lookup]:
    """What a mutation looks up that names a customer, and perhaps a store."""
    key = _key(given.customer_id, "customer")
    return [*_store(shop, given), *(lookup_named(shop, key) if key else ())]


def by_hold(shop: Shop, given: Any) -> Sequence[Lookup]:
    """What a mutation looks up that names a hold, and perhaps a store."""
    key = _key(given.hold_id, "credithold") or _key(given.hold_id, "pointshold")
    return [*_store(shop, given), *(lookup_held(shop, key) if key else ())]


def _store(shop: Shop, given: Any) -> Sequence[Lookup]:
    code = value_or_none(getattr(given, "store_code", None))
    return [] if code is None else [lookup_store(shop, code)]


def _key(text: str, kind: str) -> str | None:
    try:
        return key_of(text, kind)
    except BadInput:  # as it is going to be told
        return None


def who_is_named(given: Any) -> str:
    """Whom a mutation moves, as given: two that move the same wait for each other in this process."""
    return str(given.customer_id)


async def placed(context: RequestContext, permission: str, checks: Checks, why: Why, store_code: Any) -> Why:
    """As `done_in`, told together with what else is wrong. Raises Malformed, Refused and Forbidden."""
    done = await checks.looked_up(done_in(context, permission, why, store_code))
    checks.refuse()
    assert done is not None
    return done


async def done_in(context: RequestContext, permission: str, why: Why, store_code: Any) -> Why:
    """The same with the store where it is done. Raises Refused with NOT_FOUND, and Forbidden."""
    store = await store_acted_in(context, permission, value_or_none(store_code), "storeCode")
    return replace(why, store_id=store)


def checked_points(checks: Checks, points: int) -> None:
    """A number of points to give or to take."""
    if not 0 < points <= MAX_POINTS:
        checks.fail("INVALID_AMOUNT", f"This must be 1 to {MAX_POINTS} points.", "points")


def entry_of(posted: Posted) -> Any:
    """The entry that tells what was posted, as it is shown."""
    return entry_row(posted.account, posted.entry)


def entry_row(account: Account, entry: Transfer) -> EntryRow:
    """An entry that was just posted, as it will be read."""
    cause, kind = entry.cause, PointsEntryRow if account.unit == POINTS else CreditEntryRow
    return kind(
        id=entry.id,
        customer_id=account.customer_id,
        unit=account.unit,
        version=entry.version,
        kind=entry.kind,
        source=entry.source,
        target=entry.target,
        amount=entry.amount,
        balance_after=entry.balance_after,
        at=cause.at,
        recorded_at=account.present,
        event_id=cause.event_id,
        event_kind=cause.event_kind,
        actor=cause.actor,
        store_id=cause.store_id,
        purchase_id=cause.purchase_id,
        payment_id=cause.payment_id,
        refund_id=cause.refund_id,
        reverses_id=cause.reverses_id,
        reason=cause.reason,
        program=cause.program,
        rule=cause.rule,
        explanation=cause.explanation,
        note=cause.note,
    )


def hold_row(held: Held) -> Any:
    """A hold that was just changed, as it will be read."""
    kind: type[HoldRow] = PointsHoldRow if held.unit == POINTS else CreditHoldRow
    one = held.hold
    return kind(
        one.id, held.customer_id, held.unit, one.basket, one.amount, one.captured, one.created_at, one.held_until,
        one.closed_at,
    )  # fmt: skip
