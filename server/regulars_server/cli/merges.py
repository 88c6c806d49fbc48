"""Commands that make customers one, and two again."""

from collections.abc import Sequence
from typing import Annotated

import typer

from regulars_core import audit
from regulars_core.customers.merge.bulk import STATEMENT_SECONDS
from regulars_core.customers.merge.forecasts import Wanted, forecast
from regulars_core.customers.merge.reads import MergeRow, merges_by_ids
from regulars_core.customers.merge.service import merge
from regulars_core.customers.merge.undo import unmerge
from regulars_core.primitives.clock import printed
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import is_id
from regulars_core.queries.rows import rows_by_text
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import in_shop, out


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.command(name="merge")(make_one)
    app.command(name="unmerge")(make_two)


def make_one(
    survivor: Annotated[str, typer.Argument(help="The code of the customer who stays.")],
    absorbed: Annotated[
        list[str], typer.Argument(metavar="ABSORBED...", help="The codes of those who become aliases.")
    ],
    preview: Annotated[bool, typer.Option("--preview", help="Only tell what would be done.")] = False,
) -> None:
    """Make customers one; can be undone with `unmerge` for the shop's days."""

    async def work(shop: Shop) -> MergeRow:
        ids = await _ids(shop, [survivor, *absorbed])
        wanted = Wanted(ids[0], ids[1:])
        if preview:
            return (await forecast(shop, wanted)).row
        return await shop.database.transaction(lambda: _merged(shop, wanted))

    row = in_shop(work)
    for kind, count in row.moved.items():
        out.print(f"{count} {kind} go over.", markup=False)
    for effect in row.effects:
        out.print(effect.message, markup=False)
    if row.id is None:
        for obstacle in row.obstacles:
            out.print(f"{obstacle.code}: {obstacle.message}", markup=False)
        out.print("Nothing is written.", markup=False)
    elif row.undoable_until is not None:
        out.print(f"merge_{row.id}, to be undone until {printed(row.undoable_until)}.", markup=False)


async def _merged(shop: Shop, wanted: Wanted) -> MergeRow:
    by = operator(shop.permissions)
    await shop.database.allow(STATEMENT_SECONDS)
    with audit.collecting() as changes:
        id_ = await merge(shop, wanted, by.name)
    row = (await merges_by_ids(shop, [id_]))[id_]
    written = audit.writing(
        key=(by.key_id, by.name), action="customersMerge", entities=row.audited, changes=changes.by_field or {}
    )
    await shop.database.defer([written])
    return row


def make_two(merge_id: Annotated[str, typer.Argument(metavar="ID", help="The merge: `merge_…`.")]) -> None:
    """Undo a merge: each gets back what was theirs; what came since stays with the survivor."""
    key = merge_id.removeprefix("merge_")

    async def work(shop: Shop) -> None:
        if not is_id(key):
            raise Refused(Problem("NOT_FOUND", f"There is no merge {merge_id}."))
        await shop.database.transaction(lambda: _unmerged(shop, key))

    in_shop(work)
    out.print("Undone.", markup=False)


async def _unmerged(shop: Shop, key: str) -> None:
    by = operator(shop.permissions)
    await shop.database.allow(STATEMENT_SECONDS)
    with audit.collecting() as changes:
        ids = await unmerge(shop, key)
    written = audit.writing(
        key=(by.key_id, by.name),
        action="customersUnmerge",
        entities=[("customer", id_) for id_ in ids],
        changes=changes.by_field or {},
    )
    await shop.database.defer([written])


async def _ids(shop: Shop, codes: Sequence[str]) -> list[str]:
    """The ids of the very records with these codes, not of whom they lead to. Raises Refused."""
    wanted = [code.strip().upper() for code in codes]
    found = {code: id_ for id_, code in await rows_by_text(shop.database, "customer", ("id", "code"), "code", wanted)}
    if missing := [code for code in wanted if code not in found]:
        raise Refused(*(Problem("NOT_FOUND", f"There is no customer with the code {code}.") for code in missing))
    return [found[code] for code in wanted]
