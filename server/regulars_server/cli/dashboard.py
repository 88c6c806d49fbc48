"""The command that tells the shop's figures on a day."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from regulars_core.customers.reads import customers_by_ids
from regulars_core.primitives.clock import Instant, day_of, instant_of, now
from regulars_core.primitives.money import divided_half_up
from regulars_core.purchases.figures.dashboard import (
    TopBy,
    buyers,
    days_up_to,
    registered,
    top_customers,
)
from regulars_core.purchases.figures.spans import Span
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import in_shop, out

_TOP = 5


def add_to(app: typer.Typer) -> None:
    """Hang the command on the command line."""
    app.command(name="dashboard")(dashboard)


def dashboard(
    at: Annotated[
        datetime | None,
        typer.Option(
            help="The day that is shown, by what is known now, or a time where the shop is.", show_default="today"
        ),
    ] = None,
) -> None:
    """Print how many customers there are, how many are active, who came today, and the best."""
    in_shop(lambda shop: _tell(shop, at))


async def _tell(shop: Shop, at: datetime | None) -> None:
    zone, database = shop.settings.zone, shop.database
    moment = now() if at is None else instant_of(at.replace(tzinfo=zone))
    if at is not None and at.time() == datetime.min.time():  # a day that is named is shown as a whole
        moment = Instant(days_up_to(day_of(moment, zone), 1, zone)[1] - 1)
    day = day_of(moment, zone)
    active, today = (Span(*days_up_to(day, count, zone), None) for count in (shop.settings.active_days, 1))
    figures = Table("", day.isoformat())
    for name, count in (
        ("customers", await registered(shop, Instant(moment + 1))),
        (f"bought within {shop.settings.active_days} days", await buyers(shop, active)),
        ("registered on the day", await registered(shop, today.before or moment, today.first)),
        ("bought on the day", await buyers(shop, today)),
    ):
        figures.add_row(name, str(count))
    out.print(figures)
    best = await top_customers(database, Span(None, today.before, None), TopBy.TOTAL_SPENT, _TOP)
    customers = await customers_by_ids(database, [one.customer_id for one in best])
    ranks = Table("the best customers", "purchases", "spent", "on average")
    for one in best:
        amounts = (shop.money(minor).amount for minor in (one.spent, divided_half_up(one.spent, one.purchases)))
        ranks.add_row(customers[one.customer_id].code, str(one.purchases), *amounts)
    out.print(ranks)
