"""Progress over the API: how far customers are, by which entries, progress by hand, and what purchases and baskets bring."""

from typing import Any

import pytest

from regulars_core.plugin import Shop, new_id
from tests.rewards.promotions.marketing import key, rule
from tests.rewards.systems.office import BANDS, ENTRY, REWARDS, Office

PURCHASE: dict[str, Any] = {"triggerRule": rule("PURCHASE"), "bands": BANDS}
OUTCOMES = "rewardOutcomes { name given reason explanation { text figures { name value } rule { kind } } }"
TILL = ("customers.view", "offers.view", "coupons.view", "purchases.view")


@pytest.fixture
def office(rewards: Shop) -> Office:
    return Office(rewards)


def told(entries: dict[str, Any]) -> list[tuple[str, int, int]]:
    return [(one["cause"], one["progressDelta"], one["progressAfter"]) for one in entries["nodes"]]


async def test_a_card_of_stamps_from_nothing_to_the_coupon(office: Office) -> None:
    ana = await office.customer()
    await office.makes("Stamps", target=4, **PURCHASE)
    [nothing] = await office.rewards(ana)
    assert nothing == {
        "progress": 0, "target": 4, "missing": 4, "issuedCount": 0, "system": {"name": "Stamps"}, "entries": {"nodes": []},
    }  # fmt: skip
    first = await office.sells(ana, "10.00")
    [some] = await office.rewards(ana)
    assert (some["progress"], some["missing"], some["issuedCount"]) == (3, 1, 0)
    [entry] = some["entries"]["nodes"]
    assert entry["id"].startswith("rewardentry_")
    assert (entry["purchase"], entry["customer"], entry["reason"], entry["coupon"]) == (
        first,
        {"id": ana},
        None,
        None,
    ) or (entry["purchase"]["id"] == first["id"])
    assert entry["explanation"]["text"] == "10.00 is in 10.00–50.00: 3"
    assert entry["explanation"]["rule"] == {"kind": "PURCHASE"}
    assert entry["actor"] == "till"
    await office.sells(ana, "9.99")
    [full] = await office.rewards(ana)
    assert (full["progress"], full["missing"], full["issuedCount"]) == (0, 4, 1)
    assert told(full["entries"]) == [("ISSUE", -4, 0), ("PURCHASE", 1, 4), ("PURCHASE", 3, 3)]
    given = full["entries"]["nodes"][0]
    assert (given["coupon"]["state"], given["explanation"]) == ("ISSUED", None)
    asked = "query($id: ID!) { customer(id: $id) { coupons { nodes { id rewardSystem { name issuedCount } } } } }"
    [coupon] = (await office.api.data(asked, id=ana))["customer"]["coupons"]["nodes"]
    assert coupon == {"id": given["coupon"]["id"], "rewardSystem": {"name": "Stamps", "issuedCount": 1}}


async def test_what_is_given_back_is_told(office: Office) -> None:
    ana = await office.customer()
    await office.makes(target=3, **PURCHASE)
    bought = await office.sells(ana, "10.00")
    lines = [{"lineId": bought["lines"][0]["id"], "quantity": "1"}]
    await office.api.done("purchaseRefund", "refund { id }", {"purchaseId": bought["id"], "lines": lines})
    [back] = await office.rewards(ana)
    assert (back["progress"], back["missing"], back["issuedCount"]) == (0, 3, 0)
    assert told(back["entries"]) == [("REVOKE", 3, 0), ("REFUND", -3, -3), ("ISSUE", -3, 0), ("PURCHASE", 3, 3)]
    refund = back["entries"]["nodes"][1]
    assert (refund["purchase"]["id"], refund["explanation"]["text"]) == (bought["id"], "3 of 3 are taken back")
    assert back["entries"]["nodes"][0]["coupon"]["state"] == "REVOKED"


