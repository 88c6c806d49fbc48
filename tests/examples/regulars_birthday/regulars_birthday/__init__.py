"""Birthdays: greets customers, counts the greetings, reminds the shop, and sells nothing to who is too young."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from regulars_birthday.commands import commands
from regulars_birthday.graphql import GREET, VIEW, contribution
from regulars_birthday.service import (
    HOLDINGS,
    BirthdaySettings,
    give_back,
    greet,
    keep,
    refuse_the_young,
    set_reminders,
    take_over,
)
from regulars_core.plugin import (
    App,
    CustomerRow,
    Job,
    Merge,
    Parts,
    Permission,
    PurchaseRow,
    Shop,
    erase_held,
    hookimpl,
    told_of,
)
from regulars_schema.plugin import Contribution


@hookimpl
def regulars_settings() -> type[BirthdaySettings]:
    return BirthdaySettings


@hookimpl
def regulars_models() -> App:
    return App("birthday", "regulars_birthday.models", "regulars_birthday.migrations")


@hookimpl
def regulars_schema() -> Contribution:
    return contribution()


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    roles = ("cashier", "store_manager", "marketing", "support")
    return [
        Permission(VIEW, "See how often customers were greeted, and when to be reminded of them.", roles),
        Permission(GREET, "Greet customers.", ("cashier", "store_manager")),
    ]


@hookimpl
def regulars_jobs() -> Sequence[Job]:
    return [Job("greet", "Greets whose birthday it is.", 3_600, greet)]


@hookimpl
def regulars_commands() -> typer.Typer:
    return commands


@hookimpl
async def customers_registered(
    shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]
) -> None:
    await keep(shop, customers)
    await set_reminders(shop, customers, extras)


@hookimpl
async def customers_changed(shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]) -> None:
    await set_reminders(shop, customers, extras)


@hookimpl
async def purchases_recorded(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    await refuse_the_young(shop, purchases)


@hookimpl
async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
    return await erase_held(shop.database, HOLDINGS, customers)


@hookimpl
async def customers_data(shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:
    return await told_of(shop, HOLDINGS, customers)


@hookimpl
async def customers_merged(shop: Shop, merges: Sequence[Merge]) -> None:
    await take_over(shop, merges)


@hookimpl
async def customers_unmerged(shop: Shop, merges: Sequence[Merge]) -> None:
    await give_back(shop, merges)
