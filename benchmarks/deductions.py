"""How quick is store credit taken over HTTP, beside one statement on bare ASGI that does the same?

    python -m benchmarks.deductions [--concurrency 8] [--rounds 12] [--seconds 1] [--customers 5000] [--data DIR]
        [--beside TREE]

By turns `creditDeduct` of Regulars as in production, and the limit's statement (`limit_deduct.py`): it takes from the lot that is
spent first, looks up and keeps the idempotency key, and keeps the audit, the transfer, the use of the lot and the place in the
queue of the chain, as Regulars does; it knows no GraphQL, permissions or rates. Afterwards every account must be what its lots
and entries say. PostgreSQL only.
"""

import argparse
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import uvloop

from benchmarks.client import ask, post
from benchmarks.contestants import Contestant, all_served, another_tree, limit, regulars
from benchmarks.filled import FilledShop, Size, opened, places
from benchmarks.turns import Pace, by_turns, quartiles, times_as_quick, work_beside
from regulars_core.plugin import DAY_MS, Instant, Shop, new_id, now
from regulars_loyalty.ledger.book import Account, Cause, Terms
from regulars_loyalty.ledger.storage import Ledger, write_ledger

OPERATION = "D1"
DOCUMENT = (
    "mutation($input: CreditDeductInput!) { creditDeduct(input: $input) {"
    " entry { id delta { amount } balanceAfter { amount } } userErrors { code } } }"
)
_LOTS, _AMOUNT, _AT_ONCE, _KEYS = 3, 1_000_000_00, 500, 20_000


@dataclass(frozen=True)
class Payers:
    """Whose credit is taken: each in turn, 1.00 at a time."""

    ids: list[str]

    def variables(self, _: str) -> Iterator[Mapping[str, Any]]:
        """What each request is about, without end."""
        for id_ in itertools.cycle(self.ids):
            amount = {"amount": "1.00", "currencyCode": "USD"}
            yield {
                "input": {
                    "idempotencyKey": new_id(),
                    "customerId": f"customer_{id_}",
                    "amount": amount,
                    "reason": "CORRECTION",
                }
            }


async def give(shop: Shop) -> list[str]:
    """Give the older half of all customers credit in some lots; their ids."""
    rows = await shop.database.rows(
        "SELECT id FROM customer WHERE status = 'ACTIVE' ORDER BY created_at, id LIMIT (SELECT count(*) / 2 FROM customer)"
    )
    ids, present = [row[0] for row in rows], now()
    for begin in range(0, len(ids), _AT_ONCE):
        accounts = {}
        for id_ in ids[begin : begin + _AT_ONCE]:
            account = accounts[id_, shop.currency] = Account(id_, shop.currency, present)
            for n in range(_LOTS):
                ends = Instant(present + (n + 1) * 365 * DAY_MS)
                account.give("FUNDING", _AMOUNT, Cause(new_id(), "FUNDING", present), Terms(present, ends))
        ledger = Ledger(shop, present, accounts, True)
        await shop.database.transaction(lambda ledger=ledger: write_ledger(ledger))  # type: ignore[misc]
    return ids


async def settle(shop: Shop) -> None:
    """Make it a shop that has been open for some days: requests are remembered, and PostgreSQL has counted all. How it looks
    something up in a table of one page it decides for good, and it would read all of the keys, more each time."""
    keys = (
        "INSERT INTO idempotency_key (client, key, digest, created_at, outcome)"
        f" SELECT 'before', 'key' || n, repeat('0', 64), $1::bigint, '{{}}' FROM generate_series(1, {_KEYS}) n"
    )
    await shop.database.transaction(lambda: shop.database.run(keys, now()))
    await shop.database.transaction(lambda: shop.database.run("ANALYZE"))


