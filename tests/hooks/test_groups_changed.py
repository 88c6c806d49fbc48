"""Plugins hear of changed groups of customers, also where only what the form carried for them is new."""

from typing import Any

from regulars_core.events.replay import catch_up
from regulars_core.groups.service import change_group, create_group
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_core.testing import statements
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith
from tests.support.cards import Cards


async def made(api: Api, **given: Any) -> str:
    answer = await api.done("customerGroupCreate", "customerGroup { id }", {"name": "One", **given})
    return str(answer["customerGroup"]["id"])


async def test_rows_of_after_with_what_was_carried(with_cards: Api, cards: Cards) -> None:
    one = await made(with_cards)
    for given in ({"name": "Uno"}, {"description": "First.", "card": 2}, {"card": None}):
        await with_cards.done("customerGroupUpdate", "customerGroup { id }", {"id": one, **given})
    assert cards.changed == [("Uno", None, {}), ("Uno", "First.", {"card": 2}), ("Uno", "First.", {"card": None})]


async def test_a_refusal_undoes_it_and_is_told(with_cards: Api, cards: Cards) -> None:
    one, nobody = await made(with_cards), "group_" + "0" * 32
    assert await with_cards.refused("customerGroupUpdate", {"id": one, "name": "Uno", "card": 13}) == ["UNLUCKY"]
    assert await with_cards.refused("customerGroupUpdate", {"id": nobody, "card": 1}) == ["NOT_FOUND"]
    names = await with_cards.data("{ customerGroups { nodes { name } } }")
    assert [node["name"] for node in names["customerGroups"]["nodes"]] == ["Customers", "One"]
    assert cards.changed == []


async def test_who_was_off_is_told_how_it_is_now(open_with: OpenWith, cards: Cards) -> None:
    on = await open_with(plugins_on({"cards": cards}))
    await catch_up(on, "cards")  # it was on once
    api = Api.of(await open_with(plugins_on()))
    api.shop.keeps_journal = True
    one = await made(api)
    for name in ("Uno", "Eins"):
        await api.done("customerGroupUpdate", "__typename", {"id": one, "name": name})
    await catch_up(on, "cards")
    assert cards.changed == [("Eins", None, {})] * 2


async def test_without_plugins_it_costs_nothing(shop: Shop) -> None:
    one = await create_group(shop, "One", None)
    with statements(shop, 1):
        await change_group(shop, one, {"description": "First."})