async def test_progress_by_hand(office: Office) -> None:
    ana, system = await office.customer(), (await office.makes(target=3))["id"]
    entry = await office.grants(ana, system)
    assert (entry["cause"], entry["progressDelta"], entry["reason"], entry["actor"]) == ("GRANT", 1, "Sorry", "till")
    assert (entry["purchase"], entry["explanation"], entry["system"]) == (None, None, {"name": "Stamps"})
    payload = f"customer {{ rewards {{ progress issuedCount }} }} entry {{ {ENTRY} }}"
    given = {
        "customerId": ana,
        "rewardSystemId": system,
        "progress": 7,
        "reason": "Till was down",
        "idempotencyKey": "K",
    }
    done = await office.api.done("rewardGrant", payload, given)
    assert done["customer"] == {"rewards": [{"progress": 2, "issuedCount": 2}]}
    assert (await office.api.done("rewardGrant", payload, given)) == done
    [now_] = await office.rewards(ana)
    assert told(now_["entries"]) == [("ISSUE", -3, 2), ("ISSUE", -3, 5), ("GRANT", 7, 8), ("GRANT", 1, 1)]
    node = "query($id: ID!) { node(id: $id) { id ... on RewardEntry { progressDelta } } }"
    told_ = (await office.api.data(node, id=entry["id"]))["node"]
    assert told_ == {"id": entry["id"], "progressDelta": 1}
    audit = "query($id: ID!) { audit(entityId: $id) { nodes { action changes { old new } } } }"
    kept = (await office.api.data(audit, id=ana))["audit"]["nodes"]
    assert [one["action"] for one in kept].count("rewardGrant") == 2
    assert "Till was down" not in str(kept)


HOSTILE = "'; DROP TABLE rewards_entry; --\u202e<script>"


async def test_what_is_typed_stays_text(office: Office) -> None:
    ana, system = await office.customer(), (await office.makes(HOSTILE))["id"]
    assert (await office.grants(ana, system, reason=HOSTILE))["reason"] == HOSTILE
    [one] = await office.rewards(ana)
    assert one["system"] == {"name": HOSTILE}


async def test_progress_by_hand_is_refused_at_its_place(office: Office) -> None:
    ana, system = await office.customer(), (await office.makes())["id"]
    off = (await office.makes("Off", isEnabled=False))["id"]
    later = (await office.makes("Later", startsAt="2990-01-01T00:00:00Z"))["id"]
    unknown, gone = f"rewardsystem_{new_id()}", f"customer_{new_id()}"
    for customer, asked, more, expected in (
        (gone, system, {}, ("NOT_FOUND", "customerId")),
        (ana, unknown, {}, ("NOT_FOUND", "rewardSystemId")),
        (ana, off, {}, ("SYSTEM_DISABLED", "rewardSystemId")),
        (ana, later, {}, ("SYSTEM_DISABLED", "rewardSystemId")),
        (ana, system, {"progress": 0}, ("OUT_OF_RANGE", "progress")),
        (ana, system, {"progress": 1_000_001}, ("OUT_OF_RANGE", "progress")),
        (ana, system, {"reason": " "}, ("REQUIRED", "reason")),
        (ana, system, {"reason": "r" * 241}, ("TOO_LONG", "reason")),
        (ana, system, {"reason": "a\0b"}, ("INVALID_TEXT", "reason")),
    ):
        code, path = expected
        assert await office.refuses_grant(customer, asked, **more) == [(code, f"input.{path}")]
    assert await office.refuses_grant(ana, system, reason="", progress=0) == [
        ("REQUIRED", "input.reason"), ("OUT_OF_RANGE", "input.progress"),
    ]  # fmt: skip
    assert (await office.rewards(ana, "progress")) == [{"progress": 0}]


async def test_what_is_refused_stays_so_under_its_key(office: Office) -> None:
    ana, off = await office.customer(), (await office.makes(isEnabled=False))["id"]
    given = {"customerId": ana, "rewardSystemId": off, "reason": "Sorry", "idempotencyKey": "K"}
    assert await office.api.refused("rewardGrant", given) == ["SYSTEM_DISABLED"]
    await office.changes(off, isEnabled=True)
    assert await office.api.refused("rewardGrant", given) == ["SYSTEM_DISABLED"]
    await office.grants(ana, off)


async def test_who_may_give_and_see_progress(office: Office) -> None:
    ana, system = await office.customer(), (await office.makes())["id"]
    document = "mutation($input: RewardGrantInput!) { rewardGrant(input: $input) { customer { id } entry { id } } }"
    given = {"customerId": ana, "rewardSystemId": system, "reason": "Sorry"}
    answer = await office.by(*TILL, "coupons.redeem", "offers.manage").ask(
        document, input={**given, "idempotencyKey": "A"}
    )
    assert answer.codes == ["FORBIDDEN"]
    answer = await office.by("coupons.issue").ask(document, input={**given, "idempotencyKey": "B"})
    assert (answer.data, answer.codes) == ({"rewardGrant": {"customer": None, "entry": None}}, ["FORBIDDEN"] * 2)
    asked = "query($id: ID!) { customer(id: $id) { rewards { progress } } }"
    assert (await office.by("customers.view").ask(asked, id=ana)).codes == ["FORBIDDEN"]
    seen = await office.rewards(ana, REWARDS, office.by(*TILL))
    assert [entry["reason"] for one in seen for entry in one["entries"]["nodes"] if entry["cause"] == "GRANT"] == [
        "Sorry"
    ]