async def prove(shop: Shop) -> None:
    """Raise AssertionError unless accounts are what lots and entries say."""
    lots = "SELECT sum(l.remaining) FROM loyalty_lot l WHERE l.customer_id = a.customer_id AND l.unit = a.unit"
    last = "t.customer_id = a.customer_id AND t.unit = a.unit AND t.version = a.version"
    wrong = await shop.database.rows(
        f"SELECT a.customer_id FROM loyalty_account a WHERE a.unit = $1 AND (a.amount <> ({lots})"
        f" OR a.amount - a.debt <> (SELECT t.balance_after FROM loyalty_transfer t WHERE {last})) LIMIT 1",
        shop.currency,
    )
    assert not wrong, wrong


async def _ready(shop: FilledShop) -> Payers:
    async with opened(shop.url) as one:
        ids = await give(one)
        await settle(one)
        return Payers(ids)


async def _prove(shop: FilledShop) -> None:
    async with opened(shop.url) as one:
        await prove(one)


def contestants(shop: FilledShop, tree: Path | None) -> Mapping[str, Contestant]:
    """Both, and another checkout if it is named, who are all sent the same body."""
    ours = [regulars(shop)] if tree is None else [regulars(shop), another_tree(shop, tree)]

    def body(variables: Mapping[str, Any]) -> bytes:
        return orjson.dumps({"query": DOCUMENT, "variables": variables})

    def request(_: str, variables: Mapping[str, Any]) -> bytes:
        return post("/graphql", body(variables), authorization=f"Bearer {shop.key}")

    def fixed(operation: str, variables: Mapping[str, Any]) -> bytes:
        return post(f"/{operation}", body(variables))

    found = {"the limit": replace(limit(shop), request=fixed)}
    for one in ours:  # the chain is made by a job
        environment = {**one.environment, "REGULARS_JOBS": "false"}
        found[one.name] = replace(one, request=request, environment=environment)
    return found


def measure(shop: FilledShop, pace: Pace, tree: Path | None = None) -> None:
    """Measure, print, and prove."""
    payers = uvloop.run(_ready(shop))
    both = contestants(shop, tree)
    with all_served(list(both.values())) as servers:
        running = dict(zip(both, servers, strict=True))
        for name, one in running.items():
            said: list[bytes] = []
            request = one.contestant.request(OPERATION, dict(next(payers.variables(OPERATION))))
            for _ in range(2):  # what is sent again is answered as the first time
                uvloop.run(ask(one.port, iter([request]), 1, 0, said.append))
            [payload], [again] = [orjson.loads(each)["data"].values() for each in said]
            assert not payload["userErrors"], (name, payload)
            assert payload["entry"]["delta"]["amount"] == "-1.00", (name, payload)
            assert again == payload, (name, again, payload)
        asked: Any = {name: (one, payers) for name, one in running.items()}
        figures = uvloop.run(by_turns(asked, OPERATION, shop.server, pace))
    for name, one in figures.items():
        print(f"{name}: {one.rate} a second, {one.work} ms of processor time (server + database)", flush=True)
    best = figures.pop("the limit")
    for name, one in figures.items():
        _, speed, _ = quartiles([b / a for a, b in zip(one.total_work, best.total_work, strict=True)])
        print(f"{name}, of the limit: {times_as_quick(one, best)}; by processor time {speed:.2f}", flush=True)
    if tree is not None:
        ours, theirs = figures.values()
        print(
            f"times as quick as {tree.name}: {times_as_quick(ours, theirs)}; processor time {work_beside(ours, theirs)}"
        )
    uvloop.run(_prove(shop))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--data", type=Path, help="A folder that keeps the filled database; one run at a time.")
    parser.add_argument("--beside", type=Path, help="Another checkout, set up, which is measured too.")
    chosen = parser.parse_args()
    with places("postgres", chosen.data) as place:
        shop = uvloop.run(place.shop(Size(chosen.customers, chosen.customers * 10), changing=True))
        measure(shop, Pace(chosen.concurrency, chosen.rounds, chosen.seconds), chosen.beside)


if __name__ == "__main__":
    main()
