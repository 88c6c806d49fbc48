"""A10: objects by many ids at once, the words that are in use, and tags for the version that was looked at."""

import asyncio
from typing import Any

import pytest

import regulars_tiers
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.purchases.sales import words
from regulars_core.shop.actors import Actor, Binding
from regulars_schema.testing import Api
from tests.support.keys import holding

NODES = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
  ... on Customer { displayName group { name } } ... on Purchase { reference lines { name } } } }"""
WORDS = (
    "query($of: Vocabulary!, $q: String, $n: Int) { vocabulary(of: $of, search: $q, first: $n) { value label count } }"
)


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers})


@pytest.fixture
def api(shop: Shop) -> Api:
    return Api.of(shop)


async def store(api: Api, code: str) -> str:
    return str((await api.done("storeCreate", "store { id }", {"code": code, "name": code}))["store"]["id"])


async def customer(api: Api, first: str, **more: Any) -> str:
    given = {"firstName": first, "lastName": "Li", "force": True, **more}
    return str((await api.done("customerCreate", "customer { id }", given))["customer"]["id"])


async def sells(api: Api, reference: str, code: str = "HERE", **more: Any) -> str:
    line = {"name": "Tea", "total": "10.00", "brand": more.pop("brand", None), "category": more.pop("category", None)}
    sale = {"reference": reference, "storeCode": code, "lines": [line, {**line, "name": "Cup"}], **more}
    return str((await api.done("purchaseRecord", "purchase { id }", sale))["purchase"]["id"])


def bound(api: Api, *bindings: Binding) -> Api:
    return Api(api.schema, api.shop, Actor("till", "till", bindings))


async def test_a10_objects_by_their_ids_in_order(api: Api) -> None:
    here = await store(api, "HERE")
    people = [await customer(api, name) for name in ("Ana", "Bo")]
    sold = await sells(api, "R1", customerId=people[0])
    missing = people[0][:-4] + "0000"
    ids = [sold, people[1], missing, here, people[0], people[1], "nothing_" + "0" * 32, f"line_{'0' * 32}"]
    found = (await api.data(NODES, ids=ids))["nodes"]
    assert [one and one["id"] for one in found] == [sold, people[1], None, here, people[0], people[1], None, None]
    assert found[0] == {
        "__typename": "Purchase",
        "id": sold,
        "reference": "R1",
        "lines": [{"name": "Tea"}, {"name": "Cup"}],
    }
    assert [found[n]["displayName"] for n in (1, 4, 5)] == ["Bo Li", "Ana Li", "Bo Li"]
    assert (await api.data(NODES, ids=[]))["nodes"] == []
    one = await api.data(
        "query($id: ID!) { node(id: $id) { __typename id } nodes(ids: [$id]) { __typename id } }", id=sold
    )
    assert one["nodes"] == [one["node"]]


async def test_a10_as_many_statements_as_there_are_types(api: Api) -> None:
    await store(api, "HERE")
    people = [await customer(api, f"Ana{n}") for n in range(8)]
    sold = [await sells(api, f"R{n}", customerId=people[n]) for n in range(8)]
    counts = []
    for number in (1, 8):
        with api.shop.database.counting() as statements:
            await api.data(NODES, ids=[*people[:number], *sold[:number]])
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 4


async def test_a10_ids_that_are_none_or_too_many_are_refused(api: Api) -> None:
    ana = await customer(api, "Ana")
    answer = await api.ask(NODES, ids=[ana, "x"])
    assert (answer.codes, answer.data) == (["BAD_USER_INPUT"], {"nodes": None})
    assert len((await api.data(NODES, ids=[ana] * 100))["nodes"]) == 100
    answer = await api.ask(NODES, ids=[ana] * 101)
    assert answer.codes == ["BAD_USER_INPUT"]
    wide = " ".join(
        f"n{n}: nodes(ids: $ids) {{ id ... on Customer {{ purchases(first: 100) {{ nodes {{ id }} }} }} }}"
        for n in range(9)
    )
    answer = await api.ask(f"query($ids: [ID!]!) {{ {wide} }}", ids=[ana] * 100)
    assert answer.codes == ["QUERY_TOO_COMPLEX"]


async def test_a10_what_may_not_be_seen_is_null_and_no_error(api: Api) -> None:
    here, _ = await store(api, "HERE"), await store(api, "THERE")
    ana = await customer(api, "Ana")
    own, foreign = await sells(api, "R1"), await sells(api, "R2", "THERE")
    note = (await api.done("noteAdd", "note { id }", {"customerId": ana, "body": "Tea."}))["note"]["id"]
    till = bound(api, holding("customers.view", "purchases.view", stores=[here.split("_")[1]]))
    answer = await till.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[note, foreign, ana, own, here])
    assert (answer.errors, answer.data) == ([], {"nodes": [None, None, {"id": ana}, {"id": own}, None]})
    nobody = bound(api, holding("stores.view"))
    assert (await nobody.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[ana, own]))["nodes"] == [
        None,
        None,
    ]
    fields = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { email } } }"
    answer = await till.ask(fields, ids=[ana, ana])
    assert [error["extensions"]["permission"] for error in answer.errors] == ["customers.view_pii"]


async def test_a10_a_merged_customer_is_itself(api: Api) -> None:
    ana, bo = await customer(api, "Ana"), await customer(api, "Bo")
    await api.done("customersMerge", "userErrors { code }", {"survivorId": ana, "absorbedIds": [bo]})
    asked = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { id status mergedInto { id } } } }"
    assert (await api.data(asked, ids=[bo]))["nodes"] == [{"id": bo, "status": "MERGED", "mergedInto": {"id": ana}}]


async def vocabulary(api: Api, of: str, search: str | None = None, first: int | None = None) -> list[tuple[str, int]]:
    found = (await api.data(WORDS, of=of, q=search, n=first))["vocabulary"]
    assert all(one["label"] for one in found)
    return [(one["value"], one["count"]) for one in found]


@pytest.fixture
async def shelves(api: Api) -> Api:
    """Two stores that sell different things."""
    await store(api, "HERE"), await store(api, "THERE")
    ana = {
        "customerId": await customer(
            api, "Ana", tags=["VIP", "Café"], billingAddress={"city": "México", "country": "MX"}
        )
    }
    await customer(api, "Bo", tags=["vip"], shippingAddress={"city": "mexico", "country": "DK"})
    paid = {
        "payments": [{"method": "card", "amount": "5.00"}, {"method": "cash", "amount": "15.00"}],
        "channel": "till",
    }
    await sells(api, "R1", brand="Olé", category="Drinks", register="1", **paid, **ana)
    await sells(api, "R2", brand="Olé", category="Food", register="2", **ana)
    await sells(api, "R3", brand="Abc", category="Food")
    await sells(api, "R4", "THERE", brand="Zeta", category="Shoes", channel="web", register="Z9",
                payments=[{"method": "voucher", "amount": "20.00"}])  # fmt: skip
    return api


async def test_a10_the_words_that_are_in_use(shelves: Api) -> None:
    for of, wanted in {
        "BRAND": [("Olé", 2), ("Abc", 1), ("Zeta", 1)],
        "CATEGORY": [("Food", 2), ("Drinks", 1), ("Shoes", 1)],
        "PAYMENT_METHOD": [("card", 1), ("cash", 1), ("voucher", 1)],
        "PURCHASE_CHANNEL": [("till", 1), ("web", 1)],
        "REGISTER": [("1", 1), ("2", 1), ("Z9", 1)],
        "TAG": [("VIP", 2), ("Café", 1)],
        "CITY": [("México", 2)],
        "COUNTRY": [("DK", 1), ("MX", 1)],
        "TIER": [("C", 2), ("A", 0), ("B", 0)],
    }.items():  # fmt: skip
        found = await vocabulary(shelves, of)
        assert (found[:1], sorted(found)) == (wanted[:1], sorted(wanted)) or of == "COUNTRY", of
        with shelves.shop.database.counting() as statements:
            assert sorted(await vocabulary(shelves, of)) == sorted(wanted)
        assert len(statements) <= 2
    assert await vocabulary(shelves, "BRAND", "OLE") == [("Olé", 2)]
    assert await vocabulary(shelves, "TIER", "stand") == [("C", 2)]
    assert await vocabulary(shelves, "BRAND", "nothing") == []
    assert await vocabulary(shelves, "BRAND", "  ") == await vocabulary(shelves, "BRAND")
    assert await vocabulary(shelves, "BRAND", "e", 1) == [("Olé", 2)]
    assert await vocabulary(shelves, "BRAND", first=1) == [("Olé", 2)]
    assert await vocabulary(shelves, "BRAND", first=0) == []
    for wrong in (-1, 501):
        assert (await shelves.ask(WORDS, of="BRAND", n=wrong)).codes == ["BAD_USER_INPUT"]
    # Each is what a filter takes.
    for of, leaf in (("BRAND", "brand"), ("CATEGORY", "category"), ("PAYMENT_METHOD", "paymentMethod"),
                     ("PURCHASE_CHANNEL", "channel"), ("REGISTER", "register")):  # fmt: skip
        for word, count in await vocabulary(shelves, of):
            asked = "query($w: PurchaseWhere) { purchases(where: $w) { totalCount } }"
            assert (await shelves.data(asked, w={leaf: {"in": [word]}}))["purchases"]["totalCount"] == count
    for of, leaf in (("TAG", "tag"), ("CITY", "city"), ("COUNTRY", "country"), ("TIER", "tier")):
        for word, count in await vocabulary(shelves, of):
            asked = "query($w: CustomerWhere) { customers(where: $w) { totalCount } }"
            assert (await shelves.data(asked, w={leaf: {"in": [word]}}))["customers"]["totalCount"] == count


async def test_a10_words_of_another_store_are_not_told(shelves: Api) -> None:
    rows = await shelves.shop.database.rows("SELECT code, id FROM store")
    ids = dict(rows)
    here = bound(shelves, holding("purchases.view", stores=[ids["HERE"]]))
    for of, wanted in (
        ("BRAND", [("Olé", 2), ("Abc", 1)]), ("REGISTER", [("1", 1), ("2", 1)]), ("PAYMENT_METHOD", [("card", 1), ("cash", 1)]),
        ("PURCHASE_CHANNEL", [("till", 1)]), ("CATEGORY", [("Food", 2), ("Drinks", 1)]),
    ):  # fmt: skip
        assert await vocabulary(here, of) == wanted
    assert await vocabulary(here, "BRAND", "zeta") == []
    both = bound(shelves, holding("purchases.view", stores=[ids["HERE"], ids["THERE"]]))
    assert await vocabulary(both, "BRAND") == await vocabulary(shelves, "BRAND")
    for of, needs in (("TAG", "customers.view"), ("CITY", "customers.view_pii"), ("TIER", "tiers.view")):
        answer = await here.ask(WORDS, of=of)
        assert (answer.codes, answer.data) == (["FORBIDDEN"], {"vocabulary": None})
        assert answer.errors[0]["extensions"]["permission"] == needs
    answer = await bound(shelves, holding("customers.view")).ask(WORDS, of="BRAND")
    assert answer.errors[0]["extensions"]["permission"] == "purchases.view"


@pytest.mark.parametrize("one_by_one", [100, 1], ids=["few-stores", "many-stores"])
async def test_a10_of_very_many_purchases_the_latest_are_looked_at(
    shelves: Api, monkeypatch: pytest.MonkeyPatch, one_by_one: int
) -> None:
    monkeypatch.setattr(words, "_MAX_STORES", one_by_one)
    monkeypatch.setattr(words, "WALKED", 2)
    assert len(await vocabulary(shelves, "BRAND")) == 2
    ids = [row[0] for row in await shelves.shop.database.rows("SELECT id FROM store")]
    everywhere = bound(shelves, holding("purchases.view", stores=ids[:2]))
    assert len(await vocabulary(everywhere, "BRAND")) <= 2


@pytest.mark.parametrize("mutation", ["tagsAdd", "tagsRemove"])
async def test_a10_tags_for_the_version_that_was_looked_at(api: Api, mutation: str) -> None:
    ana = await customer(api, "Ana", tags=["old", "new"] if mutation == "tagsRemove" else [])
    wanted = {"customerId": ana, "tags": ["new"]}
    shown = "customer { version tags } userErrors { code path ... on VersionConflict { customer { version } } }"
    stale = await api.do(mutation, shown, {**wanted, "expectedVersion": 7})
    assert stale == {"customer": None, "userErrors": [{
        "__typename": "VersionConflict", "code": "VERSION_CONFLICT", "message": stale["userErrors"][0]["message"],
        "path": ["input", "expectedVersion"], "customer": {"version": 1},
    }]}  # fmt: skip
    both = [api.do(mutation, shown, {**wanted, "tags": [tag], "expectedVersion": 1}) for tag in ("old", "new")]
    made = await asyncio.gather(*both)
    assert sorted(len(one["userErrors"]) for one in made) == [0, 1]
    now = (await api.data("query($id: ID!) { customer(id: $id) { version tags } }", id=ana))["customer"]
    assert (now["version"], len(now["tags"])) == (2, 1)
    assert (await api.done(mutation, shown, {**wanted, "expectedVersion": 2}))["customer"]["version"] in {2, 3}
    assert (await api.done(mutation, shown, {**wanted, "expectedVersion": None}))["customer"]
    given = {**wanted, "tags": ["old"], "expectedVersion": 1, "idempotencyKey": "once"}
    assert [await api.refused(mutation, given) for _ in range(2)] == [["VERSION_CONFLICT"]] * 2