async def test_a_till_sees_progress_of_the_whole_shop_and_purchases_of_its_own(office: Office) -> None:
    ana, here = await office.customer(), await office.store("HERE")
    await office.store("AWAY")
    await office.makes(target=100, **PURCHASE)
    own, other = await office.sells(ana, "10.00", "HERE"), await office.sells(ana, "60.00", "AWAY")
    [one] = await office.rewards(ana, api=office.by(*TILL, stores=[key(here)]))
    assert (one["progress"], one["missing"]) == (8, 92)
    away, near = one["entries"]["nodes"]
    assert (away["progressDelta"], away["purchase"], away["explanation"]) == (5, None, None)
    assert (near["purchase"], near["explanation"]["text"]) == ({"id": own["id"]}, "10.00 is in 10.00–50.00: 3")
    [whole] = await office.rewards(ana)
    assert whole["entries"]["nodes"][0]["purchase"] == {"id": other["id"]}
    assert whole["entries"]["nodes"][0]["explanation"]["text"] == "60.00 is in 50.00 and more: 5"


async def test_the_closest_to_its_target_comes_first(office: Office) -> None:
    ana, bob = await office.customer(), await office.customer()
    far, near = (await office.makes("Far", target=9))["id"], (await office.makes("Near", target=5))["id"]
    await office.makes("Off", isEnabled=False)
    await office.makes("Others", audience={"purchaseCount": {"gte": 9}})
    await office.grants(ana, far, 7)
    assert await office.rewards(ana, "missing system { name }") == [
        {"missing": 2, "system": {"name": "Far"}}, {"missing": 5, "system": {"name": "Near"}},
    ]  # fmt: skip
    await office.changes(far, isEnabled=False)
    assert [one["system"]["name"] for one in await office.rewards(ana)] == ["Far", "Near"]
    assert [one["system"]["name"] for one in await office.rewards(bob)] == ["Near"]
    assert (await office.asks(near, "issuedCount")) == {"issuedCount": 0}


async def outcomes(office: Office, purchase: str) -> dict[str, tuple[str, str | None, str]]:
    """What each system gave for a purchase, why it gave nothing, and how that came about."""
    asked = f"query($id: ID!) {{ purchase(id: $id) {{ {OUTCOMES} }} }}"
    found = (await office.api.data(asked, id=purchase))["purchase"]["rewardOutcomes"]
    return {one["name"]: (one["given"], one["reason"], one["explanation"]["text"]) for one in found}


async def test_what_systems_gave_for_a_purchase(office: Office) -> None:
    ana = await office.customer()
    await office.makes("Bands", **PURCHASE)
    await office.makes("Tenth", triggerRule=rule("NTH_PURCHASE", n=10))
    await office.makes("Dear", triggerRule=rule("PURCHASE"), bands=[{"from": "500", "progress": 1}])
    await office.makes("Others", triggerRule=rule("PURCHASE"), audience={"purchaseCount": {"gte": 9}})
    await office.makes("Off", triggerRule=rule("PURCHASE"), isEnabled=False)
    await office.makes("By hand")
    bought = await office.sells(ana, "10.00")
    assert await outcomes(office, bought["id"]) == {
        "Bands": ("3", None, "10.00 is in 10.00–50.00: 3"),
        "Tenth": ("0.1", None, "1 of 10"),
        "Dear": ("0", "NO_MATCH", "10.00 is in no band: 0"),
        "Others": ("0", "AUDIENCE", "It is not for this customer."),
        "Off": ("0", "NOT_IN_FORCE", "It did not collect then."),
    }
    stranger = await office.sells(None, "10.00")
    assert (await outcomes(office, stranger["id"]))["Bands"] == ("0", "NO_CUSTOMER", "The purchase has no customer.")
    await office.api.done("purchaseVoid", "purchase { id }", {"purchaseId": bought["id"]})
    told_ = (await outcomes(office, bought["id"]))["Bands"]
    assert told_ == ("0", "UNDONE", "10.00 is in 10.00–50.00: 3, all of which was taken back")


