"""Plugins hear of new groups of customers, with what the form carried for them, inside the transaction that makes them."""

from regulars_core.events.replay import catch_up
from regulars_core.groups.service import create_group
from regulars_core.imports import ImportOptions, import_customers
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_core.testing import statements
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith
from tests.imports.conftest import Files, silent
from tests.support.cards import Cards


async def test_by_a_form(with_cards: Api, cards: Cards) -> None:
    for given in ({"name": "One", "card": 1}, {"name": "None", "card": None}, {"name": "Silent"}):
        await with_cards.done("customerGroupCreate", "customerGroup { id }", given)
    assert cards.created == [("One", {"card": 1}), ("None", {"card": None}), ("Silent", {})]
    assert not any(row.is_default for row in cards.rows)
    assert [row[0] for row in await with_cards.shop.database.rows("SELECT changes FROM audit ORDER BY id")] == [
        '{"name":null,"card":null}', '{"name":null,"card":null}', '{"name":null}'
    ]  # fmt: skip


async def test_those_that_a_file_names(with_cards: Api, cards: Cards, files: Files) -> None:
    path = files.write("code,first_name,last_name,group\nC1,Ana,Li,Friends\nC2,Bo,Ek,Family\nC3,Cy,Om,Friends")
    await import_customers(with_cards.shop, path, ImportOptions(), silent)
    assert sorted(cards.created) == [("Family", {}), ("Friends", {})]


async def test_a_refusal_undoes_it_and_is_told(with_cards: Api, cards: Cards) -> None:
    made = await with_cards.do("customerGroupCreate", "customerGroup { id }", {"name": "One", "card": 13})
    assert [(error["code"], error["path"]) for error in made["userErrors"]] == [("UNLUCKY", ["input", "card"])]
    assert (await with_cards.data("{ customerGroups { totalCount } }")) == {"customerGroups": {"totalCount": 1}}
    assert await with_cards.refused("customerGroupCreate", {"name": " "}) == ["REQUIRED"]
    assert cards.created == []


async def test_who_was_off_is_told_of_those_that_are_still_there(open_with: OpenWith, cards: Cards) -> None:
    on = await open_with(plugins_on({"cards": cards}))
    await catch_up(on, "cards")  # it was on once
    api = Api.of(await open_with(plugins_on()))
    api.shop.keeps_journal = True
    for name in ("One", "Two"):
        made = await api.done("customerGroupCreate", "customerGroup { id }", {"name": name})
    await api.done("customerGroupDelete", "__typename", {"id": made["customerGroup"]["id"]})
    await catch_up(on, "cards")
    assert cards.created == [("One", {})]
    assert DEFAULT_GROUP_ID not in {row.id for row in cards.rows}


async def test_without_plugins_it_costs_nothing(shop: Shop) -> None:
    with statements(shop, 2):  # whether the name is taken, and the group
        await create_group(shop, "One", None)
