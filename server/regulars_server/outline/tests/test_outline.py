"""The plugin as a shop meets it."""

import regulars_outline
from regulars_core.plugin import Plugins
from regulars_core.testing import Databases, Engine, hooks_lacking, little_of_everything, misses_nothing, statements
from regulars_schema.testing import Api


async def test_purchases_are_counted_for_who_may_see_it(api: Api) -> None:
    made = await api.done("customerCreate", "customer { id outlineCount }", {"firstName": "Ana", "lastName": "Li"})
    assert made["customer"]["outlineCount"] == 0
    basket = {"customerId": made["customer"]["id"], "lines": [{"name": "Tea", "total": "3.50"}]}
    for reference in ("R1", "R2", "R3"):
        await api.done("purchaseRecord", "purchase { id }", {"reference": reference, **basket})
    answer = await api.data("query($id: ID!) { customer(id: $id) { outlineCount } }", id=made["customer"]["id"])
    assert answer == {"customer": {"outlineCount": 3}}
    refused = await Api.of(api.shop, "accountant").ask("{ customers { nodes { firstName outlineCount } } }")
    assert refused.codes == ["FORBIDDEN"]
    assert refused.data["customers"]["nodes"] == [{"firstName": "Ana", "outlineCount": None}]


async def test_a_merge_counts_for_the_survivor_until_it_is_undone(api: Api) -> None:
    ids = []
    for name in ("Ana", "Anna"):
        made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
        ids.append(made["customer"]["id"])
        sale = {"reference": name, "customerId": ids[-1], "lines": [{"name": "Tea", "total": "3.50"}]}
        await api.done("purchaseRecord", "purchase { id }", sale)
    counts = "query($ids: ID!) { customer(id: $ids) { outlineCount } }"
    given = {"survivorId": ids[0], "absorbedIds": ids[1:]}
    merge = (await api.done("customersMerge", "customersMerge { mergeId }", given))["customersMerge"]
    assert (await api.data(counts, ids=ids[1]))["customer"]["outlineCount"] == 2
    await api.done("customersUnmerge", "customers { id }", merge)
    assert [(await api.data(counts, ids=one))["customer"]["outlineCount"] for one in ids] == [1, 1]


async def test_a_page_costs_one_statement_more(api: Api) -> None:
    await little_of_everything(api.shop)
    with statements(api.shop, 2):
        await api.data("{ customers { nodes { outlineCount } } }")


async def test_nothing_is_missed_while_it_is_off(databases: Databases, engine: Engine, plugins: Plugins) -> None:
    await misses_nothing(databases, engine, plugins, "outline")


def test_it_takes_part_in_what_becomes_of_customers() -> None:
    assert hooks_lacking(regulars_outline, "outline") == []
