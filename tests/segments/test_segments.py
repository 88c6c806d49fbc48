"""Segments over GraphQL: kept, changed and removed; who is in them, who may know, and what cannot be asked."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.audiences.stored import stored_leaves
from regulars_core.customers.erasure.due import SETTLED_AFTER_MS, erase_due
from regulars_core.primitives.clock import DAY_MS, Instant, moment, now
from regulars_core.shop.actors import Actor
from regulars_core.testing import statements
from regulars_schema.plugin import audiences_now, lookup_audiences_now
from regulars_schema.testing import Api
from tests.support.keys import bound, holding

SHOWN = "segment { id name description version filter unavailable customerCount customers { nodes { firstName } } }"
NAMES = "query($where: CustomerWhere) { customers(where: $where) { totalCount nodes { firstName } } }"
MEMBERS = "customers(first: 2) { totalCount nodes { firstName } }"
LIST = f"query($n: Int) {{ segments(first: $n) {{ totalCount nodes {{ name unavailable customerCount filter {MEMBERS} }} }} }}"


async def person(api: Api, name: str, **given: Any) -> str:
    made = await api.done(
        "customerCreate", "customer { id }", {"firstName": name, "lastName": "Li", "force": True, **given}
    )
    return str(made["customer"]["id"])


async def sold(api: Api, reference: str, customer: str, total: str, store: str = "MAIN", **line: Any) -> None:
    lines = [{"name": "Tea", "total": total, **line}]
    given = {"reference": reference, "customerId": customer, "lines": lines, "storeCode": store}
    await api.done("purchaseRecord", "created", given)


async def segment(api: Api, name: str, where: Any, **given: Any) -> Any:
    return (await api.done("segmentCreate", SHOWN, {"name": name, "where": where, **given}))["segment"]


async def names(api: Api, where: Any) -> str:
    found = (await api.data(NAMES, where=where))["customers"]
    assert found["totalCount"] == len(found["nodes"])
    return "".join(sorted(node["firstName"][0] for node in found["nodes"]))


async def refused(api: Api, mutation: str, **given: Any) -> list[tuple[str, str]]:
    errors = (await api.do(mutation, "__typename", given))["userErrors"]
    return [(one["code"], ".".join(one["path"][1:])) for one in errors]


@pytest.fixture
async def town(api: Api) -> Api:
    """Ana, who is a friend and buys; Bo, a friend; Cy, who is nobody's."""
    ana = await person(api, "Ana", tags=["friend"])
    await person(api, "Bo", tags=["friend", "staff"])
    await person(api, "Cy")
    await sold(api, "R1", ana, "10.00")
    return api


