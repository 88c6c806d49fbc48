"""Commands that delete customers, have them erased, tell who was kept long enough, and hand out what is known of them."""

import hashlib
from collections.abc import Awaitable
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from regulars_core.customers.erasure.data import data_of, person_to_tell
from regulars_core.customers.erasure.deletion import delete_customer
from regulars_core.customers.erasure.reads import LATEST_FIRST, SCHEDULED, ErasureRow, page_of_erasures
from regulars_core.customers.erasure.requests import cancel_erasure, request_erasure
from regulars_core.customers.erasure.retention import due_among, policy_of, slices
from regulars_core.customers.notes.retention import old_notes
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.exports.data_requests import taken_of, written_as
from regulars_core.files.exports import OPERATOR, log_export
from regulars_core.primitives.clock import Instant, printed, start_of
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import is_id
from regulars_core.queries.pages import Window
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import audited, customer_of, fail, in_shop, out

T = TypeVar("T")
_LISTED = 1_000
_LOOKED_AT = 1_000


class DataFormat(Enum):
    """How the data of a customer is written."""

    JSON = "json"
    CSV = "csv"


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.command(name="delete")(delete)
    app.command(name="erase")(erase)
    app.command(name="data-request")(hand_out)
    app.command(name="retention")(retention)


def delete(code: Annotated[str, typer.Argument(help="The customer's code.")]) -> None:
    """Delete a customer that nothing refers to."""

    async def work(shop: Shop) -> None:
        customer = await customer_of(shop, code)
        await audited(shop, "customerDelete", "customer", lambda: _deleted(shop, customer.id))

    in_shop(work)
    out.print("Deleted.", markup=False)


async def _deleted(shop: Shop, customer_id: str) -> tuple[str, None]:
    await delete_customer(shop, customer_id)
    return customer_id, None


def erase(
    code: Annotated[str | None, typer.Argument(help="The customer's code.")] = None,
    at: Annotated[
        datetime | None,
        typer.Option("--at", formats=["%Y-%m-%d"], help="On which day; after the shop's days of grace if absent."),
    ] = None,
    cancel: Annotated[
        str | None, typer.Option("--cancel", metavar="ID", help="Cancel an erasure that is not done.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the erasures that are to be done.")] = False,
) -> None:
    """Have a customer erased: what is personal is overwritten, what was bought stays."""
    if [code is not None, cancel is not None, listed].count(True) != 1:
        fail("Say one of: the customer's CODE, --cancel ID, --list.")
    if at is not None and code is None:
        fail("--at goes with the customer's CODE.")

    async def work(shop: Shop) -> list[tuple[ErasureRow, str]]:
        if listed:
            return await _scheduled(shop)
        if cancel is not None:
            key = cancel.removeprefix("erasure_")
            if not is_id(key):
                raise Refused(Problem("NOT_FOUND", f"There is no erasure {cancel}."))
            row = await audited(shop, "customerEraseCancel", "erasure", lambda: _with_id(cancel_erasure(shop, key)))
        else:
            customer = await customer_of(shop, code or "")
            then = None if at is None else start_of(at.date(), shop.settings.zone)
            row = await _requested(shop, customer, then)
        return [(row, code or "")]

    for row, whose in in_shop(work):
        when = f"{row.state.lower()}, to be done {printed(row.scheduled_for)}"
        out.print(f"erasure_{row.id} {whose} {when}".replace("  ", " "), markup=False)


async def _requested(shop: Shop, customer: CustomerRow, then: Instant | None) -> ErasureRow:
    by = operator(shop.permissions)
    return await audited(
        shop,
        "customerEraseRequest",
        "erasure",
        lambda: _with_id(request_erasure(shop, customer.id, by, scheduled_for=then)),
    )


async def _with_id(made: Awaitable[ErasureRow]) -> tuple[str, ErasureRow]:
    row = await made
    return row.id, row


async def _scheduled(shop: Shop) -> list[tuple[ErasureRow, str]]:
    window = Window(LATEST_FIRST, _LISTED, backward=False, after=None, before=None)
    rows = (await page_of_erasures(shop.database, window, SCHEDULED)).rows
    customers = await customers_by_ids(shop.database, [row.customer_id for row in rows])
    return [(row, customers[row.customer_id].code if row.customer_id in customers else "") for row in rows]


def hand_out(
    code: Annotated[str, typer.Argument(help="The customer's code.")],
    form: Annotated[
        DataFormat,
        typer.Option(
            "--format", case_sensitive=False, help="`json` for one document, `csv` for a zip archive of tables."
        ),
    ] = DataFormat.JSON,
    target: Annotated[Path, typer.Option("--output", "-o", help="The file to write; `-` for standard output.")] = Path(
        "-"
    ),
) -> None:
    """Write everything that is known of a customer, plugins' data included."""

    async def work(shop: Shop) -> bytes:
        customer = await customer_of(shop, code)

        async def told() -> tuple[str, bytes]:
            person = await person_to_tell(shop, customer.id)
            content = written_as(await data_of(shop, person.id), form.name)
            taken = taken_of(person.id, form.name, hashlib.sha256(content).hexdigest())
            await log_export(shop, taken, (OPERATOR, OPERATOR))
            return person.id, content

        return await audited(shop, "customerDataRequest", "customer", told)

    written = in_shop(work)
    if str(target) == "-":
        typer.echo(written, nl=False)
    else:
        target.write_bytes(written)
        out.print(f"Wrote {target}.", markup=False)


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