async def earns(office: Office, amount: str, customer: str | None = None) -> list[tuple[str, str]]:
    """The progress that a basket would bring."""
    given: dict[str, Any] = {"lines": [{"name": "Tea", "unitPrice": amount}]}
    asked = "query($input: BasketQuoteInput!) { basketQuote(input: $input) { earnings { kind value text } } }"
    quoted = await office.api.data(asked, input=given | ({"customerId": customer} if customer else {}))
    return [(one["value"], one["text"]) for one in quoted["basketQuote"]["earnings"] if one["kind"] == "PROGRESS"]


async def test_a_quote_tells_what_the_sale_would_bring(office: Office) -> None:
    ana = await office.customer()
    assert await earns(office, "10.00", ana) == []
    await office.makes("Bands", **PURCHASE)
    await office.makes("Tenth", triggerRule=rule("NTH_PURCHASE", n=10))
    await office.makes("Others", triggerRule=rule("PURCHASE"), audience={"purchaseCount": {"gte": 9}})
    await office.makes("Off", triggerRule=rule("PURCHASE"), isEnabled=False)
    expected = [("3", "3 towards Bands"), ("0.1", "0.1 towards Tenth")]
    assert await earns(office, "10.00", ana) == expected
    assert await earns(office, "10.00") == []
    assert await office.rewards(ana, "progress") == [{"progress": 0}] * 2
    await office.sells(ana, "10.00")
    assert sorted(one["progress"] for one in await office.rewards(ana, "progress")) == [0, 0]
    assert await earns(office, "0.00", ana) == [("1", "1 towards Bands"), ("0.1", "0.1 towards Tenth")]


async def test_what_is_taken_off_brings_nothing(office: Office) -> None:
    """A tenth off 10.00 leaves 9.00, which is in the band below."""
    ana = await office.customer()
    await office.makes("Bands", **PURCHASE)
    given = {"promotion": {"name": "Tea week", "discountRule": rule("PERCENT", percent=10)}}
    await office.api.done("promotionCreate", "promotion { id }", given)
    assert await earns(office, "10.00", ana) == [("1", "1 towards Bands")]


async def test_customers_take_so_many_statements_however_many(office: Office) -> None:
    """A page of 50 as a till asks: how much is missing, with what has brought it."""

    async def statements(page: str) -> int:
        with office.shop.database.counting() as log:
            await till.data(f"{{ customers(first: {page}")
        return len(log)

    async def more(n: int) -> None:
        ana = await office.customer()
        await office.sells(ana, "60.00", "HERE", reference=f"A{n}")
        await office.grants(ana, by_hand, 2)

    here = await office.store("HERE")
    till = office.by(*TILL, stores=[key(here)])
    await office.makes("Stamps", target=4, audience={"purchaseCount": {"gte": 0}}, **PURCHASE)
    by_hand = (await office.makes("By hand", target=2))["id"]
    missing = "50) { nodes { rewards { missing progress target issuedCount system { name } } } }"
    entries = f"5) {{ nodes {{ rewards {{ missing entries(first: 5) {{ nodes {{ {ENTRY} }} }} }} }} }}"
    await more(0)
    few = [await statements(f"{one} }}") for one in (missing, entries)]
    for n in range(1, 7):
        await more(n)
    assert [await statements(f"{one} }}") for one in (missing, entries)] == few
    assert few[0] <= 6
    assert few[1] <= 12


async def test_a_shop_without_systems_asks_for_them_once(office: Office) -> None:
    ana = await office.customer()
    with office.shop.database.counting() as log:
        assert await office.rewards(ana) == []
    assert len(log) <= 2


async def test_more_than_an_int_can_say_is_told_as_the_largest(office: Office) -> None:
    """In the mode NEXOPOS one purchase gives one reward, and the rest is kept: it may come to anything."""
    ana, database = await office.customer(), office.api.shop.database
    await office.makes(target=3, mode="NEXOPOS", **PURCHASE)
    await office.sells(ana, "10.00")
    much = "UPDATE rewards_progress SET progress = 2147483647, units = '2147483650'"
    await database.transaction(lambda: database.run(much))
    await office.sells(ana, "10.00")
    await office.sells(ana, "60.00")
    [shown] = await office.rewards(ana)
    [(progress,)] = await database.rows("SELECT progress FROM rewards_progress")
    assert progress > 2**31 - 1
    assert (shown["progress"], shown["missing"], shown["issuedCount"]) == (2**31 - 1, 0, 3)
    assert told(shown["entries"])[1][2] == 2**31 - 1
    below = "UPDATE rewards_progress SET progress = -3000000000"
    await database.transaction(lambda: database.run(below))
    [shown] = await office.rewards(ana)
    assert (shown["progress"], shown["missing"]) == (-(2**31) + 1, 2**31 - 1)
