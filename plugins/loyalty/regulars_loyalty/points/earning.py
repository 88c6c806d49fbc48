"""What purchases earn by the program of their instants: what must be known for it, and what follows.

What is looked up is named before a purchase is recorded, from what this process remembers of the program. Where that turns out to
be another by then, it is read anew.
"""

import logging
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from regulars_core.plugin import (
    Audience,
    AudienceAnswers,
    CustomerMoment,
    Instant,
    Lookup,
    Sale,
    Shop,
    audience_answers,
    audience_lookups,
    read_audiences,
)
from regulars_loyalty.points.outcomes import Asking, Outcome
from regulars_loyalty.points.program import Rule, Version, Versions
from regulars_loyalty.points.program_versions import (
    asked_by,
    known_versions,
    lookup_versions,
    remembered_versions,
    unchanged,
    versions_of,
)
from regulars_loyalty.points.tiers import lookup_multipliers, with_multipliers

Buyer = tuple[str, Instant]
"""A customer, and the instant of a purchase."""
log = logging.getLogger(__name__)


def lookup_earning(shop: Shop, who: Sequence[Buyer]) -> Sequence[Lookup]:
    """What `earnings_from` will have to know of these customers at these instants; for the first half of an event. Of a program
    that needs nothing more, and of none, one row is looked up."""
    remembered = remembered_versions(shop)
    versions = _in_force(remembered, {at for _, at in who})
    return [lookup_versions(shop, [one.number for one in versions]), *_lookups(shop, versions, who)]


async def earnings_from(
    shop: Shop, sales: Sequence[Sale], found: Sequence[Sequence[Any]] = (), *, to_write: bool = False
) -> Sequence[Sequence[Outcome]]:
    """What each rule of the program in force gives for each sale, in the order of the program; nothing where there was none.

    `found` are the rows of `lookup_earning` of the same customers and instants; without them everything is read here. What is
    given once per customer is given for the earliest of these sales. Who writes that down, in this transaction, says so: it holds
    only if the program, and the policy of tiers, are then still the same.
    """
    who = [(sale.customer_id, sale.at) for sale in sales if sale.customer_id]
    versions = await known_versions(shop, found[0]) if found else await versions_of(shop)
    if to_write:
        await shop.database.defer([unchanged(versions)])
    in_force = _in_force(versions, {sale.at for sale in sales})
    if found and _has_asked(found[0], versions, in_force):
        numbers = set(asked_by(found[0])[1])
        asked = [one for one in versions.all if one.number in numbers]
        known, left = _known(shop, asked, who, found[1:])
        whole = await with_multipliers(shop, sales, left, to_write=to_write) if _needs_tiers(in_force) else sales
        return _outcomes(shop, versions, whole, known)
    lookups = _lookups(shop, in_force, who, with_tiers=False)
    rows = list(await shop.database.read_together(lookups)) if lookups else []
    known, _ = _known(shop, in_force, who, rows)
    whole = await with_multipliers(shop, sales, to_write=to_write) if _needs_tiers(in_force) else sales
    return _outcomes(shop, versions, whole, known)


async def tried_earnings(shop: Shop, versions: Versions, sales: Sequence[Sale]) -> Sequence[Sequence[Outcome]]:
    """What these versions would give for these sales, by the same code; what is given once per customer is given for the earliest
    of them, whatever was given before."""
    who = [(sale.customer_id, sale.at) for sale in sales if sale.customer_id]
    in_force = _in_force(versions, {sale.at for sale in sales})
    answers = await read_audiences(shop, _audiences(in_force), who)
    whole = await with_multipliers(shop, sales) if _needs_tiers(in_force) else sales
    return _outcomes(shop, versions, whole, _Known({}, answers))


def _outcomes(shop: Shop, versions: Versions, sales: Sequence[Sale], known: "_Known") -> Sequence[Sequence[Outcome]]:
    told: dict[str, Sequence[Outcome]] = {}
    for sale in sorted(sales, key=lambda one: (one.at, one.id)):
        version = versions.at(sale.at)
        told[sale.id] = () if version is None else known.outcomes(shop, version, sale)
    return [told[sale.id] for sale in sales]


