"""What customers have, in the language of the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.plugin import LATEST, BadInput, CurrencyCode, CustomerRow, Instant, Money, Page
from regulars_loyalty.graphql.entry_types import CreditEntry, CreditHold, PointsEntry, PointsHold
from regulars_loyalty.graphql.program_inputs import MAX_EXCHANGES
from regulars_loyalty.graphql.reach import PointsExchangeReach, exchanges_in, values_in
from regulars_loyalty.ledger import entries
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.ledger.entries import LAST_RECORDED_FIRST, EntryRow, HoldRow
from regulars_loyalty.ledger.standings import MAX_LISTED, Standing, standings_of
from regulars_loyalty.permissions import CREDIT_VIEW, POINTS_VIEW
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    BigInt,
    Connection,
    Customer,
    Extension,
    PageArguments,
    RequestContext,
    backed_by,
    batched,
    requires,
    window,
)

AsItWas = Annotated[
    Instant | None,
    strawberry.argument(description="As it was at this instant, by what is known now; the present if absent."),
]
AsTheyWere = Annotated[
    Instant | None,
    strawberry.argument(description="As they were at this instant, by what is known now; the present if absent."),
]
Currency = Annotated[CurrencyCode | None, strawberry.argument(description="The currency; the shop's own if absent.")]
WithinDays = Annotated[int | None, strawberry.argument(description="Within how many days, 0 to 366; 30 if absent.")]
MAX_DAYS = 366


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot as it is shown: what it was and what is left of it, in minor units or points, and when that ends."""

    unit: str
    transfer_id: str
    points: int
    remaining: int
    available_at: Instant
    expires_at: Instant | None
    is_bought: bool


@dataclass(frozen=True, slots=True)
class CreditLotRow(LotRow):
    """A lot of store credit."""

    @property
    def amount(self) -> Money:
        """How much it was."""
        return Money(self.points, CurrencyCode(self.unit))

    @property
    def left(self) -> Money:
        """How much is left of it."""
        return Money(self.remaining, CurrencyCode(self.unit))


@dataclass(frozen=True, slots=True)
class PointsLotRow(LotRow):
    """A lot of points."""


@dataclass(frozen=True, slots=True)
class CreditAccountRow:
    """An account of store credit as it stands."""

    standing: Standing

    def money(self, minor: int) -> Money:
        """An amount in the account's currency."""
        return Money(minor, CurrencyCode(self.standing.account.unit))


@dataclass(frozen=True, slots=True)
class PointsAccountRow:
    """An account of points as it stands."""

    standing: Standing


Account = CreditAccountRow | PointsAccountRow


async def entries_in(
    accounts: Sequence[Account], context: RequestContext, **arguments: Unpack[PageArguments]
) -> Sequence[Page[EntryRow]]:
    """A page of each account's entries: of those that counted by then, if it is an account as it was."""
    page = window(LAST_RECORDED_FIRST, **arguments)
    found: dict[tuple[str, str, Instant | None], Page[EntryRow]] = {}
    keys = [one.standing.key for one in accounts]
    for unit, until in dict.fromkeys((unit, until) for _, unit, until in keys):  # one pair for all of a level
        ids = list(dict.fromkeys(id_ for id_, own, then in keys if (own, then) == (unit, until)))
        pages = await entries.entries_of(context.database, ids, unit, page, until)
        found |= {(id_, unit, until): page for id_, page in zip(ids, pages, strict=True)}
    return [found[key] for key in keys]


async def holds_in(accounts: Sequence[Account], _: RequestContext) -> Sequence[Sequence[HoldRow]]:
    """The open holds of each account."""
    return [one.standing.holds for one in accounts]


async def expiring_in(
    accounts: Sequence[Account], _: RequestContext, *, within_days: WithinDays = None
) -> Sequence[list[LotRow]]:
    """What of each account will expire soon."""
    days = days_within(within_days, "withinDays")
    return [[_lot(one, lot, end) for lot, end in one.standing.expiring(days)] for one in accounts]


def days_within(given: Any, *path: str) -> int:
    """A number of days from 0 to MAX_DAYS, 30 if none is given. Raises BadInput."""
    days = 30 if given is None else int(given)
    if not 0 <= days <= MAX_DAYS:
        raise BadInput(f"A number of days is 0 to {MAX_DAYS}.", path)
    return days


