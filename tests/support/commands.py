"""What commands are tried with."""

import asyncio
import csv
import io
from collections.abc import Callable, Coroutine
from typing import Any

from click.testing import Result

from regulars_core.contribution import CORE_APP
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.database import Database
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on

Regulars = Callable[..., Result]
"""Runs a command; settings are given as keywords."""


def in_shop(url: str, work: Callable[[Shop], Coroutine[Any, Any, Any]], **settings: Any) -> Any:
    """Do something in the shop, by the core."""

    async def opened() -> Any:
        database = await Database.open(url, [CORE_APP])
        try:
            return await work(Shop(database, Settings(database_url=url, country="MX", **settings), plugins_on()))
        finally:
            await database.close()

    return asyncio.run(opened())


def write(url: str, sql: str, *values: object) -> None:
    async def work(shop: Shop) -> None:
        await shop.database.transaction(lambda: shop.database.run(sql, *values))

    in_shop(url, work)


def register(url: str, *customers: NewCustomer) -> list[str]:
    async def work(shop: Shop) -> list[str]:
        return [(await find_or_register(shop, checked(shop.settings, one), ())).id for one in customers]

    found: list[str] = in_shop(url, work)
    return found


def names(regulars: Regulars, url: str) -> list[str]:
    exported = regulars("export", "customers", "--fields", "first_name", database_url=url)
    assert exported.exit_code == 0, exported.output
    return [row[0] for row in table(exported.stdout)[1:]]


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))
