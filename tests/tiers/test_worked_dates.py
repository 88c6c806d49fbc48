"""What a shop owner sees on which day, over the API."""

from collections.abc import Callable
from typing import Any

import pytest

from regulars_schema.testing import Api
from tests.support.refusals import codes_of
from tests.tiers.conftest import OpenTiers, Owner

Calendar = Callable[[str], Any]


async def test_up_at_once_and_down_step_by_step(owner: Owner, calendar: Calendar) -> None:
    """$520 on 10 January and $220 on 20 February: A from 10 January, B from 10 May, C from 20 June."""
    with calendar("2026-01-09"):
        ana = await owner.customer()
        assert await owner.tier(ana) == "C"
    with calendar("2026-01-10"):
        await owner.sells(ana, "520.00", "2026-01-10")
        assert await owner.tier(ana) == "A"
    with calendar("2026-02-20"):
        await owner.sells(ana, "220.00", "2026-02-20")
    seen = {}
    for day in ("2026-05-09", "2026-05-10", "2026-06-19", "2026-06-20"):
        with calendar(day):
            seen[day] = await owner.tier(ana)
            document = "query($t: [String!]!) { customers(where: {tier: {in: $t}}) { totalCount } }"
            found = await owner.api.data(document, t=[seen[day]])
            assert found["customers"]["totalCount"] == 1
    assert seen == {"2026-05-09": "A", "2026-05-10": "B", "2026-06-19": "B", "2026-06-20": "C"}
    with calendar("2026-07-01"):
        days = {day: await owner.tier(ana, day) for day in ("2026-01-09", "2026-01-10", *seen)}
        assert days == {"2026-01-09": "C", "2026-01-10": "A", **seen}
        assert await owner.history(ana) == [("2026-01-10", "C", "A", "PURCHASE")]
        assert await owner.job() == 1
        assert await owner.history(ana) == [
            ("2026-01-10", "C", "A", "PURCHASE"),
            ("2026-05-10", "A", "B", "TIME"),
            ("2026-06-20", "B", "C", "TIME"),
        ]
        assert await owner.job() == 0
        assert await owner.wrong() == []


@pytest.mark.parametrize(
    ("back", "tier", "why"),
    [
        ("50.00", "A", ["Net spend in all: 5000.00", "Net spend in 30 days: 500.00"]),
        ("200.00", "A", ["Net spend in 30 days: 500.00"]),
        ("2100.00", "B", ["Net spend in all: 2000.00"]),
    ],
)
async def test_a_refund_takes_what_net_spend_never_earned(
    owner: Owner, calendar: Calendar, back: str, tier: str, why: list[str]
) -> None:
    """$3,000 on 1 June 2025 and $2,100 on 1 February 2026: A. Then a part of it goes back on 10 February."""
    with calendar("2025-05-01"):
        ana = await owner.customer()
    with calendar("2025-06-01"):
        await owner.sells(ana, "3000.00", "2025-06-01")
    with calendar("2026-01-31"):
        assert await owner.tier(ana) == "B"
    with calendar("2026-02-01"):
        february = await owner.sells(ana, "2100.00", "2026-02-01")
        assert await owner.tier(ana) == "A"
    with calendar("2026-02-10"):
        await owner.refunds(february, back, "2026-02-10")
        standing = await owner.standing(ana, "tier { code } explanation { criterion { description } purchases { id } }")
        assert standing["tier"]["code"] == tier == await owner.tier(ana)
        assert [one["criterion"]["description"] for one in standing["explanation"]] == why
        if why == ["Net spend in 30 days: 500.00"]:
            assert standing["explanation"][0]["purchases"] == [{"id": february}]
        assert await owner.wrong() == []


async def test_a_first_purchase_that_is_refunded_leaves_nothing(owner: Owner, calendar: Calendar) -> None:
    """The upgrading purchase refunded: back to the previous tier, at once."""
    with calendar("2026-01-10"):
        ana = await owner.customer()
        purchase = await owner.sells(ana, "5200.00", "2026-01-10")
        assert await owner.tier(ana) == "A"
        await owner.refunds(purchase, "5200.00", "2026-01-10T18:00:00Z")
        assert await owner.tier(ana) == "C"
        assert [row[1:] for row in await owner.history(ana)] == [("C", "A", "PURCHASE"), ("A", "C", "REFUND")]
        assert (await owner.standing(ana, "since grace { endsAt } atRisk { on }")) == {
            "since": None, "grace": None, "atRisk": None,
        }  # fmt: skip