def _in_force(versions: Versions | None, instants: Set[Instant]) -> Sequence[Version]:
    """The versions that are in force at any of these, in the order of time."""
    if versions is None:
        return []
    found = {one.number: one for at in instants if (one := versions.at(at))}
    return [one for one in versions.all if one.number in found]


def _has_asked(rows: Sequence[Any], versions: Versions, in_force: Sequence[Version]) -> bool:
    """Whether what these versions need was looked up."""
    state, numbers = asked_by(rows)
    return state == versions.state and {one.number for one in in_force} <= set(numbers)


def _lookups(shop: Shop, versions: Sequence[Version], who: Sequence[Buyer], *, with_tiers: bool = True) -> list[Lookup]:
    """What rules of these versions need to know of customers."""
    if not who:
        return []
    marks = [_lookup_marks(shop, who)] if _needs_marks(versions) else []
    multipliers = lookup_multipliers(shop, who) if with_tiers and _needs_tiers(versions) else []
    audiences = _audiences(versions)
    return [*marks, *(audience_lookups(shop, audiences, who) if audiences else ()), *multipliers]


def _needs_tiers(versions: Sequence[Version]) -> bool:
    return any(version.needs_tiers for version in versions)


def _needs_marks(versions: Sequence[Version]) -> bool:
    return any(version.needs_marks for version in versions)


def _audiences(versions: Sequence[Version]) -> Mapping[tuple[int, str], Audience]:
    """The audiences of rules by their version and code; of those for everybody there are none."""
    return {key: audience for version in versions for key, audience in version.audiences.items()}


def _lookup_marks(shop: Shop, who: Sequence[Buyer]) -> Lookup:
    condition, keys = shop.database.dialect.keyed("o.customer_id", 1, sorted({one for one, _ in who}))
    sql = (
        "SELECT o.customer_id, o.rule, t.purchase_id FROM loyalty_once o"
        f" JOIN loyalty_transfer t ON t.id = o.transfer_id WHERE {condition}"
    )
    return sql, [keys]


@dataclass
class _Known:
    """What is known of the customers: which rule has given to whom once, and for which purchase, by customer and rule; and who
    belonged to which audience, by version and rule, at which instant."""

    marks: dict[tuple[str, str], str | None]
    answers: AudienceAnswers[tuple[int, str]]

    def outcomes(self, shop: Shop, version: Version, sale: Sale) -> Sequence[Outcome]:
        """What each rule gives for a sale; what is given once is remembered for those that follow."""
        terms = version.program.terms(sale, shop.settings.zone)
        buyer = CustomerMoment(str(sale.customer_id), sale.at)

        def belongs(rule: Rule) -> bool | None:
            key = version.number, rule.code
            return rule.audience is None or (None if key in self.answers.failed else self.answers[key, buyer])

        def has_given(rule: Rule) -> bool:
            key = buyer.customer_id, rule.code
            return rule.is_once and key in self.marks and self.marks[key] != sale.id

        outcomes = Asking(version, terms, belongs, has_given, _told).outcomes(sale)
        for one in outcomes:
            if one.is_once and one.points:
                self.marks[buyer.customer_id, one.code] = sale.id
        return outcomes


def _known(
    shop: Shop, versions: Sequence[Version], who: Sequence[Buyer], rows: Sequence[Sequence[Any]]
) -> tuple[_Known, Sequence[Sequence[Any]]]:
    """From the rows of `_lookups` of these versions; and those that are of tiers."""
    left, marks = list(rows), dict[tuple[str, str], str | None]()
    if left and _needs_marks(versions):
        marks = {(customer, rule): purchase for customer, rule, purchase in left.pop(0)}
    audiences = _audiences(versions)
    if not audiences:
        return _Known(marks, AudienceAnswers()), left
    number = len(audience_lookups(shop, audiences, who))
    return _Known(marks, audience_answers(shop, audiences, who, left[:number])), left[number:]


def _told(rule: Rule, error: Exception) -> None:
    """What a plugin raised may quote customers, and is not told."""
    log.error("the points rule %s of kind %s failed: %s", rule.code, rule.kind.name, type(error).__name__)
