"""What each reward system gave for purchases, found anew by the versions of their instants."""

from decimal import Decimal
from typing import Any

from regulars_core.plugin import RuleOutcome, SkipReason
from regulars_rewards.progress.outcomes import outcomes_of
from regulars_rewards.systems.changes import SystemDraft, update_system
from tests.rewards.systems.conftest import Club, bands, rule_data


async def told(club: Club, purchase: dict[str, Any]) -> dict[str, RuleOutcome]:
    """The outcomes of a purchase by the name of the system."""
    key = purchase["id"].partition("_")[2]
    return {one.name: one for one in (await outcomes_of(club.shop, [key]))[key]}


async def test_why_there_is_something_and_why_nothing(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(name="By size", bands=bands((0, 1_000, 1), (1_000, 5_000, 3)))
    await club.opens(name="For others", bands=bands((0, None, 1)), audience={"purchaseCount": {"gte": 9}})
    await club.opens(name="Off", bands=bands((0, None, 1)), is_enabled=False)
    await club.opens(name="By others", trigger=rule_data("NOBODYS"))
    await club.opens(name="Birthdays", trigger=rule_data("BIRTHDAY"))
    await club.opens(name="Shadow", bands=bands((0, None, 1)), is_shadow=True)
    sale = await club.buys(ana, "42.00")
    found = await told(club, sale)
    assert {name: (one.given, one.reason) for name, one in found.items()} == {
        "By size": (Decimal(3), None),
        "For others": (Decimal(0), SkipReason.AUDIENCE),
        "Off": (Decimal(0), SkipReason.NOT_IN_FORCE),
        "By others": (Decimal(0), SkipReason.UNAVAILABLE),
    }
    assert found["By size"].explanation.text == "42.00 is in 10.00–50.00: 3"
    stranger = await club.till.sold(lines=[{"sku": "TEA", "unitPrice": "42.00"}])
    assert (await told(club, stranger))["By size"].reason is SkipReason.NO_CUSTOMER
    large = await club.buys(ana, "500.00")
    assert (await told(club, large))["By size"].reason is SkipReason.NO_MATCH


async def test_by_the_version_of_then_and_nothing_of_what_is_undone(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(bands=bands((0, None, 40)))
    sale = await club.buys(ana, "10.00")
    one = bands((0, None, 1))
    await update_system(
        club.shop, club.system, lambda was: SystemDraft(was.name, was.data.model_copy(update={"bands": one}))
    )
    assert (await told(club, sale))["Club"].given == 40
    await club.gives_back(sale)
    undone = (await told(club, sale))["Club"]
    assert (undone.given, undone.reason) == (Decimal(0), SkipReason.UNDONE)
