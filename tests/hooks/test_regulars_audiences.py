"""Plugins bring leaves of audiences; where theirs are off or fail, an audience is for nobody."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from regulars_core.audiences.box import CUSTOMER
from regulars_core.audiences.registry import AudienceLeaves
from regulars_core.plugin import (
    AudienceFacts,
    AudienceLeaf,
    CustomerMoment,
    Holds,
    Instant,
    Lookup,
    PluginError,
    Shop,
    audience_answers,
    audience_lookups,
    now,
    plugins_on,
    read_audiences,
)
from regulars_core.testing import OpenShop, statements
from tests.hooks.test_plugins import plugin

ANA, BO = "a" * 32, "b" * 32
CARDS = {ANA: 3}
Who = Sequence[CustomerMoment]


def lookup_cards(shop: Shop, who: Who) -> Lookup:
    keys = shop.database.dialect.keys(1)
    return f"SELECT k.key, CAST(length(CAST(k.key AS TEXT)) AS BIGINT) FROM {keys}", [sorted({one[0] for one in who})]


def cards_of(_: Shop, who: Who, rows: Sequence[Sequence[Any]]) -> Mapping[CustomerMoment, int]:
    asked = {row[0] for row in rows[0]}
    return {one: CARDS[one.customer_id] for one in who if one.customer_id in asked & CARDS.keys()}


def compares(_: Shop, comparison: Any) -> Holds:
    least = comparison["gte"]
    return lambda cards, _: cards >= least


FACTS = AudienceFacts([lookup_cards], cards_of)
LEAF = AudienceLeaf("cards", FACTS, compares)


def bringing(*leaves: Any) -> Any:
    return plugin(regulars_audiences=lambda: leaves)


def test_leaves_are_found_with_their_owner() -> None:
    found = AudienceLeaves.of(plugins_on({"club": bringing(LEAF)}))
    assert found.by_name["cards"] is LEAF
    assert (found.owners["cards"], found.owners["group"]) == ("club", "core")


@pytest.mark.parametrize(
    ("leaves", "message"),
    [
        ([LEAF, LEAF], r"cards is defined by 'club' and by 'club'"),
        ([AudienceLeaf("group", CUSTOMER, compares)], r"group is defined by 'core' and by 'club'"),
        (["cards"], "The plugin 'club' must answer regulars_audiences with"),
        ([AudienceLeaf("not", FACTS, compares)], "must answer"),
        ([AudienceLeaf("Cards owned", FACTS, compares)], "must answer"),
    ],
)
def test_what_is_no_leaf_stops_the_start(leaves: list[Any], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        AudienceLeaves.of(plugins_on({"club": bringing(*leaves)}))


async def opened_with(open_shop: OpenShop, *leaves: Any) -> Shop:
    return await open_shop(plugins=plugins_on({"club": bringing(*leaves)}))


MANY, FEW, OFF = {"cards": {"gte": 3}}, {"not": {"cards": {"gte": 3}}}, {"stamps": {"gte": 1}}


async def asked(shop: Shop, *audiences: Any) -> list[str]:
    """For each audience who is in it."""
    at = now()
    answers = await read_audiences(shop, dict(enumerate(audiences)), [(ANA, at), (BO, at)])
    names = {"A": CustomerMoment(ANA, at), "B": CustomerMoment(BO, at)}
    return ["".join(name for name, one in names.items() if answers[n, one]) for n in range(len(audiences))]


async def test_a_plugins_leaf_is_asked(open_shop: OpenShop) -> None:
    shop = await opened_with(open_shop, LEAF)
    assert await asked(shop, MANY, FEW, {"all": []}, {"any": []}, None) == ["A", "B", "AB", "", "AB"]
    with statements(shop, 1):
        await asked(shop, MANY, FEW, {"any": [MANY, FEW]})
    with statements(shop, 0):
        assert await asked(shop, None, OFF) == ["AB", ""]


async def test_an_audience_with_a_leaf_whose_plugin_is_off_is_for_nobody(open_shop: OpenShop) -> None:
    shop = await opened_with(open_shop, LEAF)
    trees = [OFF, {"not": OFF}, {"any": [OFF, {"not": {"any": []}}]}, {"all": [{"any": []}, OFF]}]
    assert await asked(shop, *trees, MANY) == ["", "", "", "", "A"]


def _raising(*_: Any) -> Any:
    raise ValueError("Ana has three")


@pytest.mark.parametrize(
    "leaf",
    [
        AudienceLeaf("stamps", AudienceFacts([lookup_cards], _raising), compares),
        AudienceLeaf("stamps", FACTS, _raising),
        AudienceLeaf("stamps", FACTS, lambda *_: _raising),
    ],
    ids=["reads", "is told", "compares"],
)
async def test_a_leaf_that_fails_is_contained(
    open_shop: OpenShop, leaf: AudienceLeaf, caplog: pytest.LogCaptureFixture
) -> None:
    shop = await opened_with(open_shop, LEAF, leaf)
    assert await asked(shop, MANY, OFF, {"not": OFF}, FEW) == ["A", "", "", "B"]
    assert "the audience leaf stamps of 'club' failed" in caplog.text
    assert "Ana" not in caplog.text


async def test_what_was_looked_up_for_others_is_left_out(open_shop: OpenShop) -> None:
    """Whose keys were only sought is known in the second half alone."""
    shop, at = await opened_with(open_shop, LEAF), now()
    audiences = {"": MANY, "young": {"age": {"lt": 30}}, "new": {"purchaseCount": {"lte": 0}}}
    lookups = audience_lookups(shop, audiences, [(ANA, at), (BO, Instant(at - 1))])
    found = await shop.database.read_together(lookups)
    assert audience_answers(shop, audiences, [(ANA, at)], found) == {
        ("", (ANA, at)): True,
        ("young", (ANA, at)): False,
        ("new", (ANA, at)): False,  # nobody of this id is there
    }
    assert audience_answers(shop, audiences, [], found) == {}