async def test_progress_grace_and_risk(owner: Owner, calendar: Calendar) -> None:
    fields = """tier { code rank } since source
        grace { endsAt fallsTo { code } }
        atRisk { fallsTo { code } on neededToKeep { description missing } }
        progress { tier { code } criteria { description set missing until } }"""
    with calendar("2026-01-10"):
        ana = await owner.customer()
        await owner.sells(ana, "220.00", "2026-01-10")
    with calendar("2026-01-20"):
        found = await owner.standing(ana, fields)
        assert found == {
            "tier": {"code": "B", "rank": 1},
            "since": "2026-01-10T12:00:00.000Z",
            "source": "AUTOMATIC",
            "grace": None,
            "atRisk": {
                "fallsTo": {"code": "C"},
                "on": "2026-05-10T00:00:00.000Z",
                "neededToKeep": [
                    {"description": "Net spend in all: 2000.00", "missing": "1780.00"},
                    {"description": "Net spend in 30 days: 200.00", "missing": "200.00"},
                ],
            },
            "progress": [
                {
                    "tier": {"code": "A"},
                    "criteria": [
                        {"description": "Net spend in all: 5000.00", "set": 1, "missing": "4780.00", "until": None},
                        {
                            "description": "Net spend in 30 days: 500.00",
                            "set": 2,
                            "missing": "280.00",
                            "until": "2026-02-09T00:00:00.000Z",
                        },
                    ],
                }
            ],
        }
    with calendar("2026-02-09"):
        found = await owner.standing(ana, "grace { endsAt fallsTo { code } }")
        assert found == {"grace": {"endsAt": "2026-05-10T00:00:00.000Z", "fallsTo": {"code": "C"}}}


@pytest.mark.one_executor  # the present stands in the answer
async def test_a_tier_that_somebody_assigns(owner: Owner, calendar: Calendar) -> None:
    fields = "tier { code } source reason mode until explanation { at }"
    with calendar("2026-01-10"):
        ana = await owner.customer()
        given = {"customerId": ana, "tier": "B", "reason": "Knows the owner", "until": "2026-03-01T00:00:00Z"}
        await owner.api.done("tierAssign", "customer { tier { code } }", given)
        assert await owner.standing(ana, fields) == {
            "tier": {"code": "B"}, "source": "MANUAL", "reason": "Knows the owner", "mode": "FLOOR",
            "until": "2026-03-01T00:00:00.000Z", "explanation": [],
        }  # fmt: skip
    with calendar("2026-01-20"):
        await owner.sells(ana, "500.00", "2026-01-20")
        assert (await owner.standing(ana, fields))["source"] == "AUTOMATIC"
        assert await owner.tier(ana) == "A"
        exact = {"customerId": ana, "tier": "C", "reason": "Returns too much", "mode": "EXACT"}
        await owner.api.done("tierAssign", "customer { tier { code } }", exact)
        assert await owner.tier(ana) == "C"
    with calendar("2026-01-25"):
        cleared = await owner.api.done("tierClear", "customer { tier { code } }", {"customerId": ana})
        assert cleared["customer"]["tier"]["code"] == "A"
        assert [row[1:] for row in await owner.history(ana)] == [
            ("C", "B", "ASSIGNMENT"), ("B", "A", "PURCHASE"), ("A", "C", "ASSIGNMENT"), ("C", "A", "ASSIGNMENT"),
        ]  # fmt: skip
        assert await owner.wrong() == []


async def test_a_tier_to_begin_with(owner: Owner, calendar: Calendar) -> None:
    """A floor until the grace has passed since the registration: B until the end of 10 April, and A when it is earned."""
    with calendar("2026-01-10"):
        made = await owner.api.done(
            "customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li", "tier": "B"}
        )
        ana = made["customer"]["id"]
        assert await owner.standing(ana, "tier { code } source mode until reason atRisk { on }") == {
            "tier": {"code": "B"}, "source": "INITIAL", "mode": "FLOOR", "until": "2026-04-11T00:00:00.000Z",
            "reason": None, "atRisk": {"on": "2026-04-11T00:00:00.000Z"},
        }  # fmt: skip
    for day, tier in (("2026-04-10", "B"), ("2026-04-11", "C")):
        with calendar(day):
            assert await owner.tier(ana) == tier
    with calendar("2026-04-12"):
        bo = {"firstName": "Bo", "lastName": "Ek", "tier": "Z"}
        made = await owner.api.do("customerCreate", "created", bo)
        assert [(error["code"], error["path"]) for error in made["userErrors"]] == [("UNKNOWN_TIER", ["input", "tier"])]
        assert "UNKNOWN_TIER" in codes_of(owner.api.schema, "customerCreate")
        cashier = Api(owner.api.schema, owner.shop, owner.by("cashier"))
        document = "mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { created } }"
        assert (await cashier.ask(document, i={**bo, "tier": "A"})).codes == ["FORBIDDEN"]
        assert (await cashier.ask(document, i={**bo, "tier": "A", "idempotencyKey": "k"})).codes == ["FORBIDDEN"]
        assert (await owner.api.data("{ customers { totalCount } }"))["customers"]["totalCount"] == 1
        await owner.sells(ana, "500.00", "2026-04-12")
        assert await owner.tier(ana) == "A"
        assert await owner.wrong() == []


