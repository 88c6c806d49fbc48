"""Whatever a trigger of a plugin answers, a sale is recorded, and the doctor tells of it."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import pytest

import regulars_rewards
from regulars_core.plugin import Given, NoSettings, PurchaseFact, Sale, Shop, hookimpl, plugins_on
from regulars_core.testing import OpenShop
from regulars_rewards.plugin import HistoryTrigger, PurchaseTrigger
from regulars_rewards.progress.failures import failures, try_again
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, rule_data


class _Odd:
    """A plugin whose triggers answer what they are told to, once their laws were tried."""

    answer: ClassVar[Callable[[], Any]] = lambda: 1
    per: ClassVar[Callable[[], Any]] = lambda: 1

    @classmethod
    def give(cls, _: NoSettings, __: Sale) -> Any:
        return cls.answer()

    @classmethod
    def total(cls, _: NoSettings, __: Sequence[PurchaseFact]) -> Any:
        return cls.answer()

    @hookimpl
    def regulars_rules(self) -> Sequence[Any]:
        """Its two kinds."""
        return [
            PurchaseTrigger("ODD", NoSettings, "Odd", self.give, per=lambda _: _Odd.per()),
            HistoryTrigger("ODDS", NoSettings, "Odds", self.total),
        ]


@pytest.fixture
async def odd(open_shop: OpenShop) -> Club:
    """A shop with a plugin whose triggers answer anything."""
    _Odd.answer, _Odd.per = (lambda: 1), (lambda: 1)
    return Club(Till(await open_shop(plugins=plugins_on({"rewards": regulars_rewards, "odd": _Odd()}))))


async def doctor(shop: Shop) -> list[str]:
    return [one async for one in failures(shop)]


@pytest.mark.parametrize("kind", ["ODD", "ODDS"])
@pytest.mark.parametrize(
    "answer", [None, -1, 1.5, True, "7", 10**30, Decimal(1), [], Given(1, lines=[None]), Given(1, worth=lambda _: 10**30),
    Given(1, figures={"X": object()}), Given(1, figures={("a", "b"): 1})],
    ids=lambda answer: type(answer).__name__,
)  # fmt: skip
async def test_a_sale_is_recorded_whatever_it_answers(odd: Club, kind: str, answer: Any) -> None:
    ana = await odd.till.customer()
    await odd.opens(trigger=rule_data(kind))
    _Odd.answer = lambda: answer
    sale = await odd.buys(ana, "5.00")
    await odd.gives_back(sale, "1.00")
    await try_again(odd.shop)
    progress, _ = await odd.has(ana)
    assert progress == 0 or (isinstance(answer, Given) and kind == "ODD")
    assert len(await doctor(odd.shop)) == (0 if progress else 1)
    _Odd.answer = lambda: 1
    assert await try_again(odd.shop) == 0
    assert await odd.wrong() == []


@pytest.mark.parametrize("per", [0, -1, None, 1.5, "1"])
async def test_a_trigger_that_does_not_say_what_one_is_cannot_be_used(odd: Club, open_shop: OpenShop, per: Any) -> None:
    ana = await odd.till.customer()
    await odd.opens(trigger=rule_data("ODD"))
    _Odd.per = lambda: per
    other = Club(Till(await open_shop(plugins=plugins_on({"rewards": regulars_rewards, "odd": _Odd()}))))
    other.till.numbers = odd.till.numbers
    await other.buys(ana, "5.00")
    assert await other.has(ana) == (0, 0)
    assert len(await doctor(other.shop)) == 1
