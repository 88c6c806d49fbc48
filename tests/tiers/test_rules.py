"""The worked dates of the rules, without a database."""

from zoneinfo import ZoneInfo

import pytest

from regulars_core.plugin import NEVER
from regulars_tiers.rules.policy import SEED, CriterionData, Downgrade, PolicyData, TierData
from regulars_tiers.rules.timeline import Assignment
from tests.support.tier_rules import at, bought, days, history, versions


def assigned(tier: str | None, when: str, mode: str = "FLOOR", until: str | None = None) -> Assignment:
    return Assignment(when, at(when), tier, mode, at(until) if until else None, "ASSIGN", "because", "till")  # type: ignore[arg-type]


def test_up_at_once_and_down_step_by_step() -> None:
    past = history(bought(520, "2026-01-10"), bought(220, "2026-02-20"))
    assert days(versions(), past) == {"2026-01-10": "A", "2026-05-10": "B", "2026-06-20": "C"}


@pytest.mark.parametrize("order", [0, 1])
def test_what_was_refunded_was_never_spent(order: int) -> None:
    first, kept = bought(3_000, "2025-06-01"), {}
    for refund, net in {"none": 2_100, "50": 2_050, "200": 1_900, "2100": 0}.items():
        purchases = [first, bought(net, "2026-02-01", counted=net > 0)]
        kept[refund] = days(versions(), history(*purchases[:: 1 - 2 * order]))
    a_by_june = {"2025-06-01": "A"}  # 3,000 in a month
    assert kept["none"] == kept["50"] == a_by_june | {"2025-09-29": "B", "2026-02-01": "A"}
    assert kept["200"] == a_by_june | {"2025-09-29": "B", "2026-02-01": "A", "2026-06-01": "B"}
    assert kept["2100"] == a_by_june | {"2025-09-29": "B"}


def test_a_first_purchase_refunded_leaves_nothing() -> None:
    assert days(versions(), history(bought(5_200, "2026-01-10"))) == {"2026-01-10": "A"}
    assert days(versions(), history(bought(0, "2026-01-10", counted=False))) == {}


def tier(code: str, *criteria: CriterionData) -> TierData:
    return TierData(code=code, name=code, criteria=tuple((one,) for one in criteria))


def spend(threshold: str, window: str, days_: int | None = None, metric: str = "NET_SPEND") -> CriterionData:
    return CriterionData(metric=metric, window=window, days=days_, threshold=threshold)  # type: ignore[arg-type]


def two(*criteria: CriterionData, grace: int = 0, **more: object) -> PolicyData:
    return PolicyData(tiers=(tier("A", *criteria), tier("C")), grace_days=grace, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("window", "length", "until"),
    [
        ("ROLLING", 1, "2024-02-30"),
        ("ROLLING", 30, "2024-03-30"),
        ("ROLLING", 366, "2025-03-01"),
        ("CALENDAR_MONTH", None, "2024-03-01"),
        ("CALENDAR_QUARTER", None, "2024-04-01"),
        ("CALENDAR_YEAR", None, "2025-01-01"),
        ("LIFETIME", None, None),
    ],
)
def test_windows_from_a_leap_day(window: str, length: int | None, until: str | None) -> None:
    found = days(versions(first=two(spend("10", window, length))), history(bought(10, "2024-02-29")))
    expected = {"2024-02-29": "A"} | ({until.replace("02-30", "03-01"): "C"} if until else {})
    assert found == expected


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
@pytest.mark.parametrize("when", ["2026-03-07T23:59", "2026-03-08T00:00", "2026-10-31T23:30", "2026-11-01T00:30"])
def test_days_are_the_shops(zone: str, when: str) -> None:
    there = ZoneInfo(zone)
    found = days(versions(first=two(spend("10", "ROLLING", 2), grace=1)), history(bought(10, when, there)), there)
    first = when[:10]
    third = {
        "2026-03-07": "2026-03-10",
        "2026-03-08": "2026-03-11",
        "2026-10-31": "2026-11-03",
        "2026-11-01": "2026-11-04",
    }
    assert found == {first: "A", third[first]: "C"}


