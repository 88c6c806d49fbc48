"""What happens in a shop, told to the plugins by those who make it happen."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.events import journal
from regulars_core.plugins.host import Extras
from regulars_core.shop.shop import Shop

MAX_ROWS = 1_000
"""Rows of one announcement at most."""


async def announce(
    shop: Shop,
    event: str,
    ids: Sequence[str],
    extras: Sequence[Extras] = (),
    rows: Mapping[str, Any] | None = None,
) -> None:
    """Tell the plugins of something, inside the transaction in which it happens. Raises what they raise, Refused too.

    `extras` are what inputs carried for plugins, one for each id; none at all where no input did. They are told and not
    kept: the journal has ids only. `rows` are what the plugins are told of, by id, where the caller has just made them.
    Nothing is read where nobody listens.
    """
    for start in range(0, len(ids), MAX_ROWS):
        part = ids[start : start + MAX_ROWS]
        await journal.write(shop, event, part)  # before what a plugin does about it
        if shop.plugins.listens(event):
            await tell(shop, event, part, extras[start : start + MAX_ROWS], rows)


async def tell(
    shop: Shop,
    event: str,
    ids: Sequence[str],
    extras: Sequence[Extras] = (),
    rows: Mapping[str, Any] | None = None,
    *,
    only: str | None = None,
) -> None:
    """Tell all plugins, or one; the rows are read unless they are at hand, and those that are gone by now are left out."""
    kind = shop.plugins.events[event]
    by_id = await kind.read(shop.database, ids) if rows is None else rows
    existing = [id_ for id_ in dict.fromkeys(ids) if id_ in by_id]
    if existing:
        carried = dict(zip(ids, extras, strict=True)) if extras else {}
        facts = {kind.argument: [by_id[id_] for id_ in existing]}
        aligned = [carried.get(id_, {}) for id_ in existing]
        await shop.plugins.announce(event, only=only, extras=aligned, shop=shop, **facts)
