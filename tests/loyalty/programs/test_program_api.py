"""The program over the API: put in force, asked for, withdrawn, tried, refused with the place of what is wrong."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from regulars_core.plugin import NoSettings, PointsRuleKind, RuleKind, Sale, Shop, hookimpl
from tests.loyalty.conftest import OpenLoyalty, Owner

PROGRAM = (
    "number startsAt endsAt pendingDays expireAfter expiryRounding expiryStart"
    " rate { points amount { amount currencyCode } minimumPoints maximumShare }"
    " rules { code name audience rule { kind description isAvailable settings { name value } } }"
    " exchanges { code name points reward { kind description } }"
)
Rule = dict[str, Any]


def earns(kind: str, code: str = "A", **settings: Any) -> Rule:
    """A rule as it is sent; a list is a setting with several values."""
    pairs = [
        {"name": name, "value": str(one)}
        for name, value in settings.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return {"code": code, "name": code.capitalize(), "rule": {"kind": kind, "settings": pairs}}


DOLLAR = earns("PER_AMOUNT", points=1, per="1.00")


async def puts(owner: Owner, *rules: Rule, starts: str | None = None, **more: Any) -> Any:
    """Put a program in force."""
    given = {"program": {"rules": list(rules), **more}, **({"startsAt": starts} if starts else {})}
    made = await owner.api.do("pointsProgramUpdate", f"pointsProgram {{ id {PROGRAM} }}", given)
    assert not made["userErrors"], made["userErrors"]
    return made["pointsProgram"]


async def refused(owner: Owner, *rules: Rule, **more: Any) -> Sequence[tuple[str, str]]:
    """(code, path) of why a program is refused."""
    given = {"program": {"rules": list(rules), **more}}
    made = await owner.api.do("pointsProgramUpdate", "pointsProgram { id }", given)
    return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]


async def test_a_program_is_put_in_force_and_shown(owner: Owner) -> None:
    made = await puts(
        owner,
        DOLLAR,
        earns("MULTIPLIER", "TWICE", factor="2"),
        pendingDays=30,
        expireAfter="P9M",
        expiryRounding="MONTH_END",
        rate={"points": 100, "amount": {"amount": "1.00"}, "minimumPoints": 200, "maximumShare": "0.5"},
        exchanges=[
            {
                "code": "FIVE",
                "name": "Five",
                "points": 400,
                "reward": {"kind": "CREDIT", "settings": [{"name": "amount", "value": "5.00"}]},
            }
        ],
    )
    assert made["rate"] == {
        "points": "100",
        "amount": {"amount": "1.00", "currencyCode": "USD"},
        "minimumPoints": "200",
        "maximumShare": "0.5",
    }
    assert (made["pendingDays"], made["expireAfter"], made["expiryRounding"], made["expiryStart"]) == (
        30, "P9M", "MONTH_END", "AVAILABILITY",
    )  # fmt: skip
    rule = made["rules"][0]["rule"]
    assert (rule["kind"], rule["description"], rule["isAvailable"]) == ("PER_AMOUNT", "1 point per 1.00", True)
    assert {"name": "earnOnBoughtCredit", "value": "true"} in rule["settings"]  # defaults are kept
    assert made["exchanges"][0]["reward"] == {"kind": "CREDIT", "description": "5.00 USD of store credit"}
    document = f"query($id: ID!) {{ pointsProgram {{ id {PROGRAM} }} node(id: $id) {{ id }} }}"
    found = await owner.api.data(document, id=made["id"])
    assert found == {"pointsProgram": made, "node": {"id": made["id"]}}


async def versions(owner: Owner) -> list[int]:
    found = await owner.api.data("{ pointsPrograms { totalCount nodes { number } } }")
    assert found["pointsPrograms"]["totalCount"] == len(found["pointsPrograms"]["nodes"])
    return [one["number"] for one in found["pointsPrograms"]["nodes"]]


async def test_a_version_that_has_not_begun_is_replaced_or_withdrawn(owner: Owner) -> None:
    first = await puts(owner, DOLLAR)
    later = "2099-01-01T00:00:00Z"
    second = await puts(owner, earns("PER_PURCHASE", points=5), starts=later)
    third = await puts(owner, earns("PER_PURCHASE", points=6), starts=later)
    assert await versions(owner) == [third["number"], first["number"]]
    document = "query($at: DateTime) { pointsProgram(at: $at) { number endsAt } }"
    assert (await owner.api.data(document))["pointsProgram"] == {
        "number": first["number"],
        "endsAt": "2099-01-01T00:00:00.000Z",
    }
    assert (await owner.api.data(document, at="2099-01-01T00:00:00Z"))["pointsProgram"]["number"] == third["number"]
    assert (await owner.api.data(document, at="2020-01-01T00:00:00Z"))["pointsProgram"] is None

    async def withdraws(id_: str) -> Any:
        made = await owner.api.do("pointsProgramWithdraw", "deletedPointsProgramId", {"id": id_})
        return made["deletedPointsProgramId"], [(one["code"], one["path"]) for one in made["userErrors"]]

    assert await withdraws(third["id"]) == (third["id"], [])
    assert await withdraws(third["id"]) == (None, [("NOT_FOUND", ["input", "id"])])
    assert await withdraws(second["id"]) == (None, [("NOT_FOUND", ["input", "id"])])
    assert await withdraws(first["id"]) == (None, [("PROGRAM_STARTED", ["input", "id"])])
    assert await versions(owner) == [first["number"]]


async def test_what_is_wrong_is_told_at_its_place(owner: Owner) -> None:
    at = "input.program"
    assert await refused(owner, earns("NOTHING")) == [("UNKNOWN_KIND", f"{at}.rules.0.rule.kind")]
    assert await refused(owner, DOLLAR, earns("PER_AMOUNT", "B", points=0, per="1.00")) == [
        ("INVALID_RULE", f"{at}.rules.1.rule.settings.0.value")
    ]
    assert await refused(owner, earns("PER_AMOUNT", points=1)) == [("INVALID_RULE", f"{at}.rules.0.rule.settings")]
    assert await refused(owner, earns("MULTIPLIER", factor="1")) == [
        ("INVALID_RULE", f"{at}.rules.0.rule.settings.0.value")
    ]
    assert await refused(owner, DOLLAR, {**DOLLAR, "code": "a"}) == [("CODE_TAKEN", f"{at}.rules.1.code")]
    assert await refused(owner, {**DOLLAR, "code": ""}) == [("REQUIRED", f"{at}.rules.0.code")]
    assert await refused(owner, {**DOLLAR, "code": "x" * 33}) == [("TOO_LONG", f"{at}.rules.0.code")]
    assert await refused(owner, {**DOLLAR, "code": "two words"}) == [("INVALID_TEXT", f"{at}.rules.0.code")]
    many = [{**DOLLAR, "code": f"R{n}"} for n in range(51)]
    assert await refused(owner, *many) == [("TOO_MANY", f"{at}.rules")]
    for text in ("P", "P0D", "PT1H", "P11Y", "9 months", "P1M MONTH_END"):
        assert await refused(owner, expireAfter=text) == [("INVALID_DURATION", f"{at}.expireAfter")], text
    assert await refused(owner, pendingDays=367) == [("OUT_OF_RANGE", f"{at}.pendingDays")]
    rate: dict[str, Any] = {"points": 10, "amount": {"amount": "1.00"}}
    assert await refused(owner, rate={**rate, "points": 0}) == [("INVALID_AMOUNT", f"{at}.rate.points")]
    assert await refused(owner, rate={**rate, "amount": {"amount": "0"}}) == [
        ("INVALID_AMOUNT", f"{at}.rate.amount.amount")
    ]
    assert await refused(owner, rate={**rate, "amount": {"amount": "1", "currencyCode": "EUR"}}) == [
        ("CURRENCY_MISMATCH", f"{at}.rate.amount.currencyCode")
    ]
    assert await refused(owner, rate={**rate, "maximumShare": "1.01", "minimumPoints": 0}) == [
        ("OUT_OF_RANGE", f"{at}.rate.minimumPoints"),
        ("OUT_OF_RANGE", f"{at}.rate.maximumShare"),
    ]
    coupon = {"code": "C", "name": "C", "points": 0, "reward": {"kind": "COUPON"}}
    assert await refused(owner, exchanges=[coupon]) == [
        ("INVALID_AMOUNT", f"{at}.exchanges.0.points"),
        ("UNKNOWN_KIND", f"{at}.exchanges.0.reward.kind"),
    ]
    past = {"program": {"rules": []}, "startsAt": "2020-01-01T00:00:00Z"}
    made = await owner.api.do("pointsProgramUpdate", "pointsProgram { id }", past)
    assert [(one["code"], one["path"]) for one in made["userErrors"]] == [("INVALID_DATE", ["input", "startsAt"])]
    await puts(owner, DOLLAR)
    assert await refused(owner, DOLLAR) == [("PROGRAM_UNCHANGED", "input.program")]


def moody(settings: NoSettings, sale: Sale) -> int:
    """More for one line than for two."""
    return 5 - min(len(sale.lines), 5)


class Moody:
    """A plugin whose kind does not keep what it promises, and one whose kind does."""

    @hookimpl
    def regulars_rules(self) -> Sequence[RuleKind]:
        return [
            PointsRuleKind("MOODY", NoSettings, "Moody", moody, is_monotone=True),
            PointsRuleKind("LINES", NoSettings, "Points for each line", lambda _, sale: len(sale.lines)),
        ]


async def test_a_kind_that_breaks_a_law_is_refused_with_a_counterexample(open_loyalty: OpenLoyalty) -> None:
    owner = Owner(await open_loyalty({"moody": Moody()}))
    made = await owner.api.do(
        "pointsProgramUpdate", "pointsProgram { id }", {"program": {"rules": [DOLLAR, earns("MOODY", "M")]}}
    )
    [error] = made["userErrors"]
    assert (error["code"], ".".join(error["path"])) == ("RULE_BREAKS_LAW", "input.program.rules.1.rule.kind")
    assert "MOODY of the plugin 'moody'" in error["message"]
    assert "it is monotone in lines, as it says" in error["message"]
    assert "Tried on: 2026-" in error["message"]


async def points(owner: Owner, customer: str, *, fields: str = "balance available") -> Any:
    return (await owner.asks(customer, f"points {{ {fields} }}"))["points"]


OUTCOMES = "pointsOutcomes { name given reason explanation { text rule { kind description } figures { name value } } }"


async def test_a_purchase_earns_and_says_why(owner: Owner, calendar: Callable[[str], Any]) -> None:
    await puts(
        owner, DOLLAR, earns("MULTIPLIER", "M", factor="1.5"), earns("PER_ITEM", "BAGS", points=5, sku=["B1"]),
        rate={"points": 10, "amount": {"amount": "1.00"}},
        exchanges=[
            {"code": "MUG", "name": "Mug", "points": 40, "reward": credit("4.00")},
            {"code": "CUP", "name": "Cup", "points": 30, "reward": credit("3.00")},
        ],
    )  # fmt: skip
    ana = await owner.customer()
    bought = await owner.sells(ana, "25.50", "2099-01-02")
    found = await owner.api.data(
        f"query($id: ID!) {{ node(id: $id) {{ ... on Purchase {{ {OUTCOMES} }} }} }}", id=bought
    )
    dollar, bonus, bags = found["node"]["pointsOutcomes"]
    assert (dollar["given"], dollar["reason"], dollar["explanation"]["text"]) == (
        "25", None, "1 point × 25.50 ÷ 1.00 = 25.5, rounded down: 25",
    )  # fmt: skip
    assert dollar["explanation"]["rule"] == {"kind": "PER_AMOUNT", "description": "1 point per 1.00"}
    assert {"name": "DROPPED", "value": "0.5"} in dollar["explanation"]["figures"]
    assert (bonus["given"], bags["given"], bags["reason"]) == ("12", "0", "NO_MATCH")
    fields = "balance value { amount } exchanges { exchange { code } missingPoints times }"
    with calendar("2099-01-03"):
        reached = await points(owner, ana, fields=fields)
    assert (reached["balance"], reached["value"]) == ("37", {"amount": "3.00"})
    assert reached["exchanges"] == [
        {"exchange": {"code": "CUP"}, "missingPoints": "0", "times": 1},
        {"exchange": {"code": "MUG"}, "missingPoints": "3", "times": 0},
    ]
    await owner.api.done("purchaseVoid", "purchase { id }", {"purchaseId": bought})
    found = await owner.api.data(
        f"query($id: ID!) {{ node(id: $id) {{ ... on Purchase {{ {OUTCOMES} }} }} }}", id=bought
    )
    assert [one["reason"] for one in found["node"]["pointsOutcomes"]] == ["UNDONE", "UNDONE", "NO_MATCH"]


def credit(amount: str) -> Any:
    return {"kind": "CREDIT", "settings": [{"name": "amount", "value": amount}]}


SIMULATE = (
    "query($input: PointsProgramSimulateInput!) { pointsProgramSimulate(input: $input) { unit given givenNow purchaseCount"
    " customerCount winnerCount loserCount cost { amount } costNow { amount } notes"
    " sample { given givenNow customer { firstName } explanations { text } } } }"
)


async def test_a_program_is_tried_on_the_shop_s_own_past(owner: Owner) -> None:
    await puts(owner, DOLLAR, rate={"points": 100, "amount": {"amount": "1.00"}})
    ana, bo = await owner.customer("Ana"), await owner.customer("Bo")
    await owner.sells(ana, "30.00", "2099-01-02")
    await owner.sells(ana, "10.00", "2099-01-03")
    await owner.sells(bo, "5.00", "2099-01-04")
    await owner.sells(None, "500.00", "2099-01-04")
    gone = await owner.sells(bo, "70.00", "2099-01-05")
    await owner.api.done("purchaseVoid", "purchase { id }", {"purchaseId": gone})
    before = await owner.shop.database.rows("SELECT count(*) FROM loyalty_transfer")
    tried = {
        "program": {
            "rules": [earns("PER_PURCHASE", points=20), earns("PER_PURCHASE", "W", points=1, oncePerCustomer="true")],
            "rate": {"points": 10, "amount": {"amount": "1.00"}},
        },
        "from": "2099-01-01T00:00:00Z",
        "until": "2099-02-01T00:00:00Z",
    }
    found = (await owner.api.data(SIMULATE, input=tried))["pointsProgramSimulate"]
    assert (found["unit"], found["given"], found["givenNow"]) == ("PTS", "62", "45")
    assert (found["purchaseCount"], found["customerCount"], found["winnerCount"], found["loserCount"]) == (3, 2, 2, 0)
    assert (found["cost"], found["costNow"]) == ({"amount": "6.20"}, {"amount": "0.45"})
    first, second = found["sample"]
    assert (first["customer"], first["given"], first["givenNow"]) == ({"firstName": "Bo"}, "21", "5")
    assert (second["given"], len(second["explanations"])) == ("41", 3)
    assert any("once per customer" in note for note in found["notes"])
    assert await owner.shop.database.rows("SELECT count(*) FROM loyalty_transfer") == before


@pytest.mark.parametrize(
    ("role", "allowed"), [("marketing", True), ("cashier", False), ("accountant", False), ("store_manager", False)]
)
async def test_who_may_change_the_program(owner: Owner, role: str, allowed: bool) -> None:
    api = owner.by(role)
    document = "mutation($input: PointsProgramUpdateInput!) { pointsProgramUpdate(input: $input) { pointsProgram { number } } }"
    answer = await api.ask(document, input={"idempotencyKey": "k1", "program": {"rules": []}})
    assert (answer.codes == []) is allowed
    assert (await api.ask("{ pointsProgram { number } }")).codes == []


async def test_reading_takes_as_many_statements_for_many_as_for_one(owner: Owner, loyalty: Shop) -> None:
    await puts(owner, DOLLAR, earns("PER_PURCHASE", "W", points=1, oncePerCustomer="true"))
    ana = await owner.customer()
    counts = []
    for n in range(1, 6):
        await owner.sells(ana, "10.00", f"2099-01-0{n}")
        if n in {1, 5}:
            with loyalty.database.counting() as counted:
                await owner.asks(ana, f"purchases {{ nodes {{ {OUTCOMES} }} }}")
            counts.append(len(counted))
    assert counts[0] == counts[1]
