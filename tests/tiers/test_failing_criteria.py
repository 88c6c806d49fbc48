"""A criterion that fails, or whose plugin is off, stops no sale and lowers nobody; it is told, and made up for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from regulars_core.plugin import Shop
from regulars_core.testing import ImportOptions, import_customers, import_purchases
from regulars_core.verification import verifications_of
from tests.support.moody import Moody, counted, moody_policy, raising
from tests.tiers.conftest import OpenTiers, Owner

BEGINS = "2020-01-01T00:00:00Z"
CRITERION = "tierPolicy { number tiers { anyOf { allOf { metric plugin isAvailable failure } } } }"
STANDING = (
    "tier { code } since source failedMetric explanation { purchaseCount } progress { tier { code } } atRisk { on }"
)


async def in_force(owner: Owner, policy: dict[str, Any] | None = None) -> None:
    given = {"policy": policy or moody_policy(), "effectiveAt": BEGINS}
    await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", given)


async def told(owner: Owner) -> list[str]:
    """What doctor and verify say of criteria."""
    [one] = [one for one in verifications_of(owner.shop.plugins) if one.name == "tier-criteria"]
    assert one.quick
    return [sentence async for sentence in one.differences(owner.shop)]


async def criterion(owner: Owner) -> dict[str, Any]:
    """What the policy in force says of its one criterion."""
    found = (await owner.api.data(f"{{ {CRITERION} }}"))["tierPolicy"]
    [[one]] = [set_["allOf"] for tier in found["tiers"] for set_ in tier["anyOf"]]
    return dict(one)


async def tiers_of(owner: Owner, customers: Sequence[str]) -> list[str]:
    return [await owner.tier(one) for one in customers]


async def imports(owner: Owner, folder: Path, kind: str, lines: Sequence[str]) -> None:
    """Bring a file, of which no row is rejected."""
    (folder / f"{kind}.csv").write_text("\n".join(lines))
    bring = {"customers": import_customers, "purchases": import_purchases}[kind]
    assert (await bring(owner.shop, folder / f"{kind}.csv", ImportOptions(), lambda _, __: None)).rejected == 0


async def distribution(owner: Owner) -> dict[str, int]:
    found = await owner.api.data("{ tierDistribution { tier { code } customerCount } }")
    return {one["tier"]["code"]: one["customerCount"] for one in found["tierDistribution"]}


async def by_code(owner: Owner, code: str) -> str:
    [row] = await owner.shop.database.rows("SELECT id FROM customer WHERE code = $1", code)
    return f"customer_{row[0]}"


async def kept(shop: Shop) -> list[tuple[Any, ...]]:
    """Everything that the plugin keeps."""
    tables = {
        "tier_policy": "number",
        "tier_spell": "customer_id, begins",
        "tier_standing": "customer_id",
        "tier_change": "at",
    }
    return [
        tuple(row)
        for table, order in tables.items()
        for row in await shop.database.rows(f"SELECT * FROM {table} ORDER BY {order}")
    ]


async def test_a_policy_that_fails_is_refused_with_its_place_and_the_reason(open_tiers: OpenTiers) -> None:
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    moody.answer = raising
    policy = moody_policy()
    policy["tiers"][0]["anyOf"].insert(0, {"allOf": [{"metric": "ORDERS", "window": "LIFETIME", "threshold": "9"}]})
    before = await kept(owner.shop)
    made = await owner.api.do("tierPolicyUpdate", "tierPolicy { number }", {"policy": policy})
    [error] = made["userErrors"]
    assert (error["code"], made["tierPolicy"]) == ("INVALID_POLICY", None)
    assert error["path"] == ["input", "policy", "tiers", "0", "anyOf", "1", "allOf", "0", "metric"]
    assert "MOODY of the plugin 'moody' cannot be used: " in error["message"]
    assert "ZeroDivisionError: not today" in error["message"]
    answer = await owner.api.ask(
        "query($input: TierPolicySimulateInput!) { tierPolicySimulate(input: $input) { movedCount } }",
        input={"policy": policy},
    )
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["extensions"]["argument"] == error["path"]
    assert await kept(owner.shop) == before
    assert (await owner.api.data("{ tierPolicy { number } }"))["tierPolicy"]["number"] == 0


async def test_one_that_fails_for_what_customers_have_bought_is_refused(open_tiers: OpenTiers, calendar: Any) -> None:
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    with calendar("2026-01-20"):
        await owner.sells(await owner.customer(), "7.77", "2026-01-19")
        moody.hates = 777
        before = await kept(owner.shop)
        assert await owner.api.refused("tierPolicyUpdate", {"policy": moody_policy()}) == ["INVALID_POLICY"]
        assert await kept(owner.shop) == before


async def test_a_sale_goes_on_and_nobody_is_lowered(
    open_tiers: OpenTiers, calendar: Any, caplog: pytest.LogCaptureFixture
) -> None:
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    with calendar("2026-01-20"):
        await in_force(owner)
        everybody = ana, bo, _ = [await owner.customer() for _ in range(3)]
        for one in (ana, ana, bo):
            await owner.sells(one, "1.00", "2026-01-19")
        assert await tiers_of(owner, everybody) == ["M", "C", "C"]
        assert await criterion(owner) == {"metric": "MOODY", "plugin": "moody", "isAvailable": True, "failure": None}
        moody.answer = raising
        bought = [await owner.sells(one, "1.00", "2026-01-20T10:00:00Z") for one in everybody]
        await owner.refunds(bought[0], "1.00", "2026-01-20T11:00:00Z")
        await owner.api.done("purchaseVoid", "purchase { id }", {"purchaseId": bought[2]})
        assert await tiers_of(owner, everybody) == ["M", "C", "C"]
        await owner.job()
        law, failed = await told(owner)
        assert law.startswith("tier criterion MOODY of the plugin 'moody': breaks a law on purchases made at random: ")
        assert failed.startswith("tier criterion MOODY of the plugin 'moody': could not be measured for 3 customers")
        shown = await criterion(owner)
        assert shown["isAvailable"]
        assert shown["failure"].startswith("MOODY of the plugin 'moody' could not be measured for 3 customers")
        assert await owner.standing(ana, STANDING) == {
            "tier": {"code": "M"}, "since": "2026-01-19T12:00:00.000Z", "source": "AUTOMATIC", "failedMetric": "MOODY",
            "explanation": [], "progress": [], "atRisk": None,
        }  # fmt: skip
        assert [
            line for line in caplog.messages if "MOODY" in line and "ZeroDivisionError in the plugin 'moody'" in line
        ]
        assert "not today" not in caplog.text
        moody.answer = counted
        await owner.job()
        assert await tiers_of(owner, everybody) == ["M", "M", "C"]
        assert (await told(owner), await owner.wrong()) == ([], [])
        assert (await criterion(owner))["failure"] is None
        assert (await owner.standing(ana, STANDING))["failedMetric"] is None


async def test_it_is_made_up_for_at_the_next_purchase_as_well(open_tiers: OpenTiers, calendar: Any) -> None:
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    with calendar("2026-01-20"):
        await in_force(owner)
        ana = await owner.customer()
        moody.answer = raising
        for _ in range(2):
            await owner.sells(ana, "1.00", "2026-01-19")
        moody.answer = counted
        assert await owner.tier(ana) == "C"
        await owner.sells(ana, "1.00", "2026-01-20T10:00:00Z")
        assert await owner.tier(ana) == "M"
        assert (await told(owner), await owner.wrong()) == ([], [])


async def test_one_in_a_thousand_is_left_and_the_others_move(
    open_tiers: OpenTiers, calendar: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A thousand customers buy by a file, and then some at the till; the criterion cannot bear what one of them has bought."""
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    people = [f"P{n},Ana,Li,2026-01-01T09:00:00Z" for n in range(1_000)]
    bought = [
        f"F{n}-{m},2026-01-1{m}T10:00:00Z,P{n},Tea,{'7.77' if n == 500 else '1.00'}"
        for m in (5, 6)
        for n in range(1_000)
    ]
    await imports(owner, tmp_path, "customers", ["code,first_name,last_name,created_at", *people])
    with calendar("2026-01-20"):
        await in_force(owner)
        moody.hates = 777
        await imports(owner, tmp_path, "purchases", ["reference,purchased_at,customer_code,name,total", *bought])
        assert await distribution(owner) == {"M": 999, "C": 1}
        [sentence] = await told(owner)
        assert "MOODY of the plugin 'moody': could not be measured for 1 customers" in sentence
        assert (await criterion(owner))["failure"].startswith(
            "MOODY of the plugin 'moody' could not be measured for 1 "
        )
        others, odd = await by_code(owner, "P499"), await by_code(owner, "P500")
        assert f"such as {odd}" in sentence
        for one in (others, odd):
            await owner.sells(one, "1.00", "2026-01-20T10:00:00Z")
        assert [(await owner.standing(one, "failedMetric"))["failedMetric"] for one in (others, odd)] == [None, "MOODY"]
        await owner.job()
        assert await distribution(owner) == {"M": 999, "C": 1}
        assert 3 <= len([line for line in caplog.messages if "MOODY" in line]) <= 10  # no line for each of a batch
        moody.hates = -1
        await owner.job()
        assert await distribution(owner) == {"M": 1_000, "C": 0}
        assert (await told(owner), await owner.wrong()) == ([], [])


