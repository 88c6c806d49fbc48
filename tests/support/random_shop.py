"""A shop with a past at random: several stores, customers of all kinds, sales by nobody, refunds, voids and a merge."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from regulars_core.customers.merge.forecasts import Wanted
from regulars_core.customers.merge.service import merge
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import Address, NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.groups.service import create_group
from regulars_core.plugin import MAIN_STORE_ID, Shop, instant_of
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.purchases.reads import lines_of
from regulars_core.purchases.refundable import WantedLine
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import MILLION, NewLine, NewPayment, NewPurchase
from regulars_core.purchases.rules import checked as checked_purchase
from regulars_core.purchases.service import record
from regulars_core.stores.service import create_store

ZONE = "Europe/Berlin"
TODAY = datetime(2026, 7, 15, 10, tzinfo=UTC)
"""The clock of the tests stands here."""
_FIRST = datetime(2025, 2, 3, 6, 30, tzinfo=ZoneInfo(ZONE))
_ARTICLES = [
    ("TEA", "Green tea", "Kyoto", "Tea"), ("OOL", "Oolong", "Kyoto", "Tea"), ("BEAN", "Beans", "Sol", "Coffee"),
    (None, "Cup", None, "Ware"), (None, "Bag", None, None),
]  # fmt: skip


@dataclass
class Filled:
    """Who and what is there."""

    stores: list[str] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)
    purchases: list[str] = field(default_factory=list)
    merge: str = ""


async def fill(shop: Shop, chance: random.Random, buyers: int = 12, sales: int = 110) -> Filled:
    """Let a year and a half pass in a shop."""
    filled = Filled([MAIN_STORE_ID, await create_store(shop, "S2", "Second"), await create_store(shop, "S3", "Third")])
    groups = [DEFAULT_GROUP_ID, await create_group(shop, "Friends", None)]
    for n in range(buyers):
        person = NewCustomer(
            f"Ana{n}",
            "Li",
            birth_date=chance.choice([None, date(1960, 2, 29), date(1986, 7, 15), date(1996, 7, 16), date(2001, 1, 1)]),
            gender=chance.choice([None, "FEMALE", "MALE"]),
            group_id=chance.choice(groups),
            billing_address=chance.choice(
                [None, Address(city="Kyoto", country="JP"), Address(city="Graz", region="Steiermark")]
            ),
            shipping_address=chance.choice([None, Address(city="Graz", country="AT")]),
            created_at=instant_of(_FIRST),
        )
        filled.customers.append((await find_or_register(shop, checked_customer(shop.settings, person), ())).id)
    made = [checked_purchase(_sale(shop, chance, n, filled), shop.currency) for n in range(sales)]
    filled.purchases = [str(one.id) for one in await record(shop, made)]
    for id_ in chance.sample(filled.purchases, sales // 3):
        await _undo(shop, chance, id_)
    filled.merge = await merge(shop, Wanted(filled.customers[0], [filled.customers[1]]), "Ana")
    return filled


def _sale(shop: Shop, chance: random.Random, n: int, filled: Filled) -> NewPurchase:
    at = _FIRST + timedelta(days=chance.randrange(500), minutes=chance.randrange(60 * 16))
    lines = [_line(chance) for _ in range(chance.randint(1, 4))]
    buyers: list[str | None] = [None, *filled.customers, *filled.customers[:4]]
    sale = NewPurchase(
        f"R{n}", chance.choice(filled.stores), chance.choice(buyers), instant_of(at), shop.currency, lines,
        shipping=chance.choice([0, 0, 390]),
        tax=chance.choice([0, 0, 77]),
        prices_include_tax=chance.random() < 0.3,
        channel=chance.choice([None, "web", "till"]),
    )  # fmt: skip
    total = checked_purchase(sale, shop.currency).total
    if chance.random() < 0.3 or total < 2 or any(line.quantity < 0 for line in lines):
        return sale
    cash = chance.randint(1, total - 1)
    sale = NewPurchase(
        **{name: getattr(sale, name) for name in sale.__slots__}
        | {"payments": [NewPayment("cash", cash), NewPayment("card", total - cash)]}
    )
    return sale


def _line(chance: random.Random) -> NewLine:
    sku, name, brand, category = chance.choice(_ARTICLES)
    quantity = chance.choice([1, 1, 1, 2, 3, 0.25]) if chance.random() < 0.95 else -1
    price = chance.randint(100, 4_000)
    discount = chance.choice([0, 0, 0, 50]) if quantity >= 1 else 0
    return NewLine(
        name, int(quantity * MILLION), price if quantity > 0 else None, discount, None if quantity > 0 else -price,
        sku=sku, brand=brand, category=category,
    )  # fmt: skip


async def _undo(shop: Shop, chance: random.Random, purchase_id: str) -> None:
    """Void it, or give some of it back: an amount, or goods, of which not everything is refunded."""
    kind = chance.choice(["void", "amount", "goods", "all"])
    if kind == "void":
        await void(shop, purchase_id)
        return
    row = await shop.database.row("SELECT total - refunded FROM purchase WHERE id = $1", purchase_id)
    left = int(row[0]) if row else 0
    if left < 2:
        return
    if kind == "amount":
        await refund(shop, purchase_id, amount=chance.randint(1, left - 1))
    elif kind == "all":
        await refund(shop, purchase_id, amount=left)
    else:
        lines = [
            one for one in (await lines_of(shop.database, [purchase_id]))[purchase_id] if one.quantity_millionths > 0
        ]
        if lines and lines[0].total_minor <= left:
            await refund(
                shop,
                purchase_id,
                lines={lines[0].id: WantedLine(lines[0].quantity_millionths, min(lines[0].total_minor, 60))},
            )
