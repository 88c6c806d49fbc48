"""Past purchases on which rules are tried: of some customers, the same each time, or of all, in the order of time.

    sample = await sampled_purchases(shop, since, until)      within a request: bounded, whatever the size of the shop
    async for batch in purchases_in_time(shop, since, until)  all of them, for commands

Only what stands is looked at, neither voided nor wholly given back, and of nobody who was erased.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from regulars_core.customers.reads import GONE
from regulars_core.primitives.clock import DAY_MS, NEVER, Instant, now
from regulars_core.rules.simulations import MAX_SIMULATED_CUSTOMERS, MAX_SIMULATED_PURCHASES
from regulars_core.shop.shop import Shop

YEAR_MS = 365 * DAY_MS
_BATCH = 1_000
_BUYERS = 100
_STANDS = "p.status NOT IN ('VOIDED', 'REFUNDED')"


def _of(table: str) -> str:
    """That a row is of nobody who was erased."""
    return f"NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = {table}.customer_id AND c.status = 'ERASED')"


class PurchasePlace(NamedTuple):
    """A purchase in the order of time, which is that of these, and whose it is, None of a stranger."""

    at: Instant
    id: str
    customer_id: str | None = None


@dataclass(frozen=True, slots=True)
class SampledPurchases:
    """Purchases of these `customers` in the order of time, of about so many `buyers`, and those `of_strangers`. It `is_whole`
    where these are all; else a sample was taken, and strangers are left out."""

    places: Sequence[PurchasePlace]
    customers: Sequence[str]
    buyers: int
    is_whole: bool
    of_strangers: bool = False

    def by_customers(self) -> Iterator[tuple[list[str], list[str]]]:
        """The ids of at most 100 customers at a time, and of all their purchases, those of a customer together."""
        ids: dict[str | None, list[str]] = {}
        for one in self.places:
            ids.setdefault(one.customer_id, []).append(one.id)
        for n in range(0, len(self.customers), _BUYERS):
            some = list(self.customers[n : n + _BUYERS])
            yield some, [id_ for customer_id in some for id_ in ids.get(customer_id, ())]


def span_of(since: Instant | None, until: Instant | None) -> tuple[Instant, Instant]:
    """From an instant on and before another one: a year before that and now where they are not given."""
    end = now() if until is None else until
    return Instant(end - YEAR_MS) if since is None else since, end


async def sampled_purchases(
    shop: Shop,
    since: Instant,
    until: Instant,
    *,
    most: int = MAX_SIMULATED_PURCHASES,
    strangers: bool = False,
    everybody: bool = False,
) -> SampledPurchases:
    """Purchases of at most 1,000 customers from an instant on and before another one, and at most so many of them: of those who
    may have bought then, or of `everybody`; those of `strangers` too if they are wanted, unless all would be too many."""
    customers, count = await _everybody(shop) if everybody else await _buyers(shop, since, until)
    places, is_cut, looked_at = list[PurchasePlace](), count > MAX_SIMULATED_CUSTOMERS, 0
    while looked_at < len(customers) and len(places) <= most:
        some = customers[looked_at : looked_at + _BUYERS]
        places += await _purchases(shop, some, since, until, most + 1 - len(places))
        looked_at += len(some)
    if len(places) > most:
        is_cut = True
        del places[most:]
    own = [] if is_cut or not strangers else await _of_strangers(shop, since, until, most + 1 - len(places))
    has_strangers = bool(own) and len(places) + len(own) <= most
    is_whole = not is_cut and (has_strangers or not own)
    in_time = sorted([*places, *(own if has_strangers else ())], key=lambda one: (one.at, one.id))
    return SampledPurchases(in_time, customers[:looked_at], count, is_whole, has_strangers)


def _tail(shop: Shop, column: str) -> str:
    """By what a sample is ordered: the end of an id, which is random."""
    is_postgres = shop.database.engine == "postgres"
    return f"right(CAST({column} AS TEXT), 12)" if is_postgres else f"substr({column}, -12)"


async def _buyers(shop: Shop, since: Instant, until: Instant) -> tuple[list[str], int]:
    """Some customers who may have bought then, the same each time, and how many there are."""
    rows = await shop.database.rows(
        f"SELECT s.customer_id, count(*) OVER () FROM customer_stats s WHERE s.merged_into_id IS NULL AND {_of('s')}"
        " AND s.last_purchase_at >= $1 AND s.first_purchase_at < $2 AND s.first_purchase_at > $3"
        f" ORDER BY {_tail(shop, 's.customer_id')}, s.customer_id LIMIT {MAX_SIMULATED_CUSTOMERS}",
        since,
        until,
        NEVER,
    )
    return [row[0] for row in rows], int(rows[0][1]) if rows else 0


async def _everybody(shop: Shop) -> tuple[list[str], int]:
    """Some of all customers, the same each time, and how many there are."""
    rows = await shop.database.rows(
        f"SELECT c.id, count(*) OVER () FROM customer c WHERE c.status NOT IN {GONE}"
        f" ORDER BY {_tail(shop, 'c.id')}, c.id LIMIT {MAX_SIMULATED_CUSTOMERS}"
    )
    return [row[0] for row in rows], int(rows[0][1]) if rows else 0


async def purchases_of(
    shop: Shop, customer_ids: Sequence[str], since: Instant, until: Instant
) -> Sequence[PurchasePlace]:
    """All purchases of these customers from an instant on and before another one, those of a customer together in the order of
    time."""
    return await _purchases(shop, customer_ids, since, until, None)


async def _purchases(
    shop: Shop, customer_ids: Sequence[str], since: Instant, until: Instant, most: int | None
) -> list[PurchasePlace]:
    limit = "" if most is None else f" LIMIT {most}"
    rows = await shop.database.rows(
        "SELECT p.purchased_at, p.id, p.customer_id FROM purchase p WHERE"
        f" {shop.database.dialect.among('p.customer_id', 1)}"
        f" AND p.purchased_at >= $2 AND p.purchased_at < $3 AND {_STANDS}"
        f" ORDER BY p.customer_id, p.purchased_at, p.id{limit}",
        list(customer_ids),
        since,
        until,
    )
    return [PurchasePlace(*row) for row in rows]


async def _of_strangers(shop: Shop, since: Instant, until: Instant, most: int) -> list[PurchasePlace]:
    rows = await shop.database.rows(
        "SELECT p.purchased_at, p.id, p.customer_id FROM purchase p WHERE p.customer_id IS NULL"
        f" AND p.purchased_at >= $1 AND p.purchased_at < $2 AND {_STANDS} ORDER BY p.purchased_at, p.id LIMIT {most}",
        since,
        until,
    )
    return [PurchasePlace(*row) for row in rows]


async def purchases_in_time(
    shop: Shop, since: Instant, until: Instant, size: int = _BATCH
) -> AsyncIterator[Sequence[PurchasePlace]]:
    """All purchases from an instant on and before another one, those of strangers too, in batches in the order of time."""
    last = PurchasePlace(since, "0" * 32)
    while True:
        rows = await shop.database.rows(
            "SELECT p.purchased_at, p.id, p.customer_id FROM purchase p WHERE (p.purchased_at, p.id) > ($1, $2)"
            f" AND p.purchased_at < $3 AND {_STANDS} AND {_of('p')} ORDER BY p.purchased_at, p.id LIMIT {size}",
            last.at,
            last.id,
            until,
        )
        if rows:
            yield [PurchasePlace(*row) for row in rows]
        if len(rows) < size:
            return
        last = PurchasePlace(*rows[-1])


async def purchase_count(shop: Shop, since: Instant, until: Instant) -> int:
    """How many purchases there are from an instant on and before another one."""
    [(count,)] = await shop.database.rows(
        f"SELECT count(*) FROM purchase p WHERE p.purchased_at >= $1 AND p.purchased_at < $2 AND {_STANDS} AND {_of('p')}",
        since,
        until,
    )
    return int(count)


async def customers_in_batches(shop: Shop, size: int = _BATCH) -> AsyncIterator[Sequence[str]]:
    """All customers but who was merged into another one or erased, in batches by id."""
    last = "0" * 32
    while True:
        rows = await shop.database.rows(
            f"SELECT id FROM customer WHERE id > $1 AND status NOT IN {GONE} ORDER BY id LIMIT {size}", last
        )
        if rows:
            yield [row[0] for row in rows]
        if len(rows) < size:
            return
        last = rows[-1][0]


class PastPurchases:
    """The functions of this room, for plugins."""

    span_of = staticmethod(span_of)
    sampled = staticmethod(sampled_purchases)
    in_time = staticmethod(purchases_in_time)
    of = staticmethod(purchases_of)
    count = staticmethod(purchase_count)
    customers_in_batches = staticmethod(customers_in_batches)