def _lot(account: Account, lot: Any, end: Instant) -> LotRow:
    unit = account.standing.account.unit
    kind = PointsLotRow if unit == POINTS else CreditLotRow
    expires = None if end == LATEST else end
    return kind(unit, lot.transfer_id, lot.amount, lot.remaining, lot.available_at, expires, lot.is_bought)


async def credit_opened_by(lots: Sequence[LotRow], context: RequestContext) -> Sequence[EntryRow]:
    """The entries that gave lots of store credit."""
    found = await entries.credit_entries_by_ids(context.database, [lot.transfer_id for lot in lots])
    return [found[lot.transfer_id] for lot in lots]


async def points_opened_by(lots: Sequence[LotRow], context: RequestContext) -> Sequence[EntryRow]:
    """The entries that gave lots of points."""
    found = await entries.points_entries_by_ids(context.database, [lot.transfer_id for lot in lots])
    return [found[lot.transfer_id] for lot in lots]


@requires(CREDIT_VIEW)
@strawberry.type(description=f"Credit that was given at one time, and what is left of it. Needs `{CREDIT_VIEW}`.")
class CreditLot:
    """Over CreditLotRow."""

    is_type_of = backed_by(CreditLotRow)
    amount: schema.Money = strawberry.field(description="How much it was.")
    available_at: Instant = strawberry.field(description="From when on it can be spent.")
    expires_at: Instant | None = strawberry.field(description="When what is left of it expires; null is never.")
    is_bought: bool = strawberry.field(
        description="Whether the customer bought it, by a line with `creditFor`: spending it earns points where the rule says "
        "so, unlike what was given."
    )
    opened_by: CreditEntry = batched(  # type: ignore[assignment]
        credit_opened_by, name="openedBy", returns=CreditEntry, description="The entry that gave it."
    )
    remaining: schema.Money = strawberry.field(resolver=lambda root: root.left, description="What is left of it.")


@requires(POINTS_VIEW)
@strawberry.type(description=f"Points that were earned at one time, and what is left of them. Needs `{POINTS_VIEW}`.")
class PointsLot:
    """Over PointsLotRow."""

    is_type_of = backed_by(PointsLotRow)
    available_at: Instant = strawberry.field(description="From when on they can be spent.")
    expires_at: Instant | None = strawberry.field(
        description="When what is left of them expires, as found now: where the program counts from the last activity, each "
        "activity moves it. Null is never."
    )
    opened_by: PointsEntry = batched(  # type: ignore[assignment]
        points_opened_by, name="openedBy", returns=PointsEntry, description="The entry that gave them."
    )
    points: BigInt = strawberry.field(description="How many they were.")
    remaining: BigInt = strawberry.field(description="How many are left.")


_HOLDS = "The holds that are open, the oldest first; at most 100."
_ENTRIES = "The entries, the one recorded last first."
_EXPIRING = "What is left and will expire soon, the soonest first; at most 100."
_PENDING = "What cannot be spent yet."
_AVAILABLE = "What can be spent now."
_HELD = "What is kept for open baskets."


@requires(CREDIT_VIEW)
@strawberry.type(
    description="A customer's store credit in one currency: available = balance - pending - held + credit limit, and not below "
    f"zero. Needs `{CREDIT_VIEW}`."
)
class CreditAccount:
    """Over CreditAccountRow."""

    is_type_of = backed_by(CreditAccountRow)
    available: schema.Money = strawberry.field(
        resolver=lambda root: root.money(root.standing.account.available), description=_AVAILABLE
    )
    balance: schema.Money = strawberry.field(
        resolver=lambda root: root.money(root.standing.account.balance),
        description="What is left of all that was given and has not expired, less the debt; below zero where there is more "
        "debt.",
    )
    credit_limit: schema.Money = strawberry.field(
        resolver=lambda root: root.money(root.standing.account.limit),
        description="Down to how far below zero may be spent; zero unless the customer's group allows it.",
    )
    currency_code: CurrencyCode = strawberry.field(
        resolver=lambda root: root.standing.account.unit, description="The currency of the account."
    )
    debt: schema.Money = strawberry.field(
        resolver=lambda root: root.money(root.standing.debt),
        description="What was taken back though it was spent already; the next credit settles it first.",
    )
    entries: Connection[CreditEntry] = batched(  # type: ignore[assignment]
        entries_in, name="entries", returns=Connection[CreditEntry], description=_ENTRIES
    )
    expiring_soon: list[CreditLot] = batched(  # type: ignore[assignment]
        expiring_in, name="expiringSoon", returns=list[CreditLot], description=_EXPIRING, most=MAX_LISTED
    )
    held: schema.Money = strawberry.field(
        resolver=lambda root: root.money(root.standing.account.held), description=_HELD
    )
    holds: list[CreditHold] = batched(  # type: ignore[assignment]
        holds_in, name="holds", returns=list[CreditHold], description=_HOLDS, most=MAX_LISTED
    )
    pending: schema.Money = strawberry.field(
        resolver=lambda root: root.money(root.standing.account.pending), description=_PENDING
    )