async def test_one_who_fails_keeps_a_tier_that_a_new_policy_takes_from_the_others(
    open_tiers: OpenTiers, calendar: Any
) -> None:
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    with calendar("2026-01-20"):
        await in_force(owner)
        everybody = ana, _ = await owner.customer(), await owner.customer()
        for one in everybody:
            await owner.sells(one, "7.77" if one == ana else "1.00", "2026-01-18")
            await owner.sells(one, "1.00", "2026-01-19")
        await in_force(owner, moody_policy("3"))
        moody.hates = 777
        await owner.job()
        assert await tiers_of(owner, everybody) == ["M", "C"]
        moody.hates = -1
        await owner.job()
        assert await tiers_of(owner, everybody) == ["C", "C"]
        assert (await told(owner), await owner.wrong()) == ([], [])


async def test_who_was_never_measured_gets_a_tier_when_that_can_be(open_tiers: OpenTiers, calendar: Any) -> None:
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    with calendar("2026-01-20"):
        await in_force(owner)
        ana, bo = await owner.customer(), await owner.customer()
        moody.hates = 777
        await owner.sells(ana, "7.77", "2026-01-19")
        for _ in range(2):
            await owner.sells(ana, "1.00", "2026-01-19")
            await owner.sells(bo, "1.00", "2026-01-19")
        assert await tiers_of(owner, [ana, bo]) == ["C", "M"]
        moody.hates = -1
        await owner.job()
        assert await owner.tier(ana) == "M"
        assert await owner.history(ana) == [("2026-01-20", "C", "M", "POLICY")]


