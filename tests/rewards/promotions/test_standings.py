"""`Customer.offers`: every promotion that has not ended and every coupon that is held, and all that stands in their way."""

from collections.abc import Callable
from typing import Any

import pytest

from regulars_core.plugin import LATEST, MAIN_STORE_ID, Shop, new_id, now
from tests.rewards.promotions.marketing import Marketing, key, rule


@pytest.fixture
def marketing(rewards: Shop) -> Marketing:
    return Marketing(rewards)


FIELDS = "offer { name } coupon { code } isApplicable obstacles { reason leaf at message }"


async def standings(marketing: Marketing, customer: str, **variables: Any) -> dict[str, list[str]]:
    """The reasons against each offer, by its name; none where it is applicable."""
    document = (
        "query($id: ID!, $at: DateTime, $storeCode: String) "
        f"{{ customer(id: $id) {{ offers(at: $at, storeCode: $storeCode) {{ {FIELDS} }} }} }}"
    )
    found = (await marketing.api.data(document, id=customer, **variables))["customer"]["offers"]
    for one in found:
        assert one["isApplicable"] == (not one["obstacles"])
        assert all(each["message"].endswith(".") for each in one["obstacles"])
    return {one["offer"]["name"]: [each["reason"] for each in one["obstacles"]] for one in found}


async def coupon(marketing: Marketing, promotion: str, customer: str | None, **columns: Any) -> str:
    """A coupon as if it had been issued; its key."""
    id_ = new_id()
    row = {
        "id": id_, "code": id_[-12:].upper(), "key": id_[-12:].upper(), "promotion_id": key(promotion),
        "customer_id": customer and key(customer), "issued_at": 1, "expires_at": LATEST, "usage_limit": 1, "reserved": 0,
        "redeemed": 0, **columns,
    }  # fmt: skip
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))

    async def work() -> None:
        await marketing.shop.database.run(
            f"INSERT INTO rewards_coupon ({', '.join(row)}) VALUES ({places})", *row.values()
        )

    await marketing.shop.database.transaction(work)
    return id_


async def test_all_that_stands_in_the_way_is_told(marketing: Marketing) -> None:
    ana = await marketing.customer(email="ana@example.com", birthDate="2020-01-01")
    await marketing.makes("open")
    await marketing.makes("later", startsAt="2990-01-01T00:00:00Z", audience={"age": {"gte": 18}})
    await marketing.makes("basket", conditions=[rule("BASKET_TOTAL", minimum="10.00")])
    await marketing.makes("phone", audience={"hasPhone": True})
    once = (await marketing.makes("once", perCustomerLimit=1))["id"]
    await marketing.uses(once, customer=ana)
    other = (await marketing.makes("used up", totalLimit=1))["id"]
    await marketing.uses(other)
    await marketing.changes(other, totalLimit=None)
    await marketing.changes(other, totalLimit=1)
    spent = (await marketing.makes("budget"))["id"]
    await marketing.uses(spent, amount=500)
    await marketing.changes(spent, budget={"amount": "5.00"})
    held = (await marketing.makes("reserved", perCustomerLimit=1))["id"]
    await marketing.uses(held, customer=ana, redeemed_at=None, reserved_until=LATEST)
    await marketing.ends((await marketing.makes("ended"))["id"])
    assert await standings(marketing, ana) == {
        "open": [], "later": ["NOT_STARTED", "AUDIENCE"], "basket": [], "phone": ["CONTACT"], "once": ["LIMIT_REACHED"],
        "used up": ["LIMIT_REACHED"], "budget": ["LIMIT_REACHED"], "reserved": ["RESERVED"],
    }  # fmt: skip


async def test_status_stands_where_a_customer_is_needed(marketing: Marketing) -> None:
    ana = await marketing.customer()
    await marketing.makes("everybody")
    await marketing.makes("mine", perCustomerLimit=5)
    owned = (await marketing.makes("owned", needsCoupon=True))["id"]
    await coupon(marketing, owned, ana)
    await marketing.api.done("customerSuspend", "customer { id }", {"id": ana})
    assert await standings(marketing, ana) == {
        "everybody": [], "mine": ["CUSTOMER_STATUS"], "owned": ["CUSTOMER_STATUS"],
    }  # fmt: skip


async def test_stores_and_hours(marketing: Marketing) -> None:
    ana = await marketing.customer()
    await marketing.api.done("storeCreate", "store { id }", {"code": "S2", "name": "Two"})
    await marketing.makes("here", storeIds=[f"store_{MAIN_STORE_ID}"])
    await marketing.makes("mornings", conditions=[rule("HOURS", from_="08:00", to="12:00")])
    morning, evening = "2998-03-01T09:00:00Z", "2998-03-01T19:00:00Z"
    assert await standings(marketing, ana, at=morning) == {"here": [], "mornings": []}
    assert await standings(marketing, ana, at=evening, storeCode="s2") == {"here": ["STORE"], "mornings": ["HOURS"]}
    assert (await standings(marketing, ana, at=evening, storeCode="MAIN"))["here"] == []
    wrong = await marketing.api.ask(
        'query($id: ID!) { customer(id: $id) { offers(storeCode: "NO") { isApplicable } } }', id=ana
    )
    assert wrong.errors[0]["extensions"]["reason"] == "NOT_FOUND"


