"""Of an account with very many lots few are looked up; what is done with it is the same as if all were."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from regulars_core.plugin import Shop, new_id
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger import storage
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.test_purchases import Till, begin_program, plugins  # noqa: F401  (a fixture)

_STEPS = 25


@pytest.fixture
def two_lots(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two lots of an account are few enough."""
    monkeypatch.setattr(storage, "FEW_LOTS", 2)
    storage._lookups.cache_clear()
    yield
    storage._lookups.cache_clear()


async def life(shop: Shop, seed: int) -> list[Any]:
    """What is posted in the course of a life by chance, and what is left of which lot."""
    dice, till = Random(seed), Till(shop)
    api = till.api
    ana, bea = await till.customer(), await till.customer()
    sold: list[dict[str, Any]] = []

    async def adjust(direction: str, points: int, **more: Any) -> Any:
        given = {"customerId": "customer_" + ana, "points": str(points), "direction": direction, "reason": "GOODWILL"}
        return await api.do("pointsAdjust", "entry { id }", {**given, **more})

    for _ in range(6):
        expires = dice.choice(({}, {"expiresAt": f"2099-0{dice.randint(1, 9)}-01T00:00:00Z"}))
        await adjust("ADD", dice.randint(1, 9), **expires)
    for _ in range(_STEPS):
        kind = dice.choice(("sell", "sell", "refund", "void", "move", "add", "take", "take", "owe", "hold"))
        if kind == "sell":
            sold.append(await till.sells(ana, f"{dice.randint(1, 30)}.00", reference=new_id()))
        elif kind == "refund" and sold:
            one = sold.pop(dice.randrange(len(sold)))
            await till.refunds(one, lines=[{"lineId": one["lines"][0]["id"], "quantity": "1"}])
        elif kind == "void" and sold:
            await till.voids(sold.pop(dice.randrange(len(sold))))
        elif kind == "move" and sold:
            ids = [sold[dice.randrange(len(sold))]["id"]]
            given = {"purchaseIds": ids, "customerId": "customer_" + dice.choice((ana, bea))}
            await api.done("purchasesReassign", "__typename", given)
        elif kind == "add":
            await adjust("ADD", dice.randint(1, 9))
        elif kind in {"take", "owe"}:
            await adjust("DEDUCT", dice.randint(1, 25), allowDebt=kind == "owe")
        elif kind == "hold":
            given = {"customerId": "customer_" + ana, "points": str(dice.randint(1, 9)), "basket": "b"}
            await api.do("pointsHold", "hold { id }", given)
    mine = shop.database.dialect.among("customer_id", 1)
    lots = await shop.database.rows(
        f"SELECT amount, remaining, expires_at > 4000000000000 FROM loyalty_lot WHERE {mine} ORDER BY opened_at, id",
        [ana, bea],
    )
    accounts = await shop.database.rows(
        f"SELECT amount, debt, held, version, spendable FROM loyalty_account WHERE {mine} ORDER BY customer_id",
        [ana, bea],
    )
    posted = [await till.posted(one, POINTS) for one in (ana, bea)]
    return [posted, [tuple(row) for row in lots], [tuple(row) for row in accounts]]


@pytest.mark.parametrize("seed", range(4))
async def test_few_lots_are_as_good_as_all(open_shop: OpenShop, plugins: Any, seed: int, request: Any) -> None:  # noqa: F811
    shop = await open_shop(plugins=plugins)
    await begin_program(shop)
    expected = await life(shop, seed)
    request.getfixturevalue("two_lots")
    assert await life(shop, seed) == expected
