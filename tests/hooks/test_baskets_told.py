"""What a till was told is given back to the lines before it is quoted again."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from regulars_core.plugin import Basket, Quote, hookimpl, plugins_on
from regulars_schema.testing import Api
from tests.conftest import OpenShop
from tests.support.tellers import asked

LINES = [
    {"name": "Tea", "unitPrice": "5.00", "discount": "2.00"},
    {"name": "Cake", "total": "3.00", "discount": "1.00"},
]


class Noting:
    """A plugin that notes what it is asked about, and says that it had told these discounts."""

    def __init__(self, told: Any = None) -> None:
        self.seen: list[list[tuple[int, int]]] = []
        self.quotes: list[Quote | None] = []
        self._told = told

    @hookimpl
    def baskets_told(self, baskets: Sequence[Any], extras: Sequence[Mapping[str, Any]]) -> Any:
        assert len(baskets) == len(extras)
        if isinstance(self._told, Exception):
            raise self._told
        return self._told

    @hookimpl
    def baskets_quoted(self, baskets: Sequence[Basket]) -> Sequence[Quote]:
        self.seen += [[(line.discount, line.total) for line in basket.lines] for basket in baskets]
        return [Quote()] * len(baskets)

    @hookimpl
    async def purchases_recorded(self, quotes: Sequence[Quote | None]) -> None:
        self.quotes += quotes


async def sold(open_shop: OpenShop, **plugins: Any) -> None:
    api = Api.of(await open_shop(plugins=plugins_on(plugins)))
    made = await api.done("purchaseRecord", "purchase { total { amount } }", {"reference": "R1", "lines": LINES})
    assert made["purchase"]["total"] == {"amount": "6.00"}


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (None, [(200, 300), (100, 300)]),
        ([[0, 0]], [(200, 300), (100, 300)]),
        ([[150, 100]], [(50, 450), (0, 400)]),
        ([[201, 10_000]], [(0, 500), (0, 400)]),
    ],
)
async def test_it_is_given_back_as_far_as_it_was_taken_off(
    open_shop: OpenShop, told: Any, seen: list[tuple[int, int]]
) -> None:
    noting = Noting(told)
    await sold(open_shop, noting=noting)
    assert noting.seen == [seen]
    assert noting.quotes == [Quote()]


async def test_what_all_have_told_is_given_back_to_all(open_shop: OpenShop) -> None:
    first, second, third = Noting([[100, 0]]), Noting([[50, 60]]), Noting()
    await sold(open_shop, first=first, second=second, third=third)
    assert first.seen == second.seen == third.seen == [[(50, 450), (40, 360)]]


async def test_the_query_is_told_what_is_taken_off_by_hand_only(open_shop: OpenShop) -> None:
    noting = Noting([[150, 100]])
    await asked(Api.of(await open_shop(plugins=plugins_on({"noting": noting}))), {"lines": LINES})
    assert noting.seen[-1] == [(200, 300), (100, 300)]


@pytest.mark.parametrize(
    "told", [[], [[1]], [[1, 2, 3]], [[1, 2], [1, 2]], [[-1, 0]], [[0.5, 0]], [[True, 0]], [None], 7, RuntimeError()]
)
async def test_what_is_told_wrongly_is_contained(open_shop: OpenShop, told: Any) -> None:
    """The plugin is not asked any further, and the others go on without it."""
    wrong, right = Noting(told), Noting([[100, 0]])
    await sold(open_shop, wrong=wrong, right=right)
    assert (wrong.seen, wrong.quotes) == ([], [None])
    assert (right.seen, right.quotes) == ([[(100, 400), (100, 300)]], [Quote()])