async def test_coupons_that_are_held(marketing: Marketing) -> None:
    ana, bo = await marketing.customer(), await marketing.customer(firstName="Bo")
    free = (await marketing.makes("free", needsCoupon=True))["id"]
    await marketing.makes("none held", needsCoupon=True)
    await coupon(marketing, free, ana)
    old = (await marketing.makes("old", needsCoupon=True))["id"]
    await coupon(marketing, old, ana, expires_at=now() - 1)
    for state in ({"redeemed": 1}, {"revoked_at": 5}):
        gone = (await marketing.makes("gone", needsCoupon=True))["id"]
        await coupon(marketing, gone, ana, **state)
        await marketing.ends(gone)
    over = (await marketing.makes("over", needsCoupon=True))["id"]
    await coupon(marketing, over, ana)
    await marketing.ends(over)
    assert await standings(marketing, ana) == {
        "free": [], "none held": ["UNKNOWN_CODE"], "old": ["EXPIRED"], "over": ["EXPIRED"],
    }  # fmt: skip
    unheld = ["UNKNOWN_CODE"]
    assert await standings(marketing, bo) == {"free": unheld, "none held": unheld, "old": unheld}


async def test_a_coupon_is_shown_to_who_may_see_it(marketing: Marketing) -> None:
    ana = await marketing.customer()
    made = await marketing.makes(needsCoupon=True)
    id_ = await coupon(marketing, made["id"], ana)
    document = "query($id: ID!) { customer(id: $id) { offers { coupon { id } isApplicable } } }"
    assert (await marketing.api.data(document, id=ana))["customer"]["offers"] == [
        {"coupon": {"id": f"coupon_{id_}"}, "isApplicable": True}
    ]
    told = await marketing.by("offers.view", "customers.view").ask(document, id=ana)
    assert told.data["customer"]["offers"] == [{"coupon": None, "isApplicable": True}]
    assert told.codes == ["FORBIDDEN"]


async def test_at_another_instant(marketing: Marketing, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-03-01"):
        ana = await marketing.customer()
        await marketing.makes("March", endsAt="2026-04-01T00:00:00Z")
        await marketing.makes("May", startsAt="2026-05-01T00:00:00Z")
    with calendar("2026-04-10"):
        assert await standings(marketing, ana) == {"May": ["NOT_STARTED"]}
        assert await standings(marketing, ana, at="2026-03-15T00:00:00Z") == {"March": [], "May": ["NOT_STARTED"]}
        assert await standings(marketing, ana, at="2026-05-15T00:00:00Z") == {"May": []}


async def test_a_leaf_is_named_to_who_may_read_it(marketing: Marketing) -> None:
    ana = await marketing.customer()
    await marketing.makes(audience={"hasPhone": True})
    document = "query($id: ID!) { customer(id: $id) { offers { obstacles { reason leaf } } } }"
    by_till = await marketing.by("offers.view", "customers.view").data(document, id=ana)
    assert by_till["customer"]["offers"][0]["obstacles"] == [{"reason": "CONTACT", "leaf": None}]
    by_all = await marketing.api.data(document, id=ana)
    assert by_all["customer"]["offers"][0]["obstacles"] == [{"reason": "CONTACT", "leaf": "hasPhone"}]


async def test_a_page_takes_so_many_statements_however_long_it_is(marketing: Marketing) -> None:
    async def statements() -> int:
        with marketing.shop.database.counting() as log:
            await marketing.api.data(f"{{ customers(first: 50) {{ nodes {{ offers {{ {FIELDS} }} }} }} }}")
        return len(log)

    async def more(promotions: int, customers: int) -> None:
        ids = [await marketing.customer(firstName=f"C{promotions}{n}") for n in range(customers)]
        for n in range(promotions):
            made = await marketing.makes(
                audience={"age": {"gte": n}, "hasPhone": True}, totalLimit=5, perCustomerLimit=2, needsCoupon=n % 2 == 1
            )
            await coupon(marketing, made["id"], ids[n % customers])
        ended = (await marketing.makes(needsCoupon=True))["id"]
        await coupon(marketing, ended, ids[0])
        await marketing.ends(ended)

    await more(2, 1)
    await statements()
    few = await statements()
    await more(8, 12)
    await statements()
    assert await statements() == few <= 11
