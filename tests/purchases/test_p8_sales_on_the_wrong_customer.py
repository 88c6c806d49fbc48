"""A sale on the wrong customer, or on none, goes to who made it; statistics, tiers and histories follow."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

import regulars_tiers
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.plugin import DAY_MS, MAIN_STORE_ID, Instant, Plugins, Shop, now, plugins_on
from regulars_core.purchases.reassignments import reassign
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.regulars.count import differences as regular_differences
from regulars_core.purchases.rules import NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_core.purchases.statistics import differences
from regulars_core.testing import Databases, Engine, misses_nothing
from regulars_schema.testing import Api
from regulars_tiers.reassessment import differences as tier_differences
from tests.support.keys import bound

STATS = "stats { totalSpent { amount } purchaseCount firstPurchaseAt lastPurchaseAt } tier { code }"
MOVED = "movedCount purchases { reference customer { id } }"


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers})


@pytest.fixture
def api(shop: Any) -> Api:
    return Api.of(shop)


async def customer(api: Api, name: str = "Ana") -> str:
    made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
    return str(made["customer"]["id"])


async def sold(api: Api, reference: str, customer: str | None = None, total: str = "600.00", **more: Any) -> str:
    given = {
        "reference": reference,
        "purchasedAt": "2026-11-01T00:00:00Z",
        "lines": [{"name": "Tea", "total": total}],
        **({"customerId": customer} if customer else {}),
        **more,
    }
    return str((await api.done("purchaseRecord", "purchase { id }", given))["purchase"]["id"])


async def stats(api: Api, customer: str) -> tuple[str, int, str | None, str]:
    found = (await api.data(f"query($id: ID!) {{ customer(id: $id) {{ {STATS} }} }}", id=customer))["customer"]
    own = found["stats"]
    return own["totalSpent"]["amount"], own["purchaseCount"], own["lastPurchaseAt"], found["tier"]["code"]


async def assert_recounted(api: Api) -> None:
    assert [one async for one in differences(api.shop.database)] == []
    assert [one async for one in regular_differences(api.shop)] == []
    assert [one async for one in tier_differences(api.shop)] == []


NOTHING = ("0.00", 0, None, "C")
BOUGHT = ("600.00", 1, "2026-11-01T00:00:00.000Z", "A")


async def test_a_sale_on_the_wrong_customer_goes_to_who_made_it(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    one = await sold(api, "R1", ana)
    assert (await stats(api, ana), await stats(api, bo)) == (BOUGHT, NOTHING)
    made = await api.done("purchasesReassign", MOVED, {"purchaseIds": [one], "customerId": bo, "reason": "Twins."})
    assert made == {"movedCount": 1, "purchases": [{"reference": "R1", "customer": {"id": bo}}], "userErrors": []}
    assert (await stats(api, ana), await stats(api, bo)) == (NOTHING, BOUGHT)
    await assert_recounted(api)


async def test_from_nobody_and_to_nobody(api: Api) -> None:
    ana = await customer(api)
    one = await sold(api, "R1")
    assert (await api.done("purchasesReassign", MOVED, {"purchaseIds": [one], "customerId": ana}))["movedCount"] == 1
    assert await stats(api, ana) == BOUGHT
    made = await api.done("purchasesReassign", MOVED, {"purchaseIds": [one], "toNobody": True})
    assert made["purchases"] == [{"reference": "R1", "customer": None}]
    assert await stats(api, ana) == NOTHING
    await assert_recounted(api)


async def test_all_of_them_or_none(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    one, other = await sold(api, "R1", ana), f"purchase_{'1' * 32}"
    errors = (await api.do("purchasesReassign", MOVED, {"purchaseIds": [one, other], "customerId": bo}))["userErrors"]
    assert [(error["code"], error["path"]) for error in errors] == [("NOT_FOUND", ["input", "purchaseIds", "1"])]
    assert await stats(api, ana) == BOUGHT


async def test_what_is_there_already_stays(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    some = [await sold(api, "R1", ana), await sold(api, "R2", bo), await sold(api, "R3")]
    given = {"purchaseIds": [*some, some[0]], "customerId": bo}
    made = await api.done("purchasesReassign", MOVED, given)
    assert (made["movedCount"], [one["reference"] for one in made["purchases"]]) == (2, ["R1", "R2", "R3"])
    assert (await api.done("purchasesReassign", MOVED, given))["movedCount"] == 0
    rows = await api.shop.database.rows("SELECT count(*) FROM purchase_reassignment")
    assert rows[0][0] == 2
    await assert_recounted(api)


async def test_the_same_key_does_it_once(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    given = {"purchaseIds": [await sold(api, "R1", ana)], "customerId": bo, "idempotencyKey": "one"}
    first = await api.done("purchasesReassign", MOVED, given)
    assert await api.done("purchasesReassign", MOVED, given) == first
    assert (
        "idempotencyKey"
        in (await api.ask("mutation { purchasesReassign(input: {purchaseIds: []}) { movedCount } }")).errors[0][
            "message"
        ]
    )


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"purchaseIds": [], "toNobody": True}, "REQUIRED", ["purchaseIds"]),
        ({"purchaseIds": [f"purchase_{'1' * 32}"] * 251, "toNobody": True}, "TOO_MANY", ["purchaseIds"]),
        ({"purchaseIds": ["R1"]}, "REQUIRED", ["customerId"]),
        ({"purchaseIds": ["R1"], "toNobody": False}, "REQUIRED", ["customerId"]),
        ({"purchaseIds": ["R1"], "customerId": "Ana", "toNobody": True}, "REQUIRED", ["customerId"]),
        ({"purchaseIds": ["R1"], "customerId": f"customer_{'1' * 32}"}, "NOT_FOUND", ["customerId"]),
        ({"purchaseIds": ["R1"], "toNobody": True, "reason": "x" * 241}, "TOO_LONG", ["reason"]),
    ],
)
async def test_what_cannot_be(api: Api, given: dict[str, Any], code: str, path: list[str]) -> None:
    known = {"R1": await sold(api, "R1"), "Ana": await customer(api)}
    given = {**given, "purchaseIds": [known.get(id_, id_) for id_ in given["purchaseIds"]]}
    if "customerId" in given:
        given["customerId"] = known.get(given["customerId"], given["customerId"])
    errors = (await api.do("purchasesReassign", MOVED, given))["userErrors"]
    assert [(error["code"], error["path"]) for error in errors] == [(code, ["input", *path])]


async def test_it_takes_the_permission_in_the_store_of_each_purchase(api: Api) -> None:
    ana = await customer(api)
    stores = {}
    for code in ("S1", "S2"):
        made = await api.done("storeCreate", "store { id }", {"code": code, "name": code})
        stores[code] = made["store"]["id"].removeprefix("store_")
    one, two = await sold(api, "R1", storeCode="S1"), await sold(api, "R2", storeCode="S2")
    given = {"purchaseIds": [one], "customerId": ana, "idempotencyKey": "k"}
    for role in ("store_terminal", "cashier", "marketing", "accountant"):
        document = "mutation($input: PurchasesReassignInput!) { purchasesReassign(input: $input) { movedCount } }"
        assert (await Api.of(api.shop, role).ask(document, input=given)).codes == ["FORBIDDEN"]
    branch = Api(api.schema, api.shop, bound("store_manager", stores["S1"]))
    errors = (await branch.do("purchasesReassign", MOVED, {**given, "purchaseIds": [one, two]}))["userErrors"]
    assert [(error["code"], error["path"]) for error in errors] == [("NOT_FOUND", ["input", "purchaseIds", "1"])]
    assert await branch.refused("purchaseUpdate", {"id": two, "note": "x"}) == ["NOT_FOUND"]
    made = await branch.done("purchasesReassign", MOVED, {**given, "idempotencyKey": "other"})
    assert made["movedCount"] == 1
    await branch.done("purchaseUpdate", "purchase { note }", {"id": one, "note": "x"})


async def test_the_reason_stands_in_a_row_of_its_own_and_not_in_the_audit(api: Api) -> None:
    ana = await customer(api)
    one = await sold(api, "R1")
    await api.done("purchasesReassign", MOVED, {"purchaseIds": [one], "customerId": ana, "reason": "It was her."})
    rows = await api.shop.database.rows("SELECT purchase_id, before_id, after_id, reason FROM purchase_reassignment")
    assert [tuple(row) for row in rows] == [
        (one.removeprefix("purchase_"), None, ana.removeprefix("customer_"), "It was her.")
    ]
    [told] = await api.shop.database.rows("SELECT changes, entity_key FROM audit WHERE action = 'purchasesReassign'")
    assert told[1] == one.removeprefix("purchase_")
    assert "her" not in told[0].replace("customer", "")
    assert '"reason":null' in told[0]


async def test_what_is_sent_again_is_still_the_same_purchase(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    one = await sold(api, "R1", ana)
    await api.done("purchasesReassign", MOVED, {"purchaseIds": [one], "customerId": bo})
    await api.done("purchaseUpdate", "purchase { note }", {"id": one, "note": "Moved."})
    assert await sold(api, "R1", ana) == one
    assert await stats(api, bo) == BOUGHT


async def test_a_note_is_changed_and_cleared(api: Api) -> None:
    one = await sold(api, "R1")
    made = await api.done("purchaseUpdate", "purchase { note }", {"id": one, "note": " By hand. "})
    assert made["purchase"] == {"note": "By hand."}
    assert (await api.done("purchaseUpdate", "purchase { note }", {"id": one}))["purchase"] == {"note": "By hand."}
    assert await api.refused("purchaseUpdate", {"id": one, "note": "x" * 2001}) == ["TOO_LONG"]
    assert (await api.done("purchaseUpdate", "purchase { note }", {"id": one, "note": None}))["purchase"] == {
        "note": None
    }
    assert await api.refused("purchaseUpdate", {"id": f"purchase_{'1' * 32}", "note": "x"}) == ["NOT_FOUND"]


async def test_refunds_and_voids_after_it_are_of_who_has_it_now(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    one, two = await sold(api, "R1", ana), await sold(api, "R2", ana)
    await api.done("purchaseRefund", "refund { id }", {"purchaseId": one, "amount": "100.00"})
    await api.done("purchasesReassign", MOVED, {"purchaseIds": [one, two], "customerId": bo})
    assert await stats(api, ana) == NOTHING
    assert (await stats(api, bo))[:2] == ("1100.00", 2)
    await api.done("purchaseRefund", "refund { id }", {"purchaseId": one, "amount": "500.00"})
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": two})
    assert (await stats(api, bo))[:2] == ("0.00", 0)
    await assert_recounted(api)


async def test_at_the_same_time_as_sales_to_both(api: Api) -> None:
    """Whoever is quicker: what is kept is a recount."""
    ana, bo = await customer(api), await customer(api, "Bo")
    some = [await sold(api, f"R{n}", ana) for n in range(6)]

    async def move(n: int) -> None:
        given = {"purchaseIds": [some[n], some[(n + 1) % 6]], "customerId": bo if n % 2 else ana}
        await api.done("purchasesReassign", MOVED, given)

    async def sell(n: int) -> None:
        await sold(api, f"S{n}", bo if n % 2 else ana, "50.00")

    async def give_back(n: int) -> None:
        await api.done("purchaseRefund", "refund { id }", {"purchaseId": some[n], "amount": "10.00"})

    await asyncio.gather(*(work(n) for n in range(6) for work in (move, sell, give_back)))
    await assert_recounted(api)


async def test_tiers_say_what_moved_them(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    one = await sold(api, "R1", ana)
    await api.done("purchasesReassign", MOVED, {"purchaseIds": [one], "customerId": bo})
    for who, change in ((ana, ("A", "C")), (bo, ("C", "A"))):
        document = "query($id: ID!) { customer(id: $id) { tierHistory(first: 1) { nodes { before after cause at } } } }"
        [told] = (await api.data(document, id=who))["customer"]["tierHistory"]["nodes"]
        assert (told["before"], told["after"], told["cause"]) == (*change, "REASSIGNMENT")


async def moving_about(shop: Shop) -> None:
    """Purchases that go from one to the other, to nobody and back, with refunds and voids between; a minute each."""
    with time_machine.travel(datetime(2026, 5, 1, 12, tzinfo=UTC), tick=False) as clock:
        people = []
        for name in ("Ana", "Bo", "Cy"):
            person = checked_customer(shop.settings, NewCustomer(name, "Li", code=f"C-{name}"))
            people.append((await find_or_register(shop, person, ())).id)
        ana, bo, cy = people
        bought = []
        for n, owner in enumerate((ana, ana, ana, None, bo, cy)):
            clock.shift(timedelta(minutes=1))
            line = NewLine("Tea", 1_000_000, total=0 if n == 5 else 60_000)
            new = NewPurchase(f"R{n}", MAIN_STORE_ID, owner, Instant(now() - n * DAY_MS), "USD", [line])
            [made] = await record(shop, [checked(new, "USD")])
            assert made.id
            bought.append(made.id)
        steps: list[Callable[[], Awaitable[Any]]] = [
            lambda: reassign(shop, [bought[0], bought[3]], bo),
            lambda: refund(shop, bought[0], amount=20_000),
            lambda: reassign(shop, [bought[0]], cy),
            lambda: reassign(shop, bought, None),
            lambda: void(shop, bought[1]),
            lambda: reassign(shop, [bought[0], bought[1], bought[2], bought[5]], ana),
            lambda: refund(shop, bought[0], amount=40_000),
            lambda: reassign(shop, [bought[0], bought[2]], bo),
            lambda: void(shop, bought[2]),
            lambda: reassign(shop, [bought[4]], cy),
        ]
        for step in steps:
            clock.shift(timedelta(minutes=1))
            await step()


async def test_off_and_on_over_moves(databases: Databases, engine: Engine, plugins: Plugins) -> None:
    await misses_nothing(databases, engine, plugins, "tiers", script=moving_about, apart_from={"number"})
