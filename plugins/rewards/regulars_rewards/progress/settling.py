"""What becomes of progress when purchases are given back, voided, counted again or given to other customers.

How much of what a purchase brought is reversed is found from all that has come back of it by now, so that the parts sum to the
whole whatever their order. What was brought to somebody who has the purchase no more is reversed whole, and whoever has it now
earns by the versions of its instant.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from regulars_core.plugin import (
    Instant,
    Lookup,
    Overtaken,
    ReassignedPurchase,
    RecordedPayment,
    RecordedPurchase,
    RecordedRefund,
    ReturnState,
    SaleDetails,
    Shop,
    eligible_back,
    hold,
    past_sales,
    read_details,
    recorded_before_refunds,
    refunds_of,
    return_state,
    taken_back,
    told_later,
)
from regulars_rewards.progress.book import PURCHASE, REFUND, VOID, Cause, ProgressBook
from regulars_rewards.progress.earning import Earners
from regulars_rewards.progress.explanations import of_return
from regulars_rewards.progress.histories import look_at_spans, looking_at_spans
from regulars_rewards.progress.rows import (
    Earning,
    earnings_from,
    lookup_earnings_of,
    lookup_progress,
    progress_from,
)
from regulars_rewards.systems.known import KnownSystems, lookup_systems, systems_looked_up
from regulars_rewards.triggers.kinds import Undone


class Happened(NamedTuple):
    """Something that happened to a purchase, as an event tells it: what, when, and by which refund."""

    purchase: RecordedPurchase
    cause: str
    at: Instant
    refund_id: str | None = None

    def because(self, purchase_id: str | None, explanation: str | None = None) -> Cause:
        """Why progress changes."""
        return Cause(self.cause, self.at, purchase_id, purchase_id, self.refund_id, None, explanation)


def of_payments(payments: Sequence[RecordedPayment], at: Instant) -> Sequence[Happened]:
    """Something that was due was paid."""
    return [Happened(one.purchase, PURCHASE, at) for one in payments]


def of_refunds(refunds: Sequence[RecordedRefund]) -> Sequence[Happened]:
    """Money was given back."""
    return [Happened(one.purchase, REFUND, one.refunded_at, one.id) for one in refunds]


def of_voids(purchases: Sequence[RecordedPurchase], moments: Sequence[Instant]) -> Sequence[Happened]:
    """Purchases were undone."""
    return [Happened(one, VOID, at) for one, at in zip(purchases, moments, strict=True)]


def of_undone(refunds: Sequence[RecordedRefund], moments: Sequence[Instant]) -> Sequence[Happened]:
    """What was given back in an exchange was not, after all."""
    return [Happened(one.purchase, VOID, at) for one, at in zip(refunds, moments, strict=True)]


def lookups_of(shop: Shop, purchases: Collection[RecordedPurchase]) -> Sequence[Lookup]:
    """What has to be known of what these purchases brought, beside which systems there are."""
    if not purchases:
        return []
    return [lookup_systems(shop), lookup_earnings_of(shop.database.dialect, {one.id for one in purchases})]


async def settle(shop: Shop, happened: Sequence[Happened], found: Sequence[Sequence[Any]]) -> None:
    """Book what becomes of what these purchases brought; `found` are the rows of `lookups_of` them. The customers whose they are
    are held. Raises Overtaken where one who had a purchase before was merged into another meanwhile."""
    if not found:
        return
    known = await systems_looked_up(shop, found[0])
    earnings = list(earnings_from(found[1]).values())
    settling = _Settling(shop, known, happened, earnings)
    if settling.concerns_nobody:
        return
    book = await settling.read()
    await settling.reverse(book)
    await settling.look_at_spans(book)
    await book.settle()
    await book.write()


async def pass_on(
    shop: Shop, purchases: Sequence[ReassignedPurchase], found: Sequence[Sequence[Any]], moments: Sequence[Instant]
) -> None:
    """Purchases were given to others: what they brought is reversed where they were, and brought to whose they are by the
    versions of their instants, less what has come back of them. `found` are the rows of `lookups_of` them."""
    if not found:
        return
    known = await systems_looked_up(shop, found[0])
    earnings = list(earnings_from(found[1]).values())
    happened = [Happened(one, VOID, at) for one, at in zip(purchases, moments, strict=True)]
    settling = _Settling(shop, known, happened, earnings, {one.before for one in purchases if one.before})
    if not known.systems:
        return
    book = await settling.read()
    await settling.reverse(book)
    await settling.look_at_spans(book)
    await settling.earn_anew(book)
    await book.settle()
    await book.write()


class _Settling:
    """What happened to some purchases, and what they had brought."""

    def __init__(
        self,
        shop: Shop,
        known: KnownSystems,
        happened: Sequence[Happened],
        earnings: Sequence[Earning],
        others: Collection[str] = (),
    ) -> None:
        self._shop, self._known = shop, known
        self._happened = {one.purchase.id: one for one in happened}
        self._earnings = [one for one in earnings if one.system_id in known.by_id]
        self._states: Mapping[str, ReturnState] = {}
        owners = {one.purchase.customer_id for one in happened if one.purchase.customer_id}
        self._owners = owners | set(others)

    @property
    def concerns_nobody(self) -> bool:
        """Whether none of these brought anything, and no span is looked at."""
        return not self._earnings and not looking_at_spans(self._known.systems, list(self._around))

    @property
    def _around(self) -> Iterator[tuple[str, Instant]]:
        """Whose spans around which instants may be others now."""
        for one in self._happened.values():
            purchase = one.purchase
            before = purchase.before if isinstance(purchase, ReassignedPurchase) else None
            for customer_id in (purchase.customer_id, before):
                if customer_id:
                    yield customer_id, purchase.purchased_at

    async def read(self) -> ProgressBook:
        """The progress of all whom this concerns, and what has come back of the purchases."""
        purchases = [
            replace(one.purchase, details=SaleDetails())
            for one in self._happened.values()
            if one.purchase.customer_id or self._earnings
        ]
        await read_details(self._shop, purchases)
        refunds = await refunds_of(self._shop, [one.id for one in purchases])
        self._states = {one.id: return_state(one, refunds[one.id]) for one in purchases}
        others = {earning.customer_id for earning, after in self._reversals() if earning.reversed != after.reversed}
        everybody = self._owners | others
        if others - self._owners and await hold(self._shop.database, sorted(everybody)) and not told_later():
            raise Overtaken("A customer was merged into another meanwhile.")
        sql, values = lookup_progress(self._shop.database.dialect, everybody)
        return ProgressBook(self._shop, self._known, progress_from(await self._shop.database.read(sql, *values)))

    def _reversals(self) -> Iterator[tuple[Earning, Earning]]:
        """What purchases brought as it stands, and as it should stand by now."""
        for earning in self._earnings:
            purchase = self._happened[str(earning.purchase_id)].purchase
            state = self._states[purchase.id]
            if earning.customer_id != purchase.customer_id:
                yield earning, earning.with_reversed(earning.earned)
            elif self._is_undone_by_refunds(earning):
                back = taken_back(earning.earned, earning.base or 0, earning.by_line, state)
                yield earning, earning.with_reversed(back)

    def _is_undone_by_refunds(self, earning: Earning) -> bool:
        versions = self._known.by_id[earning.system_id].versions
        kind = next((one.kind for one in versions if one.number == earning.version), None)
        return kind is None or kind.undone is Undone.BY_REFUNDS

    async def reverse(self, book: ProgressBook) -> None:
        """Book what is reversed, or comes back of that."""
        for before, after in self._reversals():
            one, state = self._happened[str(before.purchase_id)], self._states[str(before.purchase_id)]
            is_whole = after.reversed == after.earned
            back = None if is_whole or not before.base else eligible_back(before.by_line, state)
            explained = of_return(before, after, back, self._shop.currency).as_json()
            book.change(before, after, one.because(before.purchase_id, explained))

    async def look_at_spans(self, book: ProgressBook) -> None:
        """Book what spans bring by now."""
        last = list(self._happened.values())[-1]
        purchase_id = last.purchase.id if len(self._happened) == 1 else None
        await look_at_spans(self._shop, book, list(self._around), last.because(purchase_id))

    async def earn_anew(self, book: ProgressBook) -> None:
        """Book what purchases bring to whom they were given to, and have not brought them before; in systems that were there when
        they were recorded: those in which they have brought somebody else something were, whatever the clocks say."""
        fresh = {
            one.purchase.id: one.purchase
            for one in self._happened.values()
            if one.purchase.customer_id and one.purchase.status != "VOIDED"
        }
        if not fresh:
            return
        brought = {(one.system_id, one.purchase_id) for one in self._earnings}
        had = {one.key for one in self._earnings} | {
            (str(one.customer_id), system.id, id_)
            for id_, one in fresh.items()
            for system in self._known.systems
            if not system.was_there(id_) and (system.id, id_) not in brought
        }
        then = await recorded_before_refunds(self._shop.database, sorted(fresh))
        whose = [replace(one, customer_id=fresh[id_].customer_id, details=SaleDetails()) for id_, one in then.items()]
        sales = await past_sales(self._shop, whose)
        who = [(str(one.customer_id), one.at) for one in sales]
        earners = Earners(self._shop, self._known, who)
        rows = await earners.read()
        if rows:
            await earners.earn(book, sales, rows, self._states, had=had)