async def test_what_is_kept_is_asked_anew_and_can_be_changed(town: Api) -> None:
    api, friends = town, {"tag": {"in": ["FRIEND"]}, "createdAt": {"withinDays": 3}}
    made = await segment(api, "  Fríends ", friends, description=" Of the house ", idempotencyKey="k1")
    assert made["filter"] == friends  # as it was given: days that are relative stay so
    assert (made["name"], made["description"], made["version"], made["unavailable"]) == (
        "Fríends",
        "Of the house",
        1,
        [],
    )
    assert made["customerCount"] == 2
    assert [one["firstName"] for one in made["customers"]["nodes"]] == ["Bo", "Ana"]
    assert (await segment(api, "  Fríends ", friends, description=" Of the house ", idempotencyKey="k1"))["id"] == made[
        "id"
    ]

    id_ = made["id"]
    assert await names(api, {"segment": {"in": [id_]}}) == "AB"
    assert await names(api, {"not": {"segment": {"in": [id_]}}}) == "C"
    assert await names(api, {"segment": {"in": [id_]}, "not": {"tag": {"in": ["staff"]}}}) == "A"
    buyers = (await segment(api, "Buyers", {"purchaseCount": {"gte": 1}}))["id"]
    assert await names(api, {"all": [{"segment": {"in": [id_]}}, {"segment": {"in": [buyers]}}]}) == "A"
    narrowed = 'customers(where: {tag: {in: ["staff"]}}) { totalCount nodes { firstName } }'
    narrowed = f"query($id: ID!) {{ segment(id: $id) {{ {narrowed} }} }}"
    inside = (await api.data(narrowed, id=id_))["segment"]["customers"]
    assert inside == {"totalCount": 1, "nodes": [{"firstName": "Bo"}]}

    wrong = await refused(
        api, "segmentCreate", name="FRIENDS", description="x" * 2001, where={"all": [{}, {"any": []}]}
    )
    assert wrong == [("NAME_TAKEN", "name"), ("TOO_LONG", "description"), ("EMPTY_FILTER", "where")]
    nested = {"any": [{"segment": {"in": [id_]}}, {"not": {"segment": {"in": [buyers]}}}]}
    wrong = await refused(api, "segmentCreate", name="é\u202e" * 121, where=nested)
    assert [code for code, _ in wrong] == ["TOO_LONG", "NESTED_SEGMENT", "NESTED_SEGMENT"]
    assert [path for _, path in wrong][1:] == ["where.any.0.segment", "where.any.1.not.segment"]
    assert await refused(api, "segmentCreate", name="", where={"hasEmail": True}) == [("REQUIRED", "name")]

    changed = await api.done("segmentUpdate", SHOWN, {"id": id_, "where": {"not": friends}, "expectedVersion": 1})
    assert (changed["segment"]["version"], changed["segment"]["customerCount"]) == (2, 1)
    conflict = "segment { id } userErrors { code path ... on SegmentConflict { segment { version name } } }"
    document = f"mutation($input: SegmentUpdateInput!) {{ segmentUpdate(input: $input) {{ {conflict} }} }}"
    late = await api.data(document, input={"id": id_, "name": "Mine", "expectedVersion": 1})
    assert late["segmentUpdate"] == {"segment": None, "userErrors": [
        {"code": "VERSION_CONFLICT", "path": ["input", "expectedVersion"], "segment": {"version": 2, "name": "Fríends"}}
    ]}  # fmt: skip
    same = await api.done(
        "segmentUpdate", "segment { name description }", {"id": id_, "name": "FRIENDS", "description": None}
    )
    assert same["segment"] == {"name": "FRIENDS", "description": None}
    wrong = await refused(api, "segmentUpdate", id=id_, name=None, where=None)
    assert wrong == [("REQUIRED", "name"), ("EMPTY_FILTER", "where")]
    assert await refused(api, "segmentUpdate", id=id_, name="buyers") == [("NAME_TAKEN", "name")]
    assert [node["name"] for node in (await api.data(LIST, n=9))["segments"]["nodes"]] == ["Buyers", "FRIENDS"]
    assert (await api.data("query($id: ID!) { node(id: $id) { ... on Segment { name } } }", id=id_))["node"] == {
        "name": "FRIENDS"
    }

    audited = await api.data("{ audit(first: 30) { nodes { action changes { field old new } } } }")
    kept = next(one for one in audited["audit"]["nodes"] if one["action"] == "segmentCreate")
    assert {one["field"] for one in kept["changes"]} <= {"name", "where", "description"}
    assert all(one["old"] is None and one["new"] is None for one in kept["changes"])
    gone = await api.done("segmentDelete", "deletedSegmentId", {"id": id_})
    assert gone["deletedSegmentId"] == id_
    assert await refused(api, "segmentDelete", id=id_) == [("NOT_FOUND", "id")]
    assert await refused(api, "segmentUpdate", id=id_, name="X") == [("NOT_FOUND", "id")]
    unknown = await api.ask(NAMES, where={"any": [{"segment": {"in": [buyers, id_]}}]})
    assert unknown.codes == ["BAD_USER_INPUT"]
    assert unknown.errors[0]["extensions"]["argument"] == ["where", "any", "0", "segment", "in", "1"]
    many = [f"segment_{n:032x}" for n in range(21)]
    assert (await api.ask(NAMES, where={"segment": {"in": many}})).codes == ["BAD_USER_INPUT"]