def test_both_of_a_set_and_one_of_the_sets() -> None:
    both = (spend("100", "LIFETIME"), spend("2", "LIFETIME", metric="ORDERS"))
    a = TierData(code="A", name="A", criteria=(both, (spend("500", "LIFETIME"),)))
    known = versions(first=PolicyData(tiers=(a, tier("C"))))
    assert days(known, history(bought(120, "2026-01-01"))) == {}
    assert days(known, history(bought(120, "2026-01-01"), bought(1, "2026-01-05"))) == {"2026-01-05": "A"}
    assert days(known, history(bought(499.99, "2026-01-01"), bought(0.01, "2026-01-05", counted=False))) == {
        "2026-01-05": "A"
    }


def test_a_tier_that_is_never_lost() -> None:
    rolling = spend("10", "ROLLING", 5)
    past = history(bought(10, "2026-01-01"))
    assert days(versions(first=two(rolling)), past) == {"2026-01-01": "A", "2026-01-06": "C"}
    assert days(versions(first=two(rolling, downgrade=Downgrade.NEVER)), past) == {"2026-01-01": "A"}


def test_each_day_by_the_policy_in_force_then() -> None:
    lax, strict = two(spend("100", "LIFETIME"), grace=10), two(spend("200", "LIFETIME"), grace=10)
    past = history(bought(150, "2026-01-05"), bought(60, "2026-03-01"))
    found = days(versions(("2026-02-01", strict), first=lax), past)
    assert found == {"2026-01-05": "A", "2026-02-12": "C", "2026-03-01": "A"}
    assert days(versions(("2026-02-01", lax), first=strict), past) == {"2026-02-01": "A"}


def test_a_floor_lifts_and_an_exact_tier_holds() -> None:
    past = [bought(520, "2026-01-10")]
    floor = [assigned("B", "2026-01-05")]
    assert days(versions(), history(*past, assigned=floor)) == {
        "2026-01-05": "B", "2026-01-10": "A", "2026-05-10": "B",
    }  # fmt: skip
    exact = [assigned("B", "2026-01-05", "EXACT", "2026-02-01")]
    assert days(versions(), history(*past, assigned=exact)) == {
        "2026-01-05": "B", "2026-02-01": "A", "2026-05-10": "C",
    }  # fmt: skip
    cleared = [*floor, assigned(None, "2026-06-01")]
    assert days(versions(), history(*past, assigned=cleared))["2026-06-01"] == "C"
    replaced = [*floor, assigned("C", "2026-01-12", "EXACT")]
    assert days(versions(), history(*past, assigned=replaced)) == {
        "2026-01-05": "B", "2026-01-10": "A", "2026-01-12": "C",
    }  # fmt: skip


def test_thresholds_reached_by_the_purchase_itself() -> None:
    """ERPNext's cases: (spent, current purchase) at Bronze 0, Silver 10000, Gold 20000."""
    tiers = (tier("Gold", spend("20000", "LIFETIME")), tier("Silver", spend("10000", "LIFETIME")), tier("Bronze"))
    known = versions(first=PolicyData(tiers=tiers, upgrade_applies_to_trigger=True))
    cases = [(0, 6000), (0, 15000), (0, 25000), (4000, 500), (8000, 3000), (18000, 3000), (22000, 5000)]
    found = []
    for spent, current in cases:
        past = history(bought(spent, "2026-01-01"), bought(current, "2026-01-02"))
        found.append(list(days(known, past).values() or ["Bronze"])[-1])
    assert found == ["Bronze", "Silver", "Gold", "Bronze", "Silver", "Gold", "Gold"]


def test_the_seed_is_in_force_from_the_beginning() -> None:
    assert versions().at(NEVER).policy.data == SEED
    assert [tier.code for tier in versions().at(at("2026-01-01")).policy.tiers] == ["C", "B", "A"]
