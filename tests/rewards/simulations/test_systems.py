"""A reward system is tried on the shop's own past: figures worked by hand, and nothing written."""

from datetime import datetime
from typing import Any

import pytest

import regulars_loyalty
from regulars_core.audiences.registry import audience_leaves
from regulars_core.plugin import Instant, Refused, RuleSimulation, instant_of, new_id
from regulars_rewards.simulations.systems import simulate_system, tried_system
from regulars_rewards.systems.changes import SystemDraft
from regulars_rewards.systems.system import SystemData
from regulars_rewards.triggers.bands import RewardMode
from tests.rewards.sales.conftest import OpenTill, Till
from tests.rewards.simulations.conftest import counted_rows, tea
from tests.rewards.systems.conftest import ONE_A_UNIT, Club, bands, rule_data

SINCE, UNTIL = (
    Instant(instant_of(datetime.fromisoformat(f"{day}T00:00:00+00:00"))) for day in ("2026-01-01", "2026-06-01")
)


async def tries(till: Till, replaces: str | None = None, sample: int = 20, **data: Any) -> RuleSimulation:
    """A system that is tried: a coupon for each 100.00 unless something else is said."""
    given: dict[str, Any] = {
        "trigger": rule_data("PURCHASE"),
        "reward": rule_data("COUPON", promotion=f"promotion_{new_id()}"),
        "target": 10,
        **data,
    }
    if given["trigger"].kind == "PURCHASE":
        given.setdefault("bands", bands(*ONE_A_UNIT))
    tried = await tried_system(till.shop, SystemDraft("Tried", SystemData(**given)), replaces)
    return await simulate_system(till.shop, tried, SINCE, UNTIL, sample)


async def buys(till: Till, customer: str | None, amount: str, day: str) -> dict[str, Any]:
    return await till.sold(lines=tea(amount), customerId=customer, purchasedAt=f"2026-{day}T12:00:00Z")


async def past(till: Till) -> tuple[str, str]:
    """Ana: 60, 50 and 100, of which 40 came back; Bo: 90 and a purchase of 30 that came back whole; a stranger: 400."""
    ana, bo = await till.customer("Ana"), await till.customer("Bo")
    await buys(till, ana, "60.00", "01-02")
    await buys(till, ana, "50.00", "01-03")
    third = await buys(till, ana, "100.00", "01-04")
    await till.office.done(
        "purchaseRefund", "refund { id }", {"purchaseId": third["id"], "amount": "40.00", "idempotencyKey": "a"}
    )
    await buys(till, bo, "90.00", "01-05")
    gone = await buys(till, bo, "30.00", "01-06")
    await till.refunds(gone, 0)
    await buys(till, None, "400.00", "01-07")
    return ana, bo


async def test_what_it_would_have_given(till: Till) -> None:
    """Ana: 6 + 5 = 11 gives one, 1 left; + 10 gives another, 1 left; - 4 takes it back: 7 left. Bo: 9 gives none."""
    await past(till)
    before = await counted_rows(till.shop)
    told = await tries(till)
    assert (told.unit, told.given, told.given_now, told.cost, told.cost_now) == ("COUPONS", 1, 0, None, None)
    assert (told.purchase_count, told.customer_count, told.winner_count, told.loser_count) == (4, 2, 1, 0)
    [ana] = told.sample
    assert ana.given == 1
    assert [one.text for one in ana.explanations] == [
        "100.00 is in 100.00–110.00: 10", "50.00 is in 50.00–60.00: 5", "60.00 is in 60.00–70.00: 6",
    ]  # fmt: skip
    assert await counted_rows(till.shop) == before


async def test_each_full_target_or_one(till: Till) -> None:
    """7 + 9 at a target of 3, in the mode NEXOPOS: one for each thing that happens, and the rest is kept."""
    ana = await till.customer("Ana")
    await buys(till, ana, "70.00", "01-02")
    await buys(till, ana, "90.00", "01-03")
    assert (await tries(till, target=3)).given == 5
    assert (await tries(till, target=3, mode=RewardMode.NEXOPOS)).given == 2


async def test_every_third_purchase_of_whom_it_is_for(till: Till) -> None:
    """Who had bought before: of Ana's five purchases four count, so one at each third, whatever came back of it in part."""
    ana, bo = await till.customer("Ana"), await till.customer("Bo")
    for n in range(1, 6):
        await buys(till, ana, "10.00", f"01-0{n}")
    for n in range(1, 4):
        await buys(till, bo, "10.00", f"01-0{n}")
    third = {"trigger": rule_data("NTH_PURCHASE", n=3), "target": 1}
    assert (await tries(till, **third)).given == 2
    told = await tries(till, **third, audience={"purchaseCount": {"gte": 1}})
    assert (told.given, told.winner_count) == (1, 1)