async def test_who_may_not_read_a_leaf_neither_counts_nor_lists_it(town: Api) -> None:
    api = town
    await api.done("storeCreate", "store { id }", {"code": "THERE", "name": "There"})
    stores = {
        one["code"]: one["id"].partition("_")[2]
        for one in (await api.data("{ stores { nodes { id code } } }"))["stores"]["nodes"]
    }
    cy = next(
        one["id"]
        for one in (await api.data("{ customers { nodes { id firstName } } }"))["customers"]["nodes"]
        if one["firstName"] == "Cy"
    )
    await sold(api, "R2", cy, "99.00", "THERE", brand="Ole")
    secret = (await segment(api, "Secret", {"any": [{"not": {"taxId": {"in": ["X1"]}}}, {"tag": {"in": ["friend"]}}]}))[
        "id"
    ]
    spent = (await segment(api, "Spent", {"totalSpent": {"gte": "1"}}))["id"]
    bought = (await segment(api, "Bought", {"purchases": {"total": {"gte": "1"}}}))["id"]
    where = (await segment(api, "Where", {"purchases": {"where": {"store": {"in": [f"store_{stores['THERE']}"]}}}}))[
        "id"
    ]
    open_ = (await segment(api, "Open", {"tag": {"in": ["friend"]}}))["id"]

    cashier = Api(api.schema, api.shop, bound("cashier", stores["MAIN"]))
    plain = Api(
        api.schema,
        api.shop,
        Actor("plain", "plain", (holding("customers.view", "purchases.view", stores=[stores["MAIN"]]),)),
    )
    listed = "{ segments { nodes { name filter customerCount customers { totalCount nodes { firstName } } } } }"
    answer = await cashier.ask(listed)
    told = {one["name"]: one for one in answer.data["segments"]["nodes"]}
    assert told["Secret"] == {"name": "Secret", "filter": None, "customerCount": None, "customers": None}
    assert (told["Open"]["customerCount"], told["Open"]["customers"]["totalCount"]) == (2, 2)
    assert told["Spent"]["customerCount"] == 2  # who is told the whole shop's totals
    assert (told["Bought"]["customerCount"], told["Where"]["customerCount"]) == (1, 0)  # of its own store alone
    assert set(answer.codes) == {"FORBIDDEN"}
    assert {one["extensions"]["permission"] for one in answer.errors} == {"customers.view_sensitive"}
    assert await names(cashier, {"segment": {"in": [open_, bought]}}) == "AB"
    for document in (NAMES, "query($where: CustomerWhere) { customers(where: $where) { totalCount } }"):
        hidden = await cashier.ask(document, where={"segment": {"in": [open_, secret]}})
        assert (hidden.data["customers"], hidden.codes) == (None, ["FORBIDDEN"])

    answer = await plain.ask(listed)
    told = {one["name"]: one for one in answer.data["segments"]["nodes"]}
    for name in ("Secret", "Spent", "Where"):  # sums of all stores; and a condition within a comparison
        assert told[name] == {"name": name, "filter": None, "customerCount": None, "customers": None}
    assert told["Bought"]["customers"]["nodes"] == [{"firstName": "Ana"}]
    assert (await plain.ask(NAMES, where={"segment": {"in": [spent]}})).codes == ["FORBIDDEN"]
    assert (await plain.ask(NAMES, where={"segment": {"in": [where]}})).codes == ["FORBIDDEN"]
    made = {"input": {"name": "New", "where": {"tag": {"in": ["x"]}}}}
    for one in (cashier, plain):
        kept = await one.ask(
            "mutation($input: SegmentCreateInput!) { segmentCreate(input: $input) { segment { id } } }", **made
        )
        assert kept.codes == ["FORBIDDEN"]
    marketing = Api.of(api.shop, "marketing")
    kept = await marketing.ask("mutation($input: SegmentCreateInput!) { segmentCreate(input: $input) { segment { id } } }",
                               input={"name": "New", "where": {"taxId": {"in": ["x"]}}})  # fmt: skip
    assert kept.codes == ["FORBIDDEN"]


async def test_what_nobody_brings_is_told_and_never_taken_for_nobody(town: Api) -> None:
    api = town
    for name in ("Lost", "Within", "Open"):
        await segment(api, name, {"tag": {"in": ["friend"]}})
    for name, tree in (("Lost", '{"any":[{"stamps":{"gte":3}},{"tag":{"in":["friend"]}}]}'),
                       ("Within", '{"not":{"purchases":{"where":{"stamped":true}}}}')):  # fmt: skip
        sql = "UPDATE segment SET conditions = $1 WHERE name = $2"
        await api.shop.database.transaction(
            lambda sql=sql, tree=tree, name=name: api.shop.database.run(sql, tree, name)
        )
    answer = await api.ask(LIST, n=9)
    told = {one["name"]: one for one in answer.data["segments"]["nodes"]}
    assert (told["Lost"]["unavailable"], told["Within"]["unavailable"]) == (["stamps"], ["purchases"])
    assert told["Lost"]["filter"] == {"any": [{"stamps": {"gte": 3}}, {"tag": {"in": ["friend"]}}]}  # kept as it is
    assert [told[name]["customerCount"] for name in ("Lost", "Within", "Open")] == [None, None, 2]
    assert told["Lost"]["customers"] is None
    assert set(answer.codes) == {"UNAVAILABLE"}
    assert answer.errors[0]["extensions"]["retryable"] is False
    ids = {
        one["name"]: one["id"] for one in (await api.data("{ segments { nodes { id name } } }"))["segments"]["nodes"]
    }
    hidden = await api.ask(NAMES, where={"not": {"segment": {"in": [ids["Lost"]]}}})
    assert hidden.data["customers"] is None
    assert (
        hidden.errors[0]["extensions"] | {"leaves": ["stamps"], "code": "UNAVAILABLE"} == hidden.errors[0]["extensions"]
    )
    assert ("core", "stamps") in {(one.owner, one.name) for one in await stored_leaves(api.shop, "stamps")}


