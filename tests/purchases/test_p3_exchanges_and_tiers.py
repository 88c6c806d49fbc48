"""Tiers follow an exchange and its void, say what moved them, and are the same where they were off meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from regulars_core.plugin import MAIN_STORE_ID, Plugins, Shop, now
from regulars_core.purchases.reads import lines_of
from regulars_core.purchases.reassignments import reassign
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import NewLine, NewPayment, NewPurchase, NewReturn, checked
from regulars_core.purchases.service import record
from regulars_core.testing import Databases, Engine, misses_nothing
from regulars_schema.testing import Api
from tests.hooks.test_replays import comes
from tests.purchases.test_p8_sales_on_the_wrong_customer import api, assert_recounted, customer, plugins, stats

__all__ = ["api", "plugins"]
PURCHASE = "purchase { id lines { id } }"


async def test_p3_tiers_say_what_moved_them(api: Api) -> None:
    ana = await customer(api)
    tea = {"reference": "OLD", "customerId": ana, "lines": [{"name": "Tea", "total": "600.00"}]}
    old = (await api.done("purchaseRecord", PURCHASE, tea))["purchase"]
    returns = [{"lineId": old["lines"][0]["id"], "quantity": "1"}]
    given = {"reference": "NEW", "customerId": ana, "lines": [{"name": "Cup", "total": "0.00"}], "returns": returns}
    paid = [{"method": "cash", "amount": "-600.00"}]
    new = (await api.done("purchaseRecord", PURCHASE, {**given, "payments": paid}))["purchase"]
    assert (await stats(api, ana))[::3] == ("0.00", "C")
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": new["id"]})
    assert (await stats(api, ana))[::3] == ("600.00", "A")
    history = "tierHistory(first: 9) { nodes { before after cause purchase { reference } } }"
    document = f"query($id: ID!) {{ customer(id: $id) {{ {history} }} }}"
    told = (await api.data(document, id=ana))["customer"]["tierHistory"]["nodes"]
    moves = [(one["before"], one["after"], one["cause"], one["purchase"]["reference"]) for one in told]
    assert sorted(moves) == sorted(
        [("C", "A", "PURCHASE", "OLD"), ("A", "C", "REFUND", "OLD"), ("C", "A", "VOID", "NEW")]
    )
    await assert_recounted(api)


async def _exchanging(shop: Shop) -> None:
    """Exchanges of one purchase and of two, refunds and moves between, and voids; a minute each."""
    with time_machine.travel(datetime(2026, 5, 1, 12, tzinfo=UTC), tick=False) as clock:
        ana, bo = await comes(shop, "Ana"), await comes(shop, "Bo")

        async def buys(reference: str, owner: str | None, total: int, back: Any = (), paid: int | None = None) -> str:
            clock.shift(timedelta(minutes=1))
            returns = [NewReturn((await lines_of(shop.database, [one]))[one][0].id, 1_000_000) for one in back]
            payments = [] if paid is None else [NewPayment("cash", paid)]
            line = NewLine("Tea", 2_000_000, total=total)
            new = NewPurchase(reference, MAIN_STORE_ID, owner, now(), "USD", [line], payments=payments, returns=returns)
            [made] = await record(shop, [checked(new, "USD")])
            assert made.id
            clock.shift(timedelta(minutes=1))
            return made.id

        one, two = await buys("R1", ana, 60_000), await buys("R2", None, 55_000)
        first = await buys("X1", ana, 10_000, [one, two], -47_500)
        await refund(shop, one, amount=10_000)
        second = await buys("X2", ana, 30_000, [first, one], 5_000)
        clock.shift(timedelta(minutes=1))
        await reassign(shop, [one], bo)
        await void(shop, first)
        clock.shift(timedelta(minutes=1))
        await void(shop, second)


async def test_p3_off_and_on_over_exchanges(databases: Databases, engine: Engine, plugins: Plugins) -> None:
    await misses_nothing(databases, engine, plugins, "tiers", script=_exchanging, apart_from={"number"})