@requires(POINTS_VIEW)
@strawberry.type(
    description=f"A customer's points: available = balance - pending - held, and not below zero. Needs `{POINTS_VIEW}`."
)
class PointsAccount:
    """Over PointsAccountRow."""

    is_type_of = backed_by(PointsAccountRow)
    available: BigInt = strawberry.field(resolver=lambda root: root.standing.account.available, description=_AVAILABLE)
    balance: BigInt = strawberry.field(
        resolver=lambda root: root.standing.account.balance,
        description="What is left of all that was earned and has not expired, less the debt; below zero where there is more "
        "debt.",
    )
    debt: BigInt = strawberry.field(
        resolver=lambda root: root.standing.debt,
        description="What was taken back though it was spent already; the next earnings settle it first.",
    )
    entries: Connection[PointsEntry] = batched(  # type: ignore[assignment]
        entries_in, name="entries", returns=Connection[PointsEntry], description=_ENTRIES
    )
    exchanges: list[PointsExchangeReach] = batched(  # type: ignore[assignment]
        exchanges_in,
        name="exchanges",
        returns=list[PointsExchangeReach],
        most=MAX_EXCHANGES,
        description="What the program exchanges for points, and how many are missing; the cheapest first.",
    )
    expiring_soon: list[PointsLot] = batched(  # type: ignore[assignment]
        expiring_in, name="expiringSoon", returns=list[PointsLot], description=_EXPIRING, most=MAX_LISTED
    )
    held: BigInt = strawberry.field(resolver=lambda root: root.standing.account.held, description=_HELD)
    holds: list[PointsHold] = batched(  # type: ignore[assignment]
        holds_in, name="holds", returns=list[PointsHold], description=_HOLDS, most=MAX_LISTED
    )
    pending: BigInt = strawberry.field(resolver=lambda root: root.standing.account.pending, description=_PENDING)
    value: schema.Money | None = batched(  # type: ignore[assignment]
        values_in,
        name="value",
        returns=schema.Money | None,
        description="What the available points pay for, in whole steps of the program's rate; null where points pay for nothing.",
    )


@batched(
    name="credit",
    needs=CREDIT_VIEW,
    returns=CreditAccount | None,
    description="The customer's store credit in one currency; an account without entries where nothing was ever posted.",
)
async def credit(
    customers: Sequence[CustomerRow], context: RequestContext, *, currency_code: Currency = None, at: AsItWas = None
) -> Sequence[CreditAccountRow]:
    """Each customer's account in a currency."""
    unit = currency_code or context.shop.currency
    found = await standings_of(context.shop, [one.id for one in customers], unit, at)
    return [CreditAccountRow(found[one.id]) for one in customers]


@batched(name="points", needs=POINTS_VIEW, returns=PointsAccount | None, description="The customer's points.")
async def points(
    customers: Sequence[CustomerRow], context: RequestContext, *, at: AsTheyWere = None
) -> Sequence[PointsAccountRow]:
    """Each customer's account of points."""
    found = await standings_of(context.shop, [one.id for one in customers], POINTS, at)
    return [PointsAccountRow(found[one.id]) for one in customers]


EXTENSIONS = (Extension(Customer, [credit, points]),)
