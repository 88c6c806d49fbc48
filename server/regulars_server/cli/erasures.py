"""Commands that delete customers, have them erased, and hand out what is known of them."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from regulars_core import audit
from regulars_core.customers.erasure.data import data_of, person_to_tell
from regulars_core.customers.erasure.deletion import delete_customer
from regulars_core.customers.erasure.reads import LATEST_FIRST, SCHEDULED, ErasureRow, page_of_erasures
from regulars_core.customers.erasure.requests import cancel_erasure, request_erasure
from regulars_core.customers.reads import CustomerRow, customer_by_code, customers_by_ids
from regulars_core.exports.data_requests import taken_of, written_as
from regulars_core.files.exports import OPERATOR, log_export
from regulars_core.primitives.clock import Instant, printed, start_of
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import is_id
from regulars_core.queries.pages import Window
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import fail, in_shop, out

T = TypeVar("T")
_LISTED = 1_000


class DataFormat(Enum):
    """How the data of a customer is written."""

    JSON = "json"
    CSV = "csv"


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.command(name="delete")(delete)
    app.command(name="erase")(erase)
    app.command(name="data-request")(hand_out)


def delete(code: Annotated[str, typer.Argument(help="The customer's code.")]) -> None:
    """Delete a customer that nothing refers to."""

    async def work(shop: Shop) -> None:
        customer = await _customer(shop, code)
        await _audited(shop, "customerDelete", "customer", lambda: _deleted(shop, customer.id))

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
            row = await _audited(shop, "customerEraseCancel", "erasure", lambda: _with_id(cancel_erasure(shop, key)))
        else:
            customer = await _customer(shop, code or "")
            then = None if at is None else start_of(at.date(), shop.settings.zone)
            row = await _requested(shop, customer, then)
        return [(row, code or "")]

    for row, whose in in_shop(work):
        when = f"{row.state.lower()}, to be done {printed(row.scheduled_for)}"
        out.print(f"erasure_{row.id} {whose} {when}".replace("  ", " "), markup=False)


async def _requested(shop: Shop, customer: CustomerRow, then: Instant | None) -> ErasureRow:
    by = operator(shop.permissions)
    return await _audited(
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
        customer = await _customer(shop, code)

        async def told() -> tuple[str, bytes]:
            person = await person_to_tell(shop, customer.id)
            content = written_as(await data_of(shop, person.id), form.name)
            taken = taken_of(person.id, form.name, hashlib.sha256(content).hexdigest())
            await log_export(shop, taken, (OPERATOR, OPERATOR))
            return person.id, content

        return await _audited(shop, "customerDataRequest", "customer", told)

    written = in_shop(work)
    if str(target) == "-":
        typer.echo(written, nl=False)
    else:
        target.write_bytes(written)
        out.print(f"Wrote {target}.", markup=False)


async def _customer(shop: Shop, code: str) -> CustomerRow:
    customer = await customer_by_code(shop.database, code)
    if customer is None:
        raise Refused(Problem("NOT_FOUND", f"There is no customer with the code {code}."))
    return customer


async def _audited(shop: Shop, action: str, kind: str, work: Callable[[], Awaitable[tuple[str, T]]]) -> T:
    """What the work answers beside the id of what it was about; with a row of the audit, in one transaction."""
    by = operator(shop.permissions)

    async def done() -> T:
        with audit.collecting() as changes:
            id_, answer = await work()
        named: Mapping[str, Any] = changes.by_field or {}
        written = audit.writing(key=(by.key_id, by.name), action=action, entities=[(kind, id_)], changes=named)
        await shop.database.defer([written])
        return answer

    return await shop.database.transaction(done)