async def test_a_sensitive_attribute_is_hidden_and_one_that_is_gone_is_told(town: Api) -> None:
    api = town
    for name in ("medical_card", "hobby"):
        given = {"name": name, "type": "TEXT", "isSensitive": name == "medical_card"}
        await api.done("customerAttributeDefine", "customerAttribute { name }", given)
    await person(api, "Dee", attributes=[{"name": "medical_card", "value": "MC-1"}])
    trees = {
        "Card": {"attribute": {"name": "medical_card", "in": ["MC-1"]}},
        "None": {"not": {"attribute": {"name": "medical_card", "isKnown": True}}},
        "Open": {"not": {"attribute": {"name": "hobby", "isKnown": True}}},
    }
    ids = {name: (await segment(api, name, tree))["id"] for name, tree in trees.items()}
    listed = "{ segments { nodes { name filter unavailable customerCount customers { nodes { firstName } } } } }"

    async def told(by: Api) -> tuple[dict[str, Any], set[str]]:
        answer = await by.ask(listed)
        return {one["name"]: one for one in answer.data["segments"]["nodes"]}, set(answer.codes)

    known, codes = await told(api)
    assert ([known[name]["customerCount"] for name in trees], codes) == ([1, 3, 4], set())
    assert known["Card"]["filter"] == trees["Card"]
    staff = Api(api.schema, api.shop, Actor("s", "s", (holding("customers.view", "customers.view_pii"),)))
    hidden = {"filter": None, "unavailable": [], "customerCount": None, "customers": None}
    known, codes = await told(staff)
    assert [known[name] for name in ("Card", "None")] == [{"name": name, **hidden} for name in ("Card", "None")]
    assert (known["Open"]["filter"], known["Open"]["customerCount"], codes) == (trees["Open"], 4, {"FORBIDDEN"})
    for name in ("Card", "None"):
        for where in ({"segment": {"in": [ids[name]]}}, {"not": {"segment": {"in": [ids["Open"], ids[name]]}}}):
            answer = await staff.ask(NAMES, where=where)
            assert (answer.data["customers"], answer.codes) == (None, ["FORBIDDEN"])
    assert len(await names(staff, {"segment": {"in": [ids["Open"]]}})) == 4

    cy = (await api.data("{ customers { nodes { id firstName } } }"))["customers"]["nodes"][1]["id"]
    asked = [trees["Open"], {"not": trees["Open"]}, {"tag": {"in": ["friend"]}}]

    async def belongs() -> Sequence[bool | None]:
        lookup, values = lookup_audiences_now(api.shop, asked, [cy.removeprefix("customer_")])
        [answers] = audiences_now(await api.shop.database.rows(lookup, *values)).values()
        return answers

    assert await belongs() == [True, False, False]
    sql = "DELETE FROM customer_attribute_definition WHERE name = 'hobby'"
    await api.shop.database.transaction(lambda: api.shop.database.run(sql))
    assert await belongs() == [None, None, False]  # as an audience it is for nobody, under `not` neither
    known, codes = await told(api)
    gone = known["Open"]
    assert (gone["unavailable"], gone["customerCount"], gone["customers"]) == (["attribute"], None, None)
    assert (gone["filter"], codes) == (trees["Open"], {"UNAVAILABLE"})
    assert (await api.ask(NAMES, where={"segment": {"in": [ids["Open"]]}})).codes == ["UNAVAILABLE"]
    assert (await told(staff))[0]["Open"]["filter"] is None  # nobody knows any more whether it was sensitive


