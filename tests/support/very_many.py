"""A customer who has bought very many times, such as whoever gave no name."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import orjson

from regulars_core.plugin import LATEST, Instant, Shop, insert, new_id, now
from regulars_core.purchases.statistics import recount

_PURCHASE = (
    "id", "reference", "store_id", "customer_id", "purchased_at", "recorded_at", "status", "currency", "subtotal", "discount",
    "shipping", "tax", "total", "digest", "origin", "prices_include_tax", "refunded", "pieces",
)  # fmt: skip
_LINE = (
    "id", "purchase_id", "position", "name", "quantity", "discount", "total", "refunded_quantity",
)  # fmt: skip
_JOURNAL = ("id", "position", "kind", "ids", "others", "took_part", "at", "written")
_TRANSFER = (
    "id", "customer_id", "unit", "version", "kind", "source", "target", "amount", "balance_after", "debt_after", "at",
    "recorded_at", "event_id", "event_kind", "purchase_id", "program", "rule", "base",
)  # fmt: skip
_LOT = (
    "id", "customer_id", "unit", "transfer_id", "origin_id", "purchase_id", "amount", "remaining", "opened_at", "available_at",
    "expires_at", "is_bought", "is_grace",
)  # fmt: skip
_ACCOUNT = (
    "id", "customer_id", "unit", "amount", "debt", "held", "version", "next_at", "active_at", "spendable", "is_living",
)  # fmt: skip
_PART = 10_000
POINTS_EACH = 10


async def buys_very_often(shop: Shop, customer: str, number: int, *, earns: bool = True) -> list[str]:
    """So many purchases of 10.00 by this customer, a minute apart, each with a line and told in the journal; if the customer
    `earns`, 10 points for each, which nothing was taken of. The ids of the purchases."""
    store = (await shop.database.rows("SELECT id FROM store ORDER BY id LIMIT 1"))[0][0]
    last = (await shop.database.rows("SELECT coalesce(max(position), 0) FROM journal"))[0][0]
    begin, ids = now() - (number + 60) * 60_000, [new_id() for _ in range(number)]
    numbers = iter(range(number))
    while some := list(islice(numbers, _PART)):

        async def work(some: Sequence[int] = some) -> None:
            for table, columns, rows in _rows(some, ids, customer, store, Instant(begin), last, earns=earns):
                await insert(shop.database, table, columns, rows)

        await shop.database.transaction(work)
    end, points = Instant(begin + number * 60_000), POINTS_EACH * number

    async def whole() -> None:
        await recount(shop, [customer])
        if earns:
            row = (new_id(), customer, "PTS", points, 0, 0, number, LATEST, end, points, False)
            await insert(shop.database, "loyalty_account", _ACCOUNT, [row])

    await shop.database.transaction(whole)
    return ids


def _rows(
    numbers: Sequence[int], ids: Sequence[str], customer: str, store: str, begin: Instant, last: int, *, earns: bool
) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[Any]]]]:
    purchases, lines, journal, transfers, lots = [], [], [], [], []
    for n in numbers:
        id_, at, transfer, lot = ids[n], begin + n * 60_000, new_id(), new_id()
        purchases.append((
            id_, f"M{n}", store, customer, at, at, "PAID", "USD", 1_000, 0, 0, 0, 1_000, "", "TILL", False, 0, 1_000_000,
        ))  # fmt: skip
        lines.append((new_id(), id_, 0, "Tea", 1_000_000, 0, 1_000, 0))
        told = orjson.dumps([id_]).decode(), orjson.dumps([customer]).decode()
        journal.append((new_id(), last + 1 + n, "purchases_recorded", *told, "loyalty tiers", at, last + 1 + n))
        points = POINTS_EACH * (n + 1)
        transfers.append(
            (
                transfer, customer, "PTS", n + 1, "EARN", "ISSUED", "LOTS", POINTS_EACH, points, 0, at, at, id_, "PURCHASE",
                id_, 1, "base", 1_000,
            )
        )  # fmt: skip
        lots.append((lot, customer, "PTS", transfer, lot, id_, POINTS_EACH, POINTS_EACH, at, at, LATEST, False, False))
    yield "purchase", _PURCHASE, purchases
    yield "purchase_line", _LINE, lines
    yield "journal", _JOURNAL, journal
    if earns:
        yield "loyalty_transfer", _TRANSFER, transfers
        yield "loyalty_unchained", ("transfer_id",), [(row[0],) for row in transfers]
        yield "loyalty_lot", _LOT, lots
