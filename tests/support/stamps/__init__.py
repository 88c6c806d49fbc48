"""Stamps: a plugin that writes down whatever it is told."""

from collections.abc import Sequence
from typing import Any

import typer
from pydantic import BaseModel, Field, field_validator

from regulars_core.plugin import (
    App,
    CustomerRow,
    Job,
    Problem,
    PurchaseRow,
    RefundRow,
    Refused,
    Shop,
    hookimpl,
    in_shop,
)
from regulars_schema.plugin import Contribution, Customer, Extension, RequestContext, batched

UNLUCKY, BROKEN = 666, 667
"""Totals in minor units of purchases that are refused, and that nobody foresaw."""
APP = App("stamps", "tests.support.stamps.models", "tests.support.stamps.migrations")


class StampSettings(BaseModel):
    """What a shop may decide."""

    colour: str = Field("red", description="The colour of a stamp.")
    per_visit: int = Field(1, ge=1, description="Stamps for each visit.")

    @field_validator("colour")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in {"red", "blue"}:
            raise ValueError("use red or blue")
        return value


async def told(shop: Shop) -> dict[str, tuple[int, int]]:
    """Everything that was written down."""
    rows = await shop.database.rows("SELECT key, amount, times FROM stamps_told ORDER BY key")
    return {row[0]: (row[1], row[2]) for row in rows}


async def _write(shop: Shop, event: str, amounts: Sequence[tuple[str, int]]) -> None:
    await shop.database.run_many(
        "INSERT INTO stamps_told (key, amount, times) VALUES ($1, $2, 1) ON CONFLICT (key) DO UPDATE"
        " SET times = stamps_told.times + 1, amount = stamps_told.amount + excluded.amount",
        [(f"{event}:{id_}", amount) for id_, amount in amounts],
    )


async def stamps_of(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[int]:
    """How often each customer was told of."""
    found = await told(context.shop)
    per_visit = context.shop.settings.of(StampSettings).per_visit
    return [found.get(f"customers_registered:{one.id}", (0, 0))[1] * per_visit for one in customers]


async def tidy(shop: Shop) -> None:
    """Forget changes."""
    work = "DELETE FROM stamps_told WHERE key LIKE 'customers_changed:%'"
    await shop.database.transaction(lambda: shop.database.run(work))


commands = typer.Typer(help="Stamps.", no_args_is_help=True)


@commands.callback()
def _stamps() -> None:
    """Stamps."""


@commands.command()
def count() -> None:
    """Count what was written down."""
    typer.echo(len(in_shop(told)))


@hookimpl
def regulars_settings() -> type[StampSettings]:
    return StampSettings


@hookimpl
def regulars_models() -> App:
    return APP


@hookimpl
def regulars_schema() -> Contribution:
    field: Any = batched(stamps_of, name="stamps", returns=int | None, description="How many stamps there are.")
    return Contribution("stamps", extensions=[Extension(Customer, [field])])


@hookimpl
def regulars_jobs() -> Sequence[Job]:
    return [Job("tidy-stamps", "Forgets what is old.", 3_600, tidy)]


@hookimpl
def regulars_commands() -> typer.Typer:
    return commands


@hookimpl
async def customers_registered(shop: Shop, customers: Sequence[CustomerRow]) -> None:
    if any(customer.last_name == "Unlucky" for customer in customers):
        raise Refused(Problem("UNLUCKY", "Nobody of this name is wanted.", ("lastName",)))
    await _write(shop, "customers_registered", [(customer.id, 0) for customer in customers])


@hookimpl
async def customers_changed(customers: Sequence[CustomerRow], shop: Shop) -> None:
    await _write(shop, "customers_changed", [(customer.id, 0) for customer in customers])


@hookimpl
async def purchases_recorded(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    totals = [(purchase.id, purchase.total_minor) for purchase in purchases]
    if any(total == UNLUCKY for _, total in totals):
        raise Refused(Problem("UNLUCKY", "This total brings bad luck.", ("lines",)))
    if any(total == BROKEN for _, total in totals):
        raise RuntimeError("secret")
    assert all(purchase.status == "PAID" for purchase in purchases)
    await _write(shop, "purchases_recorded", totals)


@hookimpl
async def purchases_refunded(shop: Shop, refunds: Sequence[RefundRow]) -> None:
    await _write(shop, "purchases_refunded", [(refund.id, refund.amount_minor) for refund in refunds])


@hookimpl
async def purchases_voided(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    await _write(shop, "purchases_voided", [(purchase.id, purchase.total_minor) for purchase in purchases])


@hookimpl
async def refunds_undone(shop: Shop, refunds: Sequence[RefundRow]) -> None:
    await _write(shop, "refunds_undone", [(refund.id, refund.amount_minor) for refund in refunds])


@hookimpl
async def purchases_reassigned(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    await _write(shop, "purchases_reassigned", [(purchase.id, purchase.total_minor) for purchase in purchases])