@pytest.mark.one_executor
async def test_attributes_in_many_segments_are_looked_up_once_for_each_field(town: Api) -> None:
    await town.done("customerAttributeDefine", "customerAttribute { name }", {"name": "hobby", "type": "TEXT"})
    for n in range(20):
        await segment(town, f"S{n:02}", {"not": {"attribute": {"name": "hobby", "in": [str(n), "x"]}}})
    for n in (1, 20):
        with statements(town.shop, 5 + 4):  # once for each of four fields
            found = await town.data(LIST, n=n)
        assert [one["customerCount"] for one in found["segments"]["nodes"]] == [3] * n


@pytest.mark.one_executor
async def test_many_segments_cost_as_many_statements_as_one(town: Api) -> None:
    api = town
    for n in range(50):
        tree = (
            {"tag": {"in": ["friend"]}}
            if n % 2
            else {"purchases": {"count": {"gte": 1}}, "any": [{"hasEmail": n % 4 == 0}, {"tag": {"in": ["friend"]}}]}
        )
        await api.done("segmentCreate", "segment { id }", {"name": f"S{n:02}", "where": tree})
    with statements(api.shop, 5):
        few = await api.data(LIST, n=2)
    with statements(api.shop, 5):
        many = await api.data(LIST, n=50)
    assert many["segments"]["nodes"][:2] == few["segments"]["nodes"]
    assert [one["customerCount"] for one in many["segments"]["nodes"]] == [1, 2] * 25
    ids = [one["id"] for one in (await api.data("{ segments(first: 20) { nodes { id } } }"))["segments"]["nodes"]]
    for some in (ids[:1], ids):
        with statements(api.shop, 3):
            assert await names(api, {"segment": {"in": some}}) == ("A" if len(some) == 1 else "AB")


async def test_who_is_erased_is_taken_out_of_conditions(api: Api) -> None:
    ana = await person(api, "Ana", taxId="AB-12", companyName="Acme Ltd")
    await person(api, "Bo", companyName="ACME ltd")
    tree = {"any": [{"taxId": {"in": ["ab 12", "CD-34"]}}, {"not": {"companyName": {"in": ["acme ltd"]}}}]}
    made = await segment(api, "By hand", tree)
    await api.done("customerEraseRequest", "erasure { id }", {"customerId": ana})
    with moment(Instant(now() + 11 * DAY_MS + SETTLED_AFTER_MS)):
        await erase_due(api.shop)
    shown = (await api.data("query($id: ID!) { segment(id: $id) { filter version customerCount } }", id=made["id"]))[
        "segment"
    ]
    kept = {"any": [{"taxId": {"in": ["CD-34"]}}, {"not": {"companyName": {"in": ["acme ltd"]}}}]}  # Bo's, too
    assert shown == {"filter": kept, "version": 2, "customerCount": 0}
    rows = await api.shop.database.rows("SELECT conditions FROM segment")
    assert "ab 12" not in str([tuple(row) for row in rows])


async def test_what_an_erased_customer_had_of_attributes_is_taken_out_of_conditions(api: Api) -> None:
    for name, type_ in (("card", "TEXT"), ("size", "NUMBER"), ("tea", "CHOICE")):
        given = {"name": name, "type": type_, "isSensitive": name == "card"}
        given |= {"choices": ["Black", "Green"]} if type_ == "CHOICE" else {}
        await api.done("customerAttributeDefine", "customerAttribute { name }", given)

    def has(**values: str) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in values.items()]

    ana = await person(api, "Ana", attributes=has(card="MC-1", size="37.50", tea="Green"))
    await person(api, "Bo", attributes=has(card="MC-2", size="40"))
    leaves = [("card", ["mc-1", "MC-2", "37.5"]), ("size", ["037.5", "40"]), ("tea", ["green"]), ("size", ["mc-1"])]
    tree = {"any": [{"attribute": {"name": name, "in": texts}} for name, texts in leaves]}
    made = await segment(api, "By hand", {"not": tree})
    other = await segment(api, "Known", {"attribute": {"name": "card", "isKnown": True}})
    await api.done("customerEraseRequest", "erasure { id }", {"customerId": ana})
    with moment(Instant(now() + 11 * DAY_MS + SETTLED_AFTER_MS)):
        await erase_due(api.shop)
    document = "query($id: ID!) { segment(id: $id) { filter version } }"
    left = [("card", ["MC-2", "37.5"]), ("size", ["40"]), ("tea", ["green"]), ("size", ["mc-1"])]
    kept = {"not": {"any": [{"attribute": {"name": name, "in": texts}} for name, texts in left]}}
    assert (await api.data(document, id=made["id"]))["segment"] == {"filter": kept, "version": 2}
    assert (await api.data(document, id=other["id"]))["segment"]["version"] == 1