async def test_for_whom_it_is_cannot_be_told(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin of a leaf of the running one is off by now: said, and not taken for nobody."""
    await past(till)
    running = await Club(till).opens(target=4, starts_at=SINCE, audience={"not": {"purchaseCount": {"gte": 99}}})

    async def beside() -> tuple[int, list[str]]:
        told = await tries(till, replaces=running)
        return told.given_now, [note for note in told.notes if "cannot be told" in note]

    assert await beside() == (6, [])
    monkeypatch.delitem(audience_leaves(till.shop).by_name, "purchaseCount")  # type: ignore[arg-type]
    given, [note] = await beside()
    assert given == 0
    assert note.endswith("a plugin that they need is off or has failed; so they brought nothing: Club.")


async def test_beside_the_one_that_it_replaces(till: Till) -> None:
    await past(till)
    club = Club(till)
    running = await club.opens(target=4, starts_at=SINCE)
    told = await tries(till, replaces=running)
    assert (told.given, told.given_now, told.winner_count, told.loser_count) == (1, 6, 0, 2)
    assert [(one.given, one.given_now) for one in told.sample] == [(1, 4), (0, 2)]


async def test_money_and_points(open_till: OpenTill) -> None:
    """One reward of 7.50 of credit, or of 300 points; what is not the same is not compared."""
    till = await open_till({"loyalty": regulars_loyalty})
    await past(till)
    credit = rule_data("CREDIT", amount="7.50")
    told = await tries(till, reward=credit)
    assert (told.unit, str(told.given), told.cost) == ("USD", "7.50", till.shop.money(750))
    points = await tries(till, reward=rule_data("POINTS", points=300))
    assert (points.unit, points.given, points.cost) == ("PTS", 300, None)
    club = Club(till)
    running = await club.opens(target=10, reward=credit, starts_at=SINCE)
    other = await tries(till, replaces=running)
    assert (other.unit, other.given, other.given_now, other.cost_now) == ("COUPONS", 1, 0, till.shop.money(750))
    assert any("not compared" in note for note in other.notes)


async def test_birthdays_of_everybody(till: Till, calendar: Any) -> None:
    """Who was a customer by then, and had a birthday in these months, whether or not they bought."""
    with calendar("2025-12-01"):
        await till.customer("Ana", birthDate="1990-03-04")
        await till.customer("Bo", birthDate="1990-09-09")
    with calendar("2026-05-01"):
        await till.customer("Cy", birthDate="1990-02-02")
    told = await tries(till, trigger=rule_data("BIRTHDAY"), target=1)
    assert (told.given, told.winner_count, told.customer_count, told.purchase_count) == (1, 1, 0, 0)
    assert [one.text for one in told.sample[0].explanations] == ["the birthday, on 2026-03-04"]


async def test_who_has_not_bought_for_some_time(till: Till, calendar: Any) -> None:
    """30 days without a purchase: from 2 January until 20 March once, and after that until the end again; never for Bo, who
    bought each month."""
    with calendar("2025-12-01"):
        ana, bo = await till.customer("Ana"), await till.customer("Bo")
    await buys(till, ana, "10.00", "01-02")
    await buys(till, ana, "10.00", "03-20")
    for day in ("01-05", "02-02", "03-01", "03-28", "04-22", "05-15"):
        await buys(till, bo, "10.00", day)
    told = await tries(till, trigger=rule_data("INACTIVITY", days=30), target=1)
    assert (told.given, told.winner_count, told.purchase_count) == (2, 1, 8)


async def test_who_comes_back_on_the_very_day_was_away_until_then(till: Till, calendar: Any) -> None:
    """As the days themselves would have given it: on the 30th day nothing had been bought before it. What is bought on the last
    day of all changes nothing."""
    with calendar("2025-12-01"):
        ana = await till.customer("Ana")
    for day in ("01-02", "02-01", "02-01", "03-02", "05-31"):
        await buys(till, ana, "10.00", day)
    told = await tries(till, trigger=rule_data("INACTIVITY", days=30), target=1)
    assert [one.text[-10:] for one in told.sample[0].explanations] == ["2026-04-01", "2026-02-01"]
    assert told.given == 2


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"target": 0}, "OUT_OF_RANGE", "rewardSystem.target"),
        ({"audience": {"hasEmail": True}}, "INVALID_AUDIENCE", "rewardSystem.audience.hasEmail"),
        ({"trigger": rule_data("TIER_CHANGE", tier="A")}, "INVALID_RULE", "rewardSystem.triggerRule.kind"),
        ({"replaces": "0" * 32}, "NOT_FOUND", "replacesId"),
    ],
)
async def test_what_is_wrong(till: Till, wrong: Any, code: str, path: str) -> None:
    with pytest.raises(Refused) as refused:
        await tries(till, **wrong)
    assert [(one.code, ".".join(one.path)) for one in refused.value.problems] == [(code, path)]


async def test_statements_do_not_grow(till: Till) -> None:
    ana = await till.customer("Ana")
    counts = []
    for n in range(1, 6):
        await buys(till, ana, "10.00", f"01-0{n}")
        if n in {2, 5}:
            with till.shop.database.counting() as counted:
                await tries(till, audience={"purchaseCount": {"gte": 1}})
            counts.append(len(counted))
    assert counts[0] == counts[1]