async def test_a_tier_that_would_have_ended_is_kept_as_long_as_nobody_can_tell(
    open_tiers: OpenTiers, calendar: Any
) -> None:
    """Ana buys so that she would keep it, and that cannot be measured; Bo bought nothing more, and falls when it was known that
    he would."""
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    policy = moody_policy("1")
    policy["tiers"][0]["anyOf"][0]["allOf"][0] |= {"window": "ROLLING", "days": 30}
    with calendar("2026-01-20"):
        await in_force(owner, policy)
        ana, bo = await owner.customer(), await owner.customer()
        for one in (ana, bo):
            await owner.sells(one, "1.00", "2026-01-19")
    with calendar("2026-02-10"):
        moody.answer = raising
        await owner.sells(ana, "1.00", "2026-02-10")
    with calendar("2026-06-01"):
        await owner.job()
        assert await tiers_of(owner, [ana, bo]) == ["M", "C"]
        assert await owner.history(bo) == [("2026-01-20", "C", "M", "PURCHASE"), ("2026-02-18", "M", "C", "TIME")]
        moody.answer = counted
        await owner.job()
        assert await tiers_of(owner, [ana, bo]) == ["C", "C"]
        assert (await told(owner), await owner.wrong()) == ([], [])
        assert await owner.tier(ana, "2026-03-11") == "M"


