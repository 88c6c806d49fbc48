"""What brings progress in a reward system over a span of time, for some customers at a time: sales less what came back of them,
spans as they stand, and days that come. The triggers are asked as they are when it happens; nothing is written."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from regulars_core.plugin import (
    Audience,
    AudienceAnswers,
    CustomerMoment,
    Instant,
    PurchaseFact,
    RecordedPurchase,
    RuleExplanation,
    Sale,
    Shop,
    customers_by_ids,
    day_of,
    past_sales,
    purchase_facts,
    read_audiences,
    recorded_before_refunds,
    refunds_of,
    return_state,
    start_of,
    taken_back,
)
from regulars_rewards.progress.explanations import Explanation, of_occasion, of_sale, of_span
from regulars_rewards.simulations.giving import Change
from regulars_rewards.systems.system import RewardSystem, SystemVersion
from regulars_rewards.triggers.histories import HistoryTrigger
from regulars_rewards.triggers.kinds import PurchaseTrigger
from regulars_rewards.triggers.occasions import CustomerDates, OccasionTrigger

_DAY = timedelta(days=1)
_AT_ONCE = 20
MAX_LOOKS = 200
"""How often a span is looked at on its way: after each purchase, or after every so many where there are more."""
Refunds = Mapping[str, Sequence[tuple[Any, Any]]]
_Key = tuple[str, int]


class Moment(NamedTuple):
    """Something that may bring progress to a customer by a version, if it is for them then."""

    version: SystemVersion
    customer_id: str
    at: Instant


@dataclass
class Sources:
    """What may bring progress to some customers from an instant on and before another one; the `purchase_ids` are theirs. Kinds
    that have raised are among `failures`, and the names of systems of which it cannot be told for whom they are among `untold`:
    a leaf of their audience is off, or has failed."""

    shop: Shop
    systems: Sequence[RewardSystem]
    span: tuple[Instant, Instant]
    customer_ids: Sequence[str]
    purchase_ids: Sequence[str]
    failures: set[str] = field(default_factory=set)
    untold: set[str] = field(default_factory=set)
    sales: Sequence[Sale] = ()

    async def changes(self) -> Mapping[tuple[str, str], list[Change]]:
        """By system and customer."""
        rows = await recorded_before_refunds(self.shop.database, self.purchase_ids)
        self.sales = await past_sales(self.shop, list(rows.values()))
        refunds = await refunds_of(self.shop, list(rows)) if self._has(PurchaseTrigger) else {}
        facts = await self._facts(set(rows)) if self._has(HistoryTrigger) else {}
        dates = await self._dates() if self._has(OccasionTrigger) else {}
        asked: list[tuple[Moment, Any]] = []
        for system in self.systems:
            asked += [(moment, sale) for moment, sale in self._moments(system, PurchaseTrigger, self.sales)]
            asked += [(moment, one) for moment, one in self._moments(system, HistoryTrigger, facts)]
            asked += self._occasions(system, dates)
        theirs = await self._for_whom(asked)
        changes: dict[tuple[str, str], list[Change]] = {}
        for system in self.systems:
            own = [(moment, what) for moment, what in theirs if moment.version.system_id == system.id]
            for n, (customer_id, change) in enumerate(self._booked(own, rows, refunds)):
                if n % _AT_ONCE == 0:
                    await asyncio.sleep(0)  # others are answered between, and the deadline of the request is kept
                changes.setdefault((system.id, customer_id), []).append(change)
        return changes

    def _has(self, form: type) -> bool:
        return any(isinstance(version.kind, form) for one in self.systems for version in one.versions)

    def _moments(self, system: RewardSystem, form: type, what: Any) -> Iterator[tuple[Moment, Any]]:
        """Sales, or purchases of customers, at which the system collects by a trigger of this form."""
        each = (
            ((str(one.customer_id), one) for one in what)
            if form is PurchaseTrigger
            else ((customer_id, one) for customer_id, own in what.items() for one in own)
        )
        for customer_id, one in each:
            version = system.collecting_at(one.at)
            if version is not None and isinstance(version.kind, form):
                yield Moment(version, customer_id, one.at), one

    async def _facts(self, ids: set[str]) -> Mapping[str, Sequence[PurchaseFact]]:
        reads = frozenset[str]().union(
            *(version.kind.reads for one in self.systems for version in one.versions if version.kind)
        )
        found = await purchase_facts(self.shop, dict.fromkeys(self.customer_ids, self.span[0]), reads)
        return {customer_id: [one for one in own if one.id in ids] for customer_id, own in found.items()}

    async def _for_whom(self, asked: Sequence[tuple[Moment, Any]]) -> Sequence[tuple[Moment, Any]]:
        audiences: dict[_Key, Audience | None] = {}
        who = []
        for moment, _ in asked:
            if moment.version.data.audience is not None:
                audiences[_key(moment)] = moment.version.data.audience
                who.append(CustomerMoment(moment.customer_id, moment.at))
        answers: AudienceAnswers[_Key] = await read_audiences(self.shop, audiences, who)
        of_failed = {system_id for system_id, _ in answers.failed}
        self.untold |= {system.name for system in self.systems if system.id in of_failed}
        return [
            (moment, what)
            for moment, what in asked
            if _key(moment) not in audiences or answers[_key(moment), CustomerMoment(moment.customer_id, moment.at)]
        ]

    def _booked(
        self, own: Sequence[tuple[Moment, Any]], rows: Mapping[str, RecordedPurchase], refunds: Refunds
    ) -> Iterator[tuple[str, Change]]:
        spans: dict[tuple[str, str], list[tuple[Moment, PurchaseFact]]] = {}
        for moment, what in sorted(own, key=lambda one: one[0].at):
            kind = moment.version.kind
            if isinstance(kind, PurchaseTrigger):
                for change in self._of_sale(moment.version, kind, what, rows[what.id], refunds.get(what.id, ())):
                    yield moment.customer_id, change
            elif isinstance(kind, HistoryTrigger):
                spans.setdefault((moment.customer_id, kind.span.key(what.date)), []).append((moment, what))
            elif moment.version.trigger is not None:
                told = partial(of_occasion(moment.version.trigger, what, self.shop.currency).shown, None)
                yield moment.customer_id, Change(moment.at, what.key, Fraction(1, moment.version.per), told)
        for (customer_id, key), facts in spans.items():
            for change in self._of_span(key, facts):
                yield customer_id, change

    def _of_sale(
        self,
        version: SystemVersion,
        kind: PurchaseTrigger,
        sale: Sale,
        purchase: RecordedPurchase,
        refunds: Sequence[tuple[Any, Any]],
    ) -> Iterator[Change]:
        assert version.trigger is not None
        try:
            given = kind.answer(version.trigger.settings, sale, version.bands)
            shares = given.shares(sale)
        except Exception:  # a plugin's own
            self.failures.add(kind.name)
            return
        units, base, before = int(given.value), sum(shares.values()), 0
        if not units:
            return
        yield Change(sale.at, sale.id, Fraction(units, version.per), partial(_told, of_sale(given, units, version.per)))
        for n, (refund, _) in enumerate(refunds):
            back = taken_back(units, base, shares, return_state(purchase, refunds[: n + 1]))
            if back != before:
                yield Change(refund.refunded_at, refund.id, Fraction(before - back, version.per))
                before = back

    def _of_span(self, key: str, facts: Sequence[tuple[Moment, PurchaseFact]]) -> Iterator[Change]:
        """What the purchases of one span bring, as one follows the other."""
        before, last = Fraction(0), len(facts) - 1
        every = len(facts) // MAX_LOOKS + 1
        for n, (moment, fact) in enumerate(facts):
            if n % every and n != last:
                continue
            version, kind = moment.version, moment.version.kind
            assert isinstance(kind, HistoryTrigger)
            assert version.trigger is not None
            try:
                units = kind.units(version.trigger.settings, [one for _, one in facts[: n + 1]])
            except Exception:  # a plugin's own
                self.failures.add(kind.name)
                continue
            brought = Fraction(units, version.per)
            if brought != before:
                told = partial(_told, of_span(key, n + 1, units, version.per))
                yield Change(moment.at, fact.id, brought - before, told if brought > before else None)
                before = brought

    async def _dates(self) -> Mapping[str, Sequence[tuple[date, date, CustomerDates]]]:
        """What occasions of each customer are found from: from which day on, and before which, it was so. On a day it is known
        what was bought before it."""
        zone, (since, until) = self.shop.settings.zone, self.span
        customers = await customers_by_ids(self.shop.database, self.customer_ids)
        bought: dict[str, list[tuple[Instant, str]]] = {}
        for sale in self.sales:
            bought.setdefault(str(sale.customer_id), []).append((sale.at, sale.id))
        found = {}
        for customer_id, first_at, last_at, last_id in await self._before():
            row, own = customers[customer_id], sorted(bought.get(customer_id, ()))
            begin = max(day_of(since, zone), day_of(row.created_at, zone))
            first = day_of(first_at, zone) if first_at else (day_of(own[0][0], zone) if own else None)
            last = [(last_at, last_id)] if last_id else []
            born = None if row.birth_date is None else date.fromisoformat(row.birth_date)
            parts, ends = [], [*(day_of(at, zone) + _DAY for at, _ in own), day_of(Instant(until - 1), zone) + _DAY]
            for n, (at, id_) in enumerate([*(last or [(None, None)]), *own]):
                start = begin if n == 0 else max(begin, day_of(own[n - 1][0], zone) + _DAY)
                on = None if at is None else day_of(at, zone)
                known = CustomerDates(day_of(row.created_at, zone), born, first if on else None, on, id_)
                parts.append((start, ends[n], known))
            found[customer_id] = parts
        return found

    async def _before(self) -> Sequence[Any]:
        """When each bought for the first time, and for the last time before the span: when, and which."""
        last = (
            "(SELECT p.{} FROM purchase p WHERE p.customer_id = s.customer_id AND p.purchased_at < $2"
            " AND p.status NOT IN ('VOIDED', 'REFUNDED') ORDER BY p.purchased_at DESC, p.id DESC LIMIT 1)"
        )
        sql = (
            "SELECT s.customer_id, CASE WHEN s.first_purchase_at > 0 AND s.first_purchase_at < $2 THEN s.first_purchase_at END,"
            f" {last.format('purchased_at')}, {last.format('id')} FROM customer_stats s"
            f" WHERE {self.shop.database.dialect.among('s.customer_id', 1)}"
        )
        return await self.shop.database.rows(sql, list(self.customer_ids), self.span[0])

    def _occasions(
        self, system: RewardSystem, dates: Mapping[str, Sequence[tuple[date, date, CustomerDates]]]
    ) -> Iterator[tuple[Moment, Any]]:
        zone, (since, until) = self.shop.settings.zone, self.span
        for customer_id, parts in dates.items():
            seen = set[str]()
            for version in system.versions:
                kind = version.kind
                if not isinstance(kind, OccasionTrigger) or version.trigger is None:
                    continue
                for begin, end, known in parts:
                    try:
                        due = kind.due(version.trigger.settings, known, begin, end)
                    except Exception:  # a plugin's own
                        self.failures.add(kind.name)
                        continue
                    for one in due:
                        at = start_of(one.day, zone)
                        if since <= at < until and one.key not in seen and system.collecting_at(at) is version:
                            seen.add(one.key)
                            yield Moment(version, customer_id, at), one


def _key(moment: Moment) -> _Key:
    return moment.version.system_id, moment.version.number


def _told(explanation: Explanation) -> RuleExplanation:
    return explanation.shown(None)
