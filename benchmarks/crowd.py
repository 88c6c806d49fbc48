"""A shop with as many customers as there may ever be, and all that their lists are narrowed by; without plugins."""

from benchmarks.filled import Place, Size
from benchmarks.loading import made_true, without_indexes
from benchmarks.multiplied import multiply
from benchmarks.population import STORES, fill
from benchmarks.sales import Sales, count_regulars, put_sales
from benchmarks.traits import give_traits
from regulars_core.customers.search.recent import renew
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on

PURCHASES = 5
"""How many a customer has, on average."""
SOLD = 1_000
"""How many purchases have an article: who has more customers has more articles."""
MADE = 100_000
"""How many are made one by one at most where the database can multiply them; numbers are multiples of it there."""
_TABLES = {
    "customers": ("customer", "customer_stats", "customer_text"),
    "purchases": ("customer_stats", "purchase", "purchase_line"),
    # Not those of attributes: triggers look for who has the same value.
    "traits": ("customer_tag", "consent", "consent_in_force"),
}


def crowd_of(customers: int) -> Size:
    """So many customers with their purchases."""
    return Size(customers, customers * PURCHASES, "crowd")


async def crowd(place: Place, customers: int) -> str:
    """The URL of the shop with so many customers, filled now if it is not there."""
    size = crowd_of(customers)

    async def filling(shop: Shop) -> None:
        await fill_crowd(shop, size)

    await place.filled(size, filling, plugins_on())
    return place.url(size)


async def fill_crowd(shop: Shop, size: Size) -> None:
    """Fill an empty shop: each table is filled without its indexes, which are made at once."""
    database = shop.database
    sales = Sales(lines=1, articles=max(100, size.purchases // SOLD), stores=STORES)
    async with without_indexes(database, _TABLES["customers"]):
        times = max(1, size.customers // MADE) if database.engine == "postgres" else 1
        await fill(database, size.customers // times, buying=False, quickly=True)
        if times > 1:
            await multiply(database, size.customers // times, times)
    async with without_indexes(database, ["name_spelling"]):
        await made_true(database)
    async with without_indexes(database, _TABLES["purchases"]):
        await put_sales(database, size.customers, size.purchases, sales)
    async with without_indexes(database, ["customer_stats"]):
        await count_regulars(database)
    async with without_indexes(database, _TABLES["traits"]):
        await give_traits(shop, size.customers)
    await renew(database)
