"""The command that tells who was kept long enough."""

import typer

from regulars_core.customers.erasure.retention import due_among, policy_of, slices
from regulars_core.customers.notes.retention import old_notes
from regulars_core.customers.reads import customers_by_ids
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import in_shop, out

_LOOKED_AT = 1_000


def add_to(app: typer.Typer) -> None:
    """Hang the command on the command line."""
    app.command(name="retention")(retention)


def retention() -> None:
    """Print the codes of customers who were kept long enough, and how many notes were; nothing is changed."""
    in_shop(_tell)


async def _tell(shop: Shop) -> None:
    """Customers are told as they are found: there may be very many."""
    settings, count = shop.settings, 0
    if (policy := await policy_of(shop)) is not None:
        async for ids in slices(shop.database, policy, _LOOKED_AT):
            due = await due_among(shop.database, policy, ids)
            customers = await customers_by_ids(shop.database, due)
            for code in sorted(customer.code for customer in customers.values()):
                out.print(code, markup=False)
            count += len(due)
        out.print(
            f"Customers without anything new for {settings.retention_inactive_months} months: {count}.", markup=False
        )
    else:
        out.print("Customers are kept for ever (REGULARS_RETENTION_INACTIVE_MONTHS).", markup=False)
    if settings.retention_note_months is not None:
        notes = await old_notes(shop)
        out.print(f"Notes older than {settings.retention_note_months} months: {notes}.", markup=False)
    else:
        out.print("Notes are kept for ever (REGULARS_RETENTION_NOTE_MONTHS).", markup=False)