async def test_what_cannot_be_assigned(owner: Owner) -> None:
    ana = await owner.customer()
    given = {"customerId": ana, "tier": "B", "reason": "Because"}
    for wrong, code in (
        ({"reason": "  "}, "REQUIRED"),
        ({"tier": "Z"}, "UNKNOWN_TIER"),
        ({"until": "2020-01-01T00:00:00Z"}, "INVALID_DATE"),
        ({"customerId": "customer_" + "0" * 32}, "NOT_FOUND"),
    ):
        assert await owner.api.refused("tierAssign", given | wrong) == [code]
    all_of_it = {"customerId": "customer_" + "0" * 32, "tier": "Z", "reason": " ", "until": "2020-01-01T00:00:00Z"}
    told = await owner.api.refused("tierAssign", all_of_it)
    assert told == ["REQUIRED", "INVALID_DATE", "NOT_FOUND", "UNKNOWN_TIER"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"])
async def test_days_are_the_shops(open_tiers: OpenTiers, calendar: Calendar, zone: str) -> None:
    """The last minute of 10 January where the shop is: B until the end of 9 May there, summer time or not."""
    owner = Owner(await open_tiers(timezone=zone))
    offset = {"Pacific/Kiritimati": "+14:00", "Pacific/Pago_Pago": "-11:00", "America/New_York": "-05:00"}[zone]
    summer = "-04:00" if zone == "America/New_York" else offset
    with calendar(f"2026-01-10T23:59:30{offset}"):
        ana = await owner.customer()
        await owner.sells(ana, "200.00", f"2026-01-10T23:59:00{offset}")
    for when, tier in ((f"2026-05-09T23:59:59{summer}", "B"), (f"2026-05-10T00:00:01{summer}", "C")):
        with calendar(when):
            assert await owner.tier(ana) == tier


async def test_tiers_by_count_and_order(owner: Owner, calendar: Calendar) -> None:
    with calendar("2026-01-10"):
        ids = {name: await owner.customer(name) for name in ("Ana", "Bo", "Cy", "Di")}
        await owner.sells(ids["Ana"], "200.00", "2026-01-10")
        await owner.sells(ids["Bo"], "500.00", "2026-01-10")
        await owner.sells(ids["Cy"], "1.00", "2026-01-10")
    with calendar("2026-01-11"):
        document = """{ up: customers(orderBy: {field: TIER}) { nodes { firstName } }
            down: customers(orderBy: {field: TIER, direction: DESC}, first: 2) { nodes { firstName } pageInfo { endCursor } }
            c: customers(where: {tier: {in: ["C"]}}) { totalCount }
            notC: customers(where: {not: {tier: {in: ["C"]}}}) { totalCount }
            then: customers(where: {tier: {in: ["C"], at: "2026-01-09T00:00:00Z"}}) { totalCount }
            tierDistribution { tier { code } customerCount totalSpent { amount } } }"""
        found = await owner.api.data(document)
        assert [one["firstName"] for one in found["up"]["nodes"]][2:] == ["Ana", "Bo"]
        assert [one["firstName"] for one in found["down"]["nodes"]] == ["Bo", "Ana"]
        assert (found["c"]["totalCount"], found["notC"]["totalCount"], found["then"]["totalCount"]) == (2, 2, 4)
        assert [tuple(one.values()) for one in found["tierDistribution"]] == [
            ({"code": "A"}, 1, {"amount": "500.00"}),
            ({"code": "B"}, 1, {"amount": "200.00"}),
            ({"code": "C"}, 2, {"amount": "1.00"}),
        ]
        after = found["down"]["pageInfo"]["endCursor"]
        rest = await owner.api.data(
            "query($a: String) { customers(orderBy: {field: TIER, direction: DESC}, after: $a) { nodes { firstName } } }",
            a=after,
        )
        assert {one["firstName"] for one in rest["customers"]["nodes"]} == {"Cy", "Di"}


async def test_erpnext_by_the_api(owner: Owner, calendar: Calendar) -> None:
    """Thresholds Bronze 0, Silver 10000, Gold 20000; the upgrade applies to the purchase that brings it, or not."""
    rules = {"graceDays": 90, "upgradeAppliesToTrigger": True, "tiers": [
        {"code": name, "name": name, "anyOf": [{"allOf": [{"metric": "NET_SPEND", "window": "LIFETIME", "threshold": least}]}]}
        for name, least in (("Gold", "20000"), ("Silver", "10000"))
    ] + [{"code": "Bronze", "name": "Bronze"}]}  # fmt: skip
    with calendar("2026-01-01"):
        await owner.api.done(
            "tierPolicyUpdate", "tierPolicy { number }", {"policy": rules, "effectiveAt": "2020-01-01T00:00:00Z"}
        )
    cases = [(0, 6000), (0, 15000), (0, 25000), (4000, 500), (8000, 3000), (18000, 3000), (22000, 5000)]
    found = []
    with calendar("2026-01-10"):
        for spent, current in cases:
            ana = await owner.customer()
            if spent:
                await owner.sells(ana, f"{spent}.00", "2026-01-09")
            purchase = await owner.sells(ana, f"{current}.00", "2026-01-10")
            answer = await owner.api.data("query($id: ID!) { purchase(id: $id) { tier { code } } }", id=purchase)
            assert answer["purchase"]["tier"]["code"] == await owner.tier(ana)
            found.append(await owner.tier(ana))
    assert found == ["Bronze", "Silver", "Gold", "Bronze", "Silver", "Gold", "Gold"]
