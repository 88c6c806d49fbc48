"""What happens in a shop, told to the plugins by those who make it happen.

An event may have two halves. In the first one each plugin names what it will look up, from what is about to be written; all of
it is asked together, with what core itself wants to know. In the second one it gets the rows and decides. So the rounds to the
database do not depend on how many plugins are on.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from regulars_core.database import Lookup, Sought
from regulars_core.database.sought import by_keys
from regulars_core.events import behind, journal
from regulars_core.plugins.host import Extras
from regulars_core.primitives.clock import Instant, moment, now
from regulars_core.shop.shop import Shop

MAX_ROWS = 1_000
"""Rows of one announcement at most."""
Found = Mapping[str, Sequence[Sequence[Any]]]
"""The rows of the look-ups that each plugin has named, by plugin, in the order in which it has named them."""


def named_lookups(
    shop: Shop, event: str, rows: Sequence[Any], extras: Sequence[Extras] = (), *, only: Collection[str] | None = None
) -> Mapping[str, Sequence[Lookup]]:
    """What the plugins that are told of it at once name in the first half of an event about these rows, by plugin; or some
    plugins only."""
    only, kind = shop.told if only is None else only, shop.plugins.events[event]
    facts = {"shop": shop, kind.argument: rows}
    with moment(Instant(now() - 1)):  # they ask for what was there before
        return shop.plugins.lookups(event, facts, only=only, extras=extras or [{}] * len(rows))


async def look_up(
    shop: Shop,
    named: Mapping[str, Sequence[Lookup]],
    *own: Lookup,
    keys: Mapping[Sought, str | None] | None = None,
) -> tuple[Found, Sequence[Sequence[Any]]]:
    """The rows of what plugins have named and, apart from them, of look-ups of one's own, all asked together unless they were
    prefetched; what several of them name alike is asked once. `keys` are those that were sought when they were named, as they
    were found."""
    asked = [*own, *(one for each in named.values() for one in each)]
    known = list(shop.database.prefetched_as_named(asked))
    if None in known:
        missing = [n for n, rows in enumerate(known) if rows is None]
        apart, places = distinct([by_keys(asked[n], keys or {}) for n in missing])
        found = await shop.database.read_together(apart)
        for n, place in zip(missing, places, strict=True):
            known[n] = found[place]
    rows: Iterator[Any] = iter(known)
    own_rows = list(islice(rows, len(own)))
    return {plugin: list(islice(rows, len(each))) for plugin, each in named.items()}, own_rows


def distinct(lookups: Sequence[Lookup]) -> tuple[Sequence[Lookup], Sequence[int]]:
    """Look-ups without those that look up the same again, and for each of all of them its place among these."""
    apart, places, by_text = list[Lookup](), list[int](), dict[str, list[int]]()
    for one in lookups:
        alike = by_text.setdefault(one[0], [])
        for place in alike:
            if apart[place][1] == one[1]:
                break
        else:
            place = len(apart)
            alike.append(place)
            apart.append(one)
        places.append(place)
    return apart, places


async def announce(
    shop: Shop,
    event: str,
    ids: Sequence[str],
    extras: Sequence[Extras] = (),
    rows: Mapping[str, Any] | None = None,
    *,
    others: Sequence[str | None] = (),
    since: Sequence[str | None] = (),
    found: Found | None = None,
    quoted: Sequence[Any] = (),
) -> None:
    """Tell the plugins of something, inside the transaction in which it happens. Raises what they raise, Refused too.

    `extras` are what inputs carried for plugins, one for each id; none at all where no input did. They are told and not
    kept: the journal has ids only, and those of `others` whom it was about, in the same order, and of `since` to whom each was
    given. `rows` are what the plugins are told of, by id, where the caller has just made them, and `found` what was looked up for
    all of them, where it was. Nothing is read where nobody listens. A plugin that is behind is told later; raises CatchingUp for
    extras that it would not get then.
    """
    told = await behind.told_at_once(shop, event, extras, found)
    with moment(now()):  # the journal's, and that of all who are told of it, now or later
        for start in range(0, len(ids), MAX_ROWS):
            end = start + MAX_ROWS
            some = slice(start, end)
            about = [*others[some], *since[some]]
            await journal.write(shop, event, ids[some], about, told)  # before what a plugin does about it
            if shop.plugins.listens(event):
                await tell(shop, event, ids[some], extras[some], rows, found=found, quoted=quoted[some], only=told)


async def tell(
    shop: Shop,
    event: str,
    ids: Sequence[str],
    extras: Sequence[Extras] = (),
    rows: Mapping[str, Any] | None = None,
    *,
    found: Found | None = None,
    quoted: Sequence[Any] = (),
    only: Collection[str] | None = None,
    moments: Mapping[str, Instant] | None = None,
) -> None:
    """Tell all plugins, or some; the rows are read unless they are at hand, and those that are gone by now are left out. What the
    plugins name is looked up unless it was. `moments` are when each happened, if that is not now."""
    kind = shop.plugins.events[event]
    by_id = await kind.read(shop.database, ids) if rows is None else rows
    there = [id_ for id_ in dict.fromkeys(ids) if id_ in by_id]
    if not there:
        return
    carried = dict(zip(ids, extras, strict=True)) if extras else {}
    answers = dict(zip(ids, quoted, strict=True)) if quoted else {}
    present, aligned = [by_id[id_] for id_ in there], [carried.get(id_, {}) for id_ in there]
    if found is None:
        outlined = [kind.outline(row) for row in present]
        found, _ = await look_up(shop, named_lookups(shop, event, outlined, aligned, only=only))
    at = [now()] * len(there) if moments is None else [moments[id_] for id_ in there]
    beside = {name: [value(row) for row in present] for name, value in kind.beside.items()}
    facts = {"shop": shop, kind.argument: present, "moments": at, **beside}
    told = [answers.get(id_) for id_ in there]
    await shop.plugins.announce(event, facts, only=only, extras=aligned, found=found, quoted=told)
