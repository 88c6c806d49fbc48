"""Whether customers are among those whom promotions are for, and which conditions do not hold.

    lookups = belonging_lookups(shop, promotions, who)             names at most so many look-ups, however many there are
    belongings = belongings_of(shop, promotions, who, found)       pure, from their rows: `belongings[id, (customer, instant)]`

Each condition that stands beside others is asked by itself, so that it is known which does not hold. One whose leaves all answer
for a past instant is asked as of that; all others, and those that name segments, are asked as of now, in one statement.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from regulars_core.plugin import (
    Audience,
    CustomerMoment,
    Instant,
    Lookup,
    Outdated,
    Shop,
    audience_answers,
    audience_lookups,
    has_past,
    leaves_in,
)
from regulars_rewards.offers.promotion import Promotion
from regulars_schema.plugin import (
    audiences_now,
    lookup_audiences_now,
    lookup_segments_now,
    segments_as_remembered,
)

Who = Sequence[tuple[str, Instant]]
"""Customers and instants. A customer may be a key that is only sought."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Whether a customer belongs to an audience. `missing` are the leaves of the conditions that do not hold, each once, in the
    order of the audience; None for a condition without any leaf. Where a leaf's plugin is off, or fails, it `is_unavailable`:
    then it is for nobody."""

    missing: Sequence[str | None] = ()
    is_unavailable: bool = False

    @property
    def holds(self) -> bool:
        """Whether the customer belongs to it."""
        return not self.missing and not self.is_unavailable


Belongings = Mapping[tuple[str, CustomerMoment], Belonging]
"""By the id of the promotion, and customer and instant; of promotions for everybody there is none."""
_Key = tuple[str, int]


@dataclass(frozen=True)
class _Condition:
    """One of the conditions of an audience of which all must hold; `leaf` is what it is called by, None without any leaf, and it
    `has_past` where all its leaves answer for a past instant."""

    key: _Key
    audience: Audience
    leaf: str | None
    has_past: bool


def belonging_lookups(shop: Shop, promotions: Sequence[Promotion], who: Who) -> Sequence[Lookup]:
    """What `belongings_of` will have to know of the same promotions. Nothing for nobody, and where all are for everybody."""
    if not who:
        return []
    then, present = _asked(shop, promotions)
    lookups = list(audience_lookups(shop, {one.key: one.audience for one in then}, who))
    if present:
        audiences = [one.audience for one in present]
        lookups.append(lookup_audiences_now(shop, audiences, [one for one, _ in who]))
        if (segments := lookup_segments_now(shop, audiences)) is not None:
            lookups.append(segments)
    return lookups


def belongings_of(shop: Shop, promotions: Sequence[Promotion], who: Who, found: Sequence[Sequence[Any]]) -> Belongings:
    """Whether each customer belongs to the audience of each of these promotions that has one. `found` are the rows of
    `belonging_lookups`, which may have been named of a customer whose key was only sought then. Raises Outdated where a segment
    is another one by now."""
    if not who:
        return {}
    then, present = _asked(shop, promotions)
    rows, audiences = list(found), [one.audience for one in present]
    if lookup_segments_now(shop, audiences) is not None and not segments_as_remembered(shop, audiences, rows.pop()):
        raise Outdated
    now_rows = rows.pop() if present else []
    past = audience_answers(shop, {one.key: one.audience for one in then}, who, rows)
    current = audiences_now(now_rows)
    belongings: dict[tuple[str, CustomerMoment], Belonging] = {}
    moments = [CustomerMoment(*one) for one in who]
    for one in moments:
        answers: dict[_Key, bool | None] = {
            each.key: None if each.key in past.failed else past[each.key, one] for each in then
        }
        told = current.get(one.customer_id, [False] * len(present))
        answers |= {each.key: holds for each, holds in zip(present, told, strict=True)}
        for promotion in promotions:
            if promotion.data.audience is not None:
                belongings[promotion.id, one] = _belonging(_conditions(shop, promotion), answers)
    return belongings


async def read_belongings(shop: Shop, promotions: Sequence[Promotion], who: Who) -> Belongings:
    """The same, read at once. Raises Outdated where a segment is changed all the time."""
    for _ in range(_MAX_ANEW):
        lookups = belonging_lookups(shop, promotions, who)
        found = await shop.database.read_together(lookups) if lookups else []
        with suppress(Outdated):
            return belongings_of(shop, promotions, who, found)
    raise Outdated


def _belonging(conditions: Sequence[_Condition], answers: Mapping[_Key, bool | None]) -> Belonging:
    if any(answers[one.key] is None for one in conditions):
        return Belonging(is_unavailable=True)
    return Belonging(tuple(dict.fromkeys(one.leaf for one in conditions if not answers[one.key])))


def _asked(shop: Shop, promotions: Sequence[Promotion]) -> tuple[Sequence[_Condition], Sequence[_Condition]]:
    """The conditions that are asked as of an instant, and those that are asked as of now."""
    then, present = list[_Condition](), list[_Condition]()
    for promotion in promotions:
        for one in _conditions(shop, promotion):
            (then if one.has_past else present).append(one)
    return then, present


class _Known(dict[tuple[str, int], Sequence[_Condition]]):
    """The conditions of versions of promotions, which never change."""


def _conditions(shop: Shop, promotion: Promotion) -> Sequence[_Condition]:
    """What of an audience must hold, each by itself."""
    audience = promotion.data.audience
    if audience is None:
        return ()
    known: _Known = shop.memory.setdefault(_Known, _Known())
    conditions = known.get((promotion.id, promotion.version))
    if conditions is None:
        made = []
        for n, each in enumerate(_conjuncts(audience)):
            leaves = list(leaves_in(each))
            past = all(has_past(shop, name, comparison) for _, name, comparison in leaves)
            made.append(_Condition((promotion.id, n), each, leaves[0][1] if leaves else None, past))
        if len(known) >= _MAX_KNOWN:
            known.clear()
        conditions = known[promotion.id, promotion.version] = made
    return conditions


_MAX_KNOWN, _MAX_ANEW = 2_000, 4


def _conjuncts(audience: Audience) -> Iterator[Audience]:
    for name, inside in audience.items():
        if name == "all":
            for part in inside:
                yield from _conjuncts(part)
        else:
            yield {name: inside}
