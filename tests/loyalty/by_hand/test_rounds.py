"""How often what is done by hand waits for PostgreSQL: once for what is looked up, and once for what is written."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from regulars_core.plugin import Plugins, now
from regulars_core.testing import opened_shop, statements
from regulars_loyalty.ledger.storage import lookup_accounts
from tests.loyalty.by_hand.conftest import Hand, adjusting, credit
from tests.loyalty.by_hand.test_twice_and_at_once import document
from tests.loyalty.conftest import Owner
from tests.support.rounds import Rounds

on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)


@on_postgres
async def test_two_rounds_each(database_url: str, plugins: Plugins, no_settings_from_outside: None) -> None:
    rounds, numbers = Rounds.to(database_url), count()
    async with rounds.before(database_url) as url, opened_shop(url, plugins, country="MX", database_pool=1) as shop:
        owner = Owner(shop)
        hand = Hand(owner)
        store = await owner.api.done("storeCreate", "store { code }", {"code": "S1", "name": "S1"})
        ana = await owner.customer()
        for _ in range(3):
            await hand.adds(ana, "1000.00", storeCode=store["store"]["code"])
            await hand.adjusts(ana, 1_000)

        async def measured(mutation: str, given: Callable[[], Any], prepare: Any = None) -> int:
            """The rounds of one, of which PostgreSQL has seen the like before."""
            for _ in range(4):
                more = {} if prepare is None else await prepare()
                rounds.count = 0
                sent = {**given(), **more, "idempotencyKey": f"k{next(numbers)}"}
                answer = await owner.api.ask(document(mutation), input=sent)
                assert (answer.errors, answer.data[mutation]["userErrors"]) == ([], []), mutation
            return rounds.count

        async def of_hold() -> dict[str, Any]:
            return {"holdId": (await hand.holds(ana, "1.00", f"b{next(numbers)}"))["id"]}

        async def of_entry() -> dict[str, Any]:
            return {"entryId": (await hand.adds(ana, "1.00"))["id"]}

        async def of_taking() -> dict[str, Any]:
            return {"entryId": (await hand.deducts(ana, "1.00"))["id"]}

        assert await measured("creditDeduct", lambda: credit(ana, "1.00")) == 2
        assert await measured("creditDeduct", lambda: credit(ana, "1.00", storeCode="S1", note="x")) == 2
        assert await measured("creditAdd", lambda: credit(ana, "1.00")) == 2
        basket = {"customerId": ana, "basket": "one"}
        assert await measured("creditHold", lambda: {**basket, "amount": {"amount": "1.00"}}) == 2
        assert await measured("creditCapture", dict, of_hold) == 2
        assert await measured("creditRelease", dict, of_hold) == 2
        assert await measured("pointsAdjust", lambda: adjusting(ana, 1)) == 2
        assert await measured("pointsAdjust", lambda: adjusting(ana, -1)) == 2
        assert await measured("pointsHold", lambda: {**basket, "points": "1"}) == 2
        assert await measured("pointsRedeem", lambda: {"customerId": ana, "points": "1", "reason": "GIFT"}) == 2
        assert await measured("ledgerReverse", lambda: {"reason": "OTHER"}, of_entry) == 2
        assert await measured("ledgerReverse", lambda: {"reason": "OTHER"}, of_taking) == 2


@on_postgres
async def test_two_statements(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "10.00")
    with statements(owner.shop, 2):
        await hand.errors("creditDeduct", credit(ana, "1.00"))


@on_postgres
@pytest.mark.parametrize("present", [None, now()], ids=["to be spent", "to be given to"])
async def test_lots_are_found_by_their_owner_however_they_are_joined(owner: Owner, present: Any) -> None:
    database = owner.shop.database
    [sql, values] = lookup_accounts(database.dialect, ["0" * 32], present)[1]

    async def plan() -> list[str]:
        for way in ("seqscan", "nestloop"):  # as it is with lots that PostgreSQL has not counted yet
            await database.rows(f"SELECT set_config('enable_{way}', 'off', true)")
        return [row[0].strip() for row in await database.rows(f"EXPLAIN {sql}", *values)]

    steps = await database.transaction(plan)
    [at] = [n for n, step in enumerate(steps) if " on loyalty_lot l" in step]
    assert any("customer_id = $" in step for step in steps[at : at + 3]), steps  # whose index condition follows