async def test_what_people_decide_counts_all_the_same(open_tiers: OpenTiers, calendar: Any) -> None:
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    with calendar("2026-01-20"):
        await in_force(owner)
        ana, bo = await owner.customer(), await owner.customer()
        await owner.sells(ana, "1.00", "2026-01-19")
        moody.answer = raising
        for one, until in ((ana, "2026-01-25T00:00:00Z"), (bo, None)):
            given = {"customerId": one, "tier": "M", "reason": "A friend", "until": until}
            await owner.api.done("tierAssign", "customer { id }", given)
        assert await tiers_of(owner, [ana, bo]) == ["M", "M"]
        standing = await owner.standing(ana, "source reason failedMetric")
        assert standing == {"source": "MANUAL", "reason": "A friend", "failedMetric": "MOODY"}
        await owner.sells(ana, "1.00", "2026-01-20T10:00:00Z")
    with calendar("2026-01-26"):
        await owner.job()
        assert await tiers_of(owner, [ana, bo]) == ["C", "M"]  # his assignment has ended, not his being unmeasured
        moody.answer = counted
        await owner.job()
        assert await tiers_of(owner, [ana, bo]) == ["M", "M"]
        assert (await told(owner), await owner.wrong()) == ([], [])


async def test_switching_its_plugin_off_lowers_nobody_and_on_again_makes_up(
    open_tiers: OpenTiers, calendar: Any
) -> None:
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    with calendar("2026-01-20"):
        await in_force(owner)
        ana, bo = await owner.customer(), await owner.customer()
        for one in (ana, ana, bo):
            await owner.sells(one, "1.00", "2026-01-19")
        off = owner.over(await open_tiers())
        for one in (ana, bo):
            await off.sells(one, "1.00", "2026-01-20T10:00:00Z")
        new = await off.customer()
        await off.sells(new, "1.00", "2026-01-20T10:00:00Z")
        assert await tiers_of(off, [ana, bo, new]) == ["M", "C", "C"]
        assert await off.job() == 0
        assert await tiers_of(off, [ana, bo, new]) == ["M", "C", "C"]
        missing, failed = await told(off)
        assert missing.startswith("tier criterion MOODY: the plugin 'moody', which brings it, is off; tiers stay")
        assert "could not be measured for 3 customers" in failed
        assert await criterion(off) == {
            "metric": "MOODY", "plugin": "moody", "isAvailable": False,
            "failure": "MOODY cannot be measured: the plugin 'moody', which brings it, is off.",
        }  # fmt: skip
        assert (await off.standing(ana, STANDING))["failedMetric"] == "MOODY"
        on = owner.over(await open_tiers({"moody": moody}))
        await on.job()
        assert await tiers_of(on, [ana, bo, new]) == ["M", "M", "C"]
        assert (await told(on), await on.wrong()) == ([], [])
        assert await criterion(on) == {"metric": "MOODY", "plugin": "moody", "isAvailable": True, "failure": None}


async def test_a_policy_from_the_same_instant_on_goes_on_without_a_plugin_that_is_gone(
    open_tiers: OpenTiers, calendar: Any
) -> None:
    owner = Owner(await open_tiers({"moody": Moody()}))
    with calendar("2026-01-20"):
        await in_force(owner)
        ana, bo = await owner.customer(), await owner.customer()
        for one in (ana, ana, bo):
            await owner.sells(one, "1.00", "2026-01-19")
        off = owner.over(await open_tiers())
        await off.sells(bo, "1.00", "2026-01-20T10:00:00Z")
        policy = moody_policy(metric="ORDERS")
        answer = await off.api.data(
            "query($input: TierPolicySimulateInput!) { tierPolicySimulate(input: $input) {"
            " customerCount movedCount unmeasuredCount moves { before after customerCount }"
            " sample { before { failedMetric } after { failedMetric } } } }",
            input={"policy": policy, "effectiveAt": BEGINS},
        )
        assert answer["tierPolicySimulate"] == {
            "customerCount": 2, "movedCount": 1, "unmeasuredCount": 0,
            "moves": [{"before": "C", "after": "M", "customerCount": 1}, {"before": "M", "after": "M", "customerCount": 1}],
            "sample": [{"before": {"failedMetric": "MOODY"}, "after": {"failedMetric": None}}],
        }  # fmt: skip
        later = await off.api.data(
            "query($input: TierPolicySimulateInput!) { tierPolicySimulate(input: $input) { movedCount unmeasuredCount } }",
            input={"policy": policy},
        )
        assert later["tierPolicySimulate"] == {"movedCount": 0, "unmeasuredCount": 2}
        await in_force(off, policy)
        await off.job()
        assert await tiers_of(off, [ana, bo]) == ["M", "M"]
        assert (await told(off), await off.wrong()) == ([], [])
