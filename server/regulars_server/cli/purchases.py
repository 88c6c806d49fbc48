"""Commands about purchases that are recorded."""

from collections.abc import Sequence
from typing import Annotated

import typer

from regulars_core import audit
from regulars_core.customers.reads import customer_by_code
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.text import tidy
from regulars_core.purchases.reassignments import reassign
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_core.stores.service import MAIN
from regulars_server.cli.base import fail, in_shop, out


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.command(name="reassign")(give_to)


def give_to(
    purchases: Annotated[
        list[str],
        typer.Argument(
            metavar="STORE/REFERENCE...", help=f"The purchases; a reference alone is one of the store {MAIN}."
        ),
    ],
    to: Annotated[str | None, typer.Option("--to", help="The code of the customer who made them.")] = None,
    to_nobody: Annotated[bool, typer.Option("--to-nobody", help="A stranger made them.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why; kept until the customer's erasure.")] = None,
) -> None:
    """Give purchases to the customer who made them: all of them, or none."""
    if (to is None) is not to_nobody:
        fail("Say who made them: either --to CODE or --to-nobody.")

    async def work(shop: Shop) -> int:
        return await shop.database.transaction(lambda: _give(shop, purchases, to, reason))

    out.print(f"{in_shop(work)} purchases moved.", markup=False)


async def _give(shop: Shop, purchases: Sequence[str], to: str | None, reason: str | None) -> int:
    customer = None if to is None else await customer_by_code(shop.database, to)
    if to is not None and customer is None:
        raise Refused(Problem("NOT_FOUND", f"There is no customer with the code {to}."))
    ids = await _named(shop, purchases)
    by = operator(shop.permissions)
    with audit.collecting() as changes:
        moved = await reassign(shop, ids, customer.id if customer else None, reason=reason)
    written = audit.writing(
        key=(by.key_id, by.name),
        action="purchasesReassign",
        entities=[("purchase", id_) for id_ in ids],
        changes=changes.by_field or {},
    )
    await shop.database.defer([written])
    return moved


async def _named(shop: Shop, names: Sequence[str]) -> list[str]:
    """The ids of purchases that are named by store and reference. Raises Refused for those that are not there, and for a name
    that several have."""
    wanted = []
    for name in names:
        store, slash, reference = name.partition("/")
        wanted.append((store.strip().upper(), tidy(reference)) if slash else (MAIN, tidy(name)))
    among = shop.database.dialect.among("p.reference", 1, "text")
    rows = await shop.database.rows(
        "SELECT p.id, st.code, p.reference FROM purchase p JOIN store st ON st.id = p.store_id"
        f" WHERE p.generation = 0 AND {among}",  # of a reference that was recorded anew the new one
        sorted({reference for _, reference in wanted}),
    )
    found: dict[tuple[str, str], list[str]] = {}
    for id_, store, reference in rows:
        found.setdefault((store, reference), []).append(id_)
    problems = []
    for name, key in zip(names, wanted, strict=True):
        if key not in found:
            problems.append(Problem("NOT_FOUND", f"There is no purchase {name}."))
        elif len(found[key]) > 1:
            problems.append(Problem("NOT_FOUND", f"There are several purchases {name}, of several tills or sessions."))
    if problems:
        raise Refused(*problems)
    return [found[key][0] for key in wanted]
