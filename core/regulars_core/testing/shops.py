"""A shop for tests: opened, filled with a little of everything, and held to a number of statements."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from typing import Any

from regulars_core.customers.changes import add_tags, change
from regulars_core.customers.merge.forecasts import Wanted
from regulars_core.customers.merge.service import merge
from regulars_core.customers.merge.undo import unmerge
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.groups.service import change_group, create_group
from regulars_core.plugins.host import Plugins
from regulars_core.primitives.clock import DAY_MS, Instant
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases.changes import pay
from regulars_core.purchases.reads import lines_of
from regulars_core.purchases.reassignments import reassign
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import NewLine, NewPayment, NewPurchase, NewReturn
from regulars_core.purchases.rules import checked as checked_purchase
from regulars_core.purchases.service import record
from regulars_core.shop.settings import load_settings
from regulars_core.shop.shop import Shop
from regulars_core.start import opened_and_migrated, plugins_on

OpenShop = Callable[..., Awaitable[Shop]]
"""What the fixture `open_shop` is: opens the test's database with these settings."""
NEW_YEAR = Instant(1_767_225_600_000)
"""2026-01-01T00:00Z."""


@asynccontextmanager
async def opened_shop(url: str, plugins: Plugins | None = None, **settings: Any) -> AsyncIterator[Shop]:
    """The shop in a database, migrated, with these plugins on, which are told what they missed; closed at the end.

    Settings are given as in `regulars.toml`: `country="MX"`, and a plugin's own as `visits_goal=10`. Raises SettingsError.
    """
    on = plugins or plugins_on()
    few = {"database_pool": 5, "sqlite_readers": 2}
    loaded = load_settings(on.settings_models, **{"database_url": url, **few, **settings})
    async with opened_and_migrated(loaded, on) as shop:
        yield shop


@contextmanager
def statements(shop: Shop, number: int) -> Iterator[None]:
    """Raise AssertionError, which lists them, unless exactly so many SQL statements are run inside."""
    with shop.database.counting() as counted:
        yield
    if len(counted) != number:
        listed = "".join(f"\n{n}. {sql}" for n, sql in enumerate(counted, 1))
        raise AssertionError(f"{len(counted)} statements were run, not {number}:{listed}")


async def little_of_everything(shop: Shop, name: str = "a") -> None:
    """Let every event happen: a group is made and changed; three customers register and two change; they buy seven times and
    once nobody is known; some of it is given back, one purchase is undone, a part of one is paid later, and two are given to who
    made them. One is exchanged for another, and two customers are made one; both is undone. Texts begin with `name`, so that it
    can be done again."""
    await change_group(shop, await create_group(shop, f"{name} friends", None), {"description": "Friends."})
    ids = []
    for n in range(3):
        person = NewCustomer(f"{name}{n}", "Li", email=f"{name}{n}@example.com", birth_date=date(1990 + n, 5, 17))
        ids.append((await find_or_register(shop, checked_customer(shop.settings, person), ())).id)
    for n, customer_id in enumerate((ids[0], ids[0], ids[1])):
        await change(shop, customer_id, {"first_name": f"{name} {n}"})
        await add_tags(shop, customer_id, [f"{name}{n}"])
    bought = []
    for n in range(8):
        line = NewLine("Tea", 1_000_000, unit_price=100 * (n + 1))
        buyer = None if n == 7 else ids[n % 3]
        at, due = Instant(NEW_YEAR + n * DAY_MS), 400 if n == 3 else 0
        purchase = NewPurchase(f"{name}{n}", MAIN_STORE_ID, buyer, at, shop.currency, [line], due=due)
        [recorded] = await record(shop, [checked_purchase(purchase, shop.currency)])
        assert recorded.id is not None
        bought.append(recorded.id)
    await refund(shop, bought[0], amount=50)
    await refund(shop, bought[1], amount=50)
    await refund(shop, bought[1], amount=150)
    await void(shop, bought[2])
    await pay(shop, bought[3], [NewPayment("cash", 150)])
    await reassign(shop, [bought[1], bought[7]], ids[0], reason="Wrong profile.")
    [tea] = (await lines_of(shop.database, [bought[4]]))[bought[4]]
    at, returns = Instant(NEW_YEAR + 9 * DAY_MS), [NewReturn(tea.id, 1_000_000)]
    same = [NewLine("Tea", 1_000_000, unit_price=tea.total_minor)]
    purchase = NewPurchase(f"{name}8", MAIN_STORE_ID, ids[1], at, shop.currency, same, returns=returns)
    [exchanged] = await record(shop, [checked_purchase(purchase, shop.currency)])
    assert exchanged.id is not None
    await void(shop, exchanged.id)
    merged = await merge(shop, Wanted(ids[0], [ids[2]]), "Ana")
    await unmerge(shop, merged)
