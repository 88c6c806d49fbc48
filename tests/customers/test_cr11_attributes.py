"""Attributes that the shop declares itself: what they may be, who may see them, and by whom they find."""

import asyncio
from typing import Any

import pytest

from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.customers.attributes import deletion
from regulars_core.customers.attributes.rules import Definition, GivenAttribute, checked_attributes
from regulars_core.customers.erasure.data import data_of
from regulars_core.customers.erasure.holders import Holders
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.shop.actors import Actor
from regulars_core.verification import verifications_of
from regulars_schema.testing import Answer, Api
from tests.support.keys import holding

DEFINITION = "{ name label description type choices isSensitive isUnique isRequired }"
DEFINED = f"customerAttribute {DEFINITION}"
MATCHES = "... on PossibleDuplicates { matches { customer { id } reasons score } }"
UPDATE = (
    "mutation($input: CustomerUpdateInput!) { customerUpdate(input: $input)"
    f" {{ customer {{ version }} userErrors {{ code path {MATCHES} }} }} }}"
)
ATTRIBUTES = "attributes { name label type isSensitive value }"
FIND = "query($where: CustomerWhere!) { customers(first: 50, where: $where) { totalCount nodes { code } } }"


@pytest.fixture
def api(shop: Any) -> Api:
    return Api.of(shop)


def other(api: Api, *permissions: str) -> Api:
    return Api(api.schema, api.shop, Actor("other", "staff", (holding(*permissions),)))


async def define(api: Api, name: str, type: str = "TEXT", **more: Any) -> None:
    await api.done("customerAttributeDefine", "customerAttribute { name }", {"name": name, "type": type, **more})


def given(**values: str | None) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


async def create(api: Api, code: str, **values: str | None) -> str:
    """Register somebody who has these values; the id."""
    new = {"firstName": f"Ana {code}", "lastName": "Li", "attributes": given(**values)}
    made = await api.done("customerCreate", "customer { id }", new)
    return str(made["customer"]["id"])


async def give(api: Api, id: str, **values: str | None) -> list[tuple[str, str]]:
    """Give values; what was wrong."""
    made = (await api.data(UPDATE, input={"id": id, "attributes": given(**values)}))["customerUpdate"]
    return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]


async def values(api: Api, id: str) -> dict[str, str | None]:
    document = f"query($id: ID!) {{ customer(id: $id) {{ {ATTRIBUTES} }} }}"
    found = (await api.data(document, id=id))["customer"]["attributes"]
    return {one["name"]: one["value"] for one in found}


async def found(api: Api, **comparison: Any) -> list[str]:
    """Whom a comparison finds, the one first who was registered first."""
    return await names(api, {"attribute": comparison})


async def names(api: Api, where: Any) -> list[str]:
    document = "query($where: CustomerWhere!) { customers(first: 50, where: $where) { nodes { firstName } } }"
    nodes = (await api.data(document, where=where))["customers"]["nodes"]
    return [one["firstName"].split()[-1] for one in reversed(nodes)]


async def refused_filter(api: Api, **comparison: Any) -> Answer:
    return await api.ask(FIND, where={"attribute": comparison})


async def test_declaring_changing_and_taking_away(api: Api) -> None:
    card = {"name": "medical_card", "type": "TEXT", "label": " Medical  card ", "isSensitive": True, "isUnique": True}
    made = await api.done("customerAttributeDefine", DEFINED, {**card, "idempotencyKey": "one"})
    shown = {
        "name": "medical_card", "label": "Medical card", "description": None, "type": "TEXT", "choices": [],
        "isSensitive": True, "isUnique": True, "isRequired": False,
    }  # fmt: skip
    assert made["customerAttribute"] == shown
    assert await api.done("customerAttributeDefine", DEFINED, {**card, "idempotencyKey": "one"}) == made
    await define(api, "size", "CHOICE", choices=["S", "M", "L"], label="A size", description="Of shirts.\nSince 2020.")
    listed = (await api.data(f"{{ customerAttributes {DEFINITION} }}"))["customerAttributes"]
    assert [one["name"] for one in listed] == ["size", "medical_card"]
    assert (listed[0]["choices"], listed[0]["description"]) == (["S", "M", "L"], "Of shirts.\nSince 2020.")

    wrong = {
        "name": "No", "type": "NUMBER", "label": "x" * 121, "description": "x" * 2001, "choices": ["a"],
    }  # fmt: skip
    errors = (await api.do("customerAttributeDefine", "__typename", wrong))["userErrors"]
    assert [(one["code"], one["path"][-1]) for one in errors] == [
        ("INVALID_NAME", "name"), ("TOO_LONG", "label"), ("TOO_LONG", "description"), ("INVALID_CHOICES", "choices"),
    ]  # fmt: skip
    for input, codes in (
        ({"name": " ", "type": "TEXT"}, ["REQUIRED"]),
        ({"name": "x" * 41, "type": "TEXT"}, ["INVALID_NAME"]),
        ({"name": "a", "type": "CHOICE"}, ["INVALID_CHOICES"]),
        ({"name": "a", "type": "CHOICE", "choices": ["a", "b", "A ", "b"]}, ["INVALID_CHOICES"] * 2),
        ({"name": "a", "type": "CHOICE", "choices": ["", "a\0", "x" * 241]}, ["REQUIRED", "INVALID_TEXT", "TOO_LONG"]),
        ({"name": "a", "type": "CHOICE", "choices": [str(n) for n in range(101)]}, ["TOO_MANY"]),
    ):
        assert await api.refused("customerAttributeDefine", input) == codes

    ana = await create(api, "a", medical_card="MC 1", size="m")
    assert await values(api, ana) == {"medical_card": "MC 1", "size": "M"}
    assert await api.refused("customerAttributeDefine", {**card, "type": "NUMBER", "isSensitive": False}) == [
        "VALUES_EXIST", "VALUES_EXIST",
    ]  # fmt: skip
    size = {"name": "size", "type": "CHOICE"}
    assert await api.refused("customerAttributeDefine", {**size, "choices": ["S", "L"]}) == ["INVALID_CHOICES"]
    await api.done("customerAttributeDefine", DEFINED, {**size, "choices": ["m", "XL"], "label": None})
    assert await values(api, ana) == {"medical_card": "MC 1", "size": "m"}
    left_out = await api.done("customerAttributeDefine", DEFINED, {"name": "medical_card", "type": "TEXT"})
    assert left_out["customerAttribute"] == shown, "what is left out is not lifted"
    lifted = await api.done("customerAttributeDefine", DEFINED, {**card, "isUnique": False, "label": None})
    assert lifted["customerAttribute"] == {**shown, "isUnique": False, "label": "medical_card"}
    assert (await api.data(f"{{ customerAttributes {DEFINITION} }}"))["customerAttributes"][1] == {
        **shown, "name": "size", "label": "size", "description": "Of shirts.\nSince 2020.", "type": "CHOICE",
        "choices": ["m", "XL"], "isSensitive": False, "isUnique": False,
    }  # fmt: skip
    assert await give(api, ana, size="S") == [("INVALID_ATTRIBUTE", "input.attributes.0.value")]

    delete = {"name": "size", "idempotencyKey": "gone"}
    assert await api.refused("customerAttributeDelete", {"name": "size"}) == ["VALUES_EXIST"]
    assert await api.refused("customerAttributeDelete", {"name": "none"}) == ["NOT_FOUND"]
    large = {"name": "Large", "where": {"any": [{"attribute": {"name": "size", "in": ["XL"]}}]}}
    segment = (await api.done("segmentCreate", "segment { id }", large))["segment"]
    assert await api.refused("customerAttributeDelete", {"name": "size"}) == ["ATTRIBUTE_IN_USE", "VALUES_EXIST"]
    await api.done("segmentDelete", "deletedSegmentId", {"id": segment["id"]})
    for _ in range(2):
        gone = await api.done("customerAttributeDelete", "deletedName valueCount", {**delete, "deleteValues": True})
        assert (gone["deletedName"], gone["valueCount"]) == ("size", 1)
    assert await values(api, ana) == {"medical_card": "MC 1"}
    rows = [(new_id(), f"a{n}", "A", "TEXT", "[]", False, False, False) for n in range(49)]
    columns = ("id", "name", "label", "type", "choices", "is_sensitive", "is_unique", "is_required")
    database = api.shop.database
    await database.transaction(lambda: insert(database, "customer_attribute_definition", columns, rows))
    assert await api.refused("customerAttributeDefine", {"name": "last", "type": "TEXT"}) == ["TOO_MANY"]


async def test_many_values_go_by_a_job(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "MAX_AT_ONCE", 3)
    await define(api, "size")
    ids = [await create(api, f"b{n}", size=f"{n}") for n in range(5)]
    gone = "deletedName valueCount bulkJob { id stage }"
    made = await api.done("customerAttributeDelete", gone, {"name": "size", "deleteValues": True})
    assert (made["deletedName"], made["valueCount"], made["bulkJob"]["stage"]) == (None, 0, "QUEUED")
    again = [api.done("customerAttributeDelete", gone, {"name": "size", "deleteValues": True}) for _ in range(3)]
    assert [one["bulkJob"] for one in await asyncio.gather(*again)] == [made["bulkJob"]] * 3
    assert await give(api, ids[0], size="new") == []  # until then it is there
    await do_bulk_jobs(api.shop)
    asked = "query($id: ID!) { node(id: $id) { ... on BulkJob { stage counts { kind count } } } }"
    job = (await api.data(asked, id=made["bulkJob"]["id"]))["node"]
    assert (job["stage"], await values(api, ids[0])) == ("DONE", {})
    assert (await api.data("{ customerAttributes { name } }"))["customerAttributes"] == []
    assert await api.refused("customerAttributeDelete", {"name": "size"}) == ["NOT_FOUND"]


async def test_who_reads_what_is_sensitive_is_written_down(api: Api) -> None:
    await define(api, "card", isSensitive=True)
    await define(api, "hobby")
    ana, bo = await create(api, "a", card="MC-1", hobby="Go"), await create(api, "b", hobby="Go")
    await api.done("customerUpdate", "customer { id }", {"id": bo, "taxId": "T-1"})

    async def read(by: Api, fields: str) -> list[Any]:
        before = len((await api.data(AUDIT))["audit"]["nodes"])
        await by.data(f"{{ customers {{ nodes {{ {fields} }} }} }}")
        rows: list[Any] = (await api.data(AUDIT))["audit"]["nodes"]
        return [
            [one["field"], *sorted(one["new"].strip('"').split())]
            for row in rows[: len(rows) - before]
            for one in row["changes"]
        ]

    assert await read(api, "firstName attributes { name isSensitive } taxId") == [["customerIds", *sorted([ana, bo])]]
    assert await read(api, "firstName email") == []
    assert await read(other(api, "customers.view", "customers.view_pii"), "attributes { value }") == []
    [row] = (await api.data(AUDIT))["audit"]["nodes"][:1]
    assert row["action"] == "customers.view_sensitive"

    # So is who reads them among what a merge would do, or has done.
    document = (
        "query($input: CustomersMergePreviewInput!)"
        " { customersMergePreview(input: $input) { fields { field values { value } } } }"
    )
    before = len((await api.data(AUDIT))["audit"]["nodes"])
    pair = {"survivorId": ana, "absorbedIds": [bo]}
    may = other(api, "customers.view", "customers.view_pii", "customers.merge")
    for by, more in ((may, 0), (api, 1)):
        await by.data(document, input=pair)
        rows = (await api.data(AUDIT))["audit"]["nodes"]
        assert len(rows) == before + more
    assert (rows[0]["action"], sorted(rows[0]["changes"][0]["new"].strip('"').split())) == (
        "customers.view_sensitive",
        sorted([ana, bo]),
    )
    await api.done("customersMerge", "customersMerge { mergeId }", pair)
    assert await read(api, "merges { fields { field values { value } } }") == [["customerIds", *sorted([ana, bo])]]
    assert await read(api, "merges { fields { field } }") == []


AUDIT = "{ audit(first: 50) { nodes { action changes { field new } } } }"


@pytest.mark.parametrize(
    ("type", "typed", "kept"),
    [
        ("TEXT", " Ünï  x ", "Ünï x"),
        ("TEXT", "שלום", "שלום"),
        ("TEXT", "a\0", "INVALID_TEXT"),
        ("TEXT", "x" * 241, "TOO_LONG"),
        ("TEXT", "x" * 10_000_000, "TOO_LONG"),
        ("NUMBER", "+012.50", "12.5"),
        ("NUMBER", "-0.0", "0"),
        ("NUMBER", "-999999.999999", "-999999.999999"),
        ("NUMBER", "1234567890123", "INVALID_ATTRIBUTE"),
        ("NUMBER", "0.1234567", "INVALID_ATTRIBUTE"),
        ("NUMBER", "1,5", "INVALID_ATTRIBUTE"),
        ("NUMBER", "1e3", "INVALID_ATTRIBUTE"),
        ("NUMBER", "٣", "INVALID_ATTRIBUTE"),
        ("DATE", "2024-02-29", "2024-02-29"),
        ("DATE", "2023-02-29", "INVALID_ATTRIBUTE"),
        ("DATE", "20240229", "INVALID_ATTRIBUTE"),
        ("BOOLEAN", "TRUE", "true"),
        ("BOOLEAN", "yes", "INVALID_ATTRIBUTE"),
        ("CHOICE", "red", "Red"),
        ("CHOICE", "blue", "INVALID_ATTRIBUTE"),
    ],
)
def test_what_a_value_may_be(type: str, typed: str, kept: str) -> None:
    one, checks = Definition("", "it", "It", None, type, ["Red"], False, False, False), Checks("input")
    checked = checked_attributes(checks, {"it": one}, [GivenAttribute("it", typed)])
    told = [(problem.code, problem.path) for problem in checks.problems]
    assert (told == [] and checked[0].value == kept) or told == [(kept, ("input", "attributes", "0", "value"))]


async def test_values_are_given_changed_and_taken_away(api: Api) -> None:
    for name, type in (("a", "TEXT"), ("b", "NUMBER"), ("must", "TEXT")):
        await define(api, name, type, isRequired=name == "must")
    wrong = {"firstName": "", "lastName": "Li", "attributes": given(a="x" * 241, b="n", no="1", must=None)}
    wrong["attributes"] += given(a="2")
    errors = (await api.do("customerCreate", "__typename", wrong))["userErrors"]
    assert [(one["code"], ".".join(one["path"][1:])) for one in errors] == [
        ("REQUIRED", "firstName"), ("TOO_LONG", "attributes.0.value"), ("INVALID_ATTRIBUTE", "attributes.1.value"),
        ("UNKNOWN_ATTRIBUTE", "attributes.2.name"), ("REQUIRED", "attributes.3.value"),
        ("INVALID_ATTRIBUTE", "attributes.4.name"),
    ]  # fmt: skip
    missing = (await api.do("customerCreate", "__typename", {"firstName": "Bo", "lastName": "Ek"}))["userErrors"]
    assert [(one["code"], one["path"]) for one in missing] == [("REQUIRED", ["input", "attributes"])]
    nameless = {"firstName": "", "lastName": "Ek", "originStoreCode": "none"}
    assert await api.refused("customerCreate", nameless) == ["NOT_FOUND", "REQUIRED", "REQUIRED"]  # all at once
    many = {"firstName": "Bo", "lastName": "Ek", "attributes": given(**{f"x{n}": "1" for n in range(51)})}
    assert (await api.refused("customerCreate", many))[-1] == "TOO_MANY"

    ana = await create(api, "a", must="1", a="Old")
    known = {"firstName": "Bo", "lastName": "Ek", "email": "bo@example.com", "attributes": given(must="1")}
    bo = (await api.done("customerCreate", "customer { id }", known))["customer"]["id"]
    found = {"firstName": "Bo", "lastName": "Ek", "email": "bo@example.com", "matchOn": ["EMAIL"]}
    assert (await api.done("customerCreate", "created customer { id }", found)) == {
        "created": False, "customer": {"id": bo}, "userErrors": [],
    }  # fmt: skip
    # Who is there already is asked for nothing, and who is not, is.
    assert await api.refused("customerCreate", {**found, "email": "bea@example.com"}) == ["REQUIRED"]
    document = "query($id: ID!) { customer(id: $id) { version } }"
    before = (await api.data(document, id=ana))["customer"]["version"]
    assert await give(api, ana, a="Old", b=None) == []
    assert (await api.data(document, id=ana))["customer"]["version"] == before  # nothing has changed
    assert await give(api, ana, must=" ") == [("REQUIRED", "input.attributes.0.value")]
    assert await give(api, ana, a="new", b="2") == []
    assert await give(api, ana, a=None) == []
    assert await values(api, ana) == {"b": "2", "must": "1"}
    stale = {"id": ana, "attributes": given(b="3"), "expectedVersion": before}
    assert await api.refused("customerUpdate", stale) == ["VERSION_CONFLICT"]
    sold = {"reference": "R1", "lines": [{"name": "Tea", "total": "5.00"}], "customer": {"firstName": "Till"}}
    made = await api.done("purchaseRecord", "customerCreated", sold)  # at the till nothing is required
    assert made["customerCreated"]
    [row] = await api.shop.database.rows("SELECT changes FROM audit ORDER BY id DESC LIMIT 1 OFFSET 1")
    assert row[0] == '{"attributes.a":null}'  # the name, and never the value


async def test_filters_by_every_type(api: Api) -> None:
    await define(api, "word")
    await define(api, "size", "NUMBER")
    await define(api, "since", "DATE")
    await define(api, "secret", "NUMBER", isSensitive=True)
    await create(api, "a", word="Straße 1", size="2", since="2024-02-29", secret="12.5")
    await create(api, "b", word="12", size="10", since="2025-01-01")
    await create(api, "c", size="-0.5")
    for comparison, wanted in (
        ({"name": "word", "in": ["STRASSE 1"]}, ["a"]),
        ({"name": "word", "in": ["12.0"]}, []),
        ({"name": "word", "in": ["12", "straße  1"]}, ["a", "b"]),
        ({"name": "word", "isKnown": False}, ["c"]),
        ({"name": "word", "isKnown": False, "in": ["12"]}, []),
        ({"name": "size", "in": ["2.00", "10"]}, ["a", "b"]),
        ({"name": "size", "gte": "-0.5", "lte": "2"}, ["a", "c"]),
        ({"name": "size", "gte": "2.000001"}, ["b"]),
        ({"name": "since", "lte": "2024-12-31"}, ["a"]),
        ({"name": "since", "gte": "2024-03-01", "isKnown": True}, ["b"]),
        ({"name": "secret", "in": ["12.50"]}, ["a"]),
        ({"name": "secret", "isKnown": False}, ["b", "c"]),
    ):
        assert await found(api, **comparison) == wanted, comparison
    assert await names(api, {"not": {"attribute": {"name": "size", "gte": "2"}}}) == ["c"]
    for comparison, place in (
        ({"name": "no", "isKnown": True}, "name"), ({"name": "word", "gte": "2"}, "gte"), ({"name": "size", "lte": "x"}, "lte"),
        ({"name": "size", "gte": "2024-01-01"}, "gte"), ({"name": "since", "lte": "3"}, "lte"),
        ({"name": "secret", "gte": "3"}, "gte"), ({"name": "size", "in": None}, "in"),
    ):  # fmt: skip
        answer = await refused_filter(api, **comparison)
        assert answer.codes == ["BAD_USER_INPUT"], comparison
        assert answer.errors[0]["extensions"]["argument"][-1] == place, answer.errors
    staff = other(api, "customers.view", "customers.view_pii")
    for comparison in ({"in": ["12.5"]}, {"isKnown": True}):
        answer = await refused_filter(staff, name="secret", **comparison)
        assert (answer.codes, answer.data["customers"]) == (["FORBIDDEN"], None)
    plain = other(api, "customers.view")
    assert (await refused_filter(plain, name="word", isKnown=True)).codes == ["FORBIDDEN"]


async def test_sensitive_values_are_told_to_who_may_see_them(api: Api) -> None:
    await define(api, "card", isSensitive=True, isUnique=True)
    await define(api, "id_elsewhere", isUnique=True)
    ana = await create(api, "a", card="MC1", id_elsewhere="X-1")
    by = "query($key: AttributeKeyInput!) { customer(attribute: $key) { id } }"
    card, elsewhere = {"name": "card", "value": "mc1"}, {"name": "id_elsewhere", "value": " x-1 "}
    staff = other(api, "customers.view", "customers.view_pii", "customers.edit")
    assert await values(api, ana) == {"card": "MC1", "id_elsewhere": "X-1"}
    assert await values(staff, ana) == {"card": None, "id_elsewhere": "X-1"}
    for one, key, wanted in (
        (api, card, ana),
        (api, elsewhere, ana),
        (staff, elsewhere, ana),
        (api, {**card, "value": "1"}, None),
    ):
        assert ((await one.data(by, key=key))["customer"] or {}).get("id") == wanted
    assert (await staff.ask(by, key=card)).codes == ["FORBIDDEN"]
    plain = other(api, "customers.view")
    assert (await plain.ask(by, key=elsewhere)).codes == ["FORBIDDEN"]
    assert (await plain.ask(f"{{ customers {{ nodes {{ {ATTRIBUTES} }} }} }}")).codes == ["FORBIDDEN"]
    assert (await api.ask(by, key={"name": "none", "value": "1"})).codes == ["BAD_USER_INPUT"]
    search = "query($q: String!) { customerSearch(query: $q) { id } }"
    assert [one["id"] for one in (await staff.data(search, q="X-1"))["customerSearch"]] == [ana]
    assert [one["id"] for one in (await api.data(search, q="MC1"))["customerSearch"]] == []
    assert [one["id"] for one in (await plain.data(search, q="X-1"))["customerSearch"]] == []


async def test_a_unique_value_comes_first_and_is_given_once(api: Api) -> None:
    await define(api, "id_elsewhere", isUnique=True)
    await define(api, "number", "NUMBER", isUnique=True)
    ana, bea = await create(api, "a", id_elsewhere="Q77", number="77"), await create(api, "q77")
    search = "query($q: String!) { customerSearch(query: $q) { id } }"
    for typed, wanted in (("q77", [ana, bea]), ("077.0", [ana])):
        assert [one["id"] for one in (await api.data(search, q=typed))["customerSearch"]] == wanted

    assert await give(api, bea, id_elsewhere="q77", number="77.0") == [
        ("NOT_UNIQUE", "input.attributes.0.value"), ("NOT_UNIQUE", "input.attributes.1.value"),
    ]  # fmt: skip
    assert await give(api, ana, id_elsewhere="q77") == []  # one's own
    new = {"firstName": "Cy", "lastName": "Ek", "attributes": given(number="+77")}
    errors = f"userErrors {{ code path {MATCHES} }}"
    document = f"mutation($input: CustomerCreateInput!) {{ customerCreate(input: $input) {{ {errors} }} }}"
    for told, matches in (
        ((), [{"customer": {"id": ana}, "reasons": ["ATTRIBUTE"], "score": 100}]),
        (("customers.create", "customers.view"), []),
    ):
        asking = other(api, *told) if told else api
        [error] = (await asking.data(document, input=new))["customerCreate"]["userErrors"]
        assert (error["code"], error["path"][1:], error["matches"]) == (
            "NOT_UNIQUE",
            ["attributes", "0", "value"],
            matches,
        )

    people = [await create(api, f"p{n}") for n in range(4)]
    told = await asyncio.gather(*(give(api, id, id_elsewhere="NEW") for id in people))
    told += [[(one["code"], "")] for one in (await asyncio.gather(*(
        api.do("customerCreate", "__typename", {"firstName": f"N{n}", "lastName": "Ek", "attributes": given(id_elsewhere="new")})
        for n in range(3))))[0]["userErrors"]]  # fmt: skip
    assert sum(not one for one in told) == 1
    [count] = (await api.shop.database.rows("SELECT count(*) FROM customer_attribute WHERE value_key = 'new'"))[0]
    assert count == 1


async def test_repeated_values_may_become_unique(api: Api) -> None:
    await define(api, "card")
    ana, bea = await create(api, "a", card="1"), await create(api, "b", card="1")
    await define(api, "card", isUnique=True)
    assert await give(api, ana, card="1") == []
    assert await give(api, await create(api, "c"), card="1") == [("NOT_UNIQUE", "input.attributes.0.value")]
    by = "query($key: AttributeKeyInput!) { customer(attribute: $key) { id } }"
    assert (await api.data(by, key={"name": "card", "value": "1"}))["customer"]["id"] == ana
    check = {one.name: one for one in verifications_of(api.shop.plugins)}
    told = [text async for text in check["unique-attributes"].differences(api.shop)]
    assert [text.partition(" have ")[2] for text in told] == ["the same card, which the shop allows once"]
    assert [text async for text in check["attributes"].differences(api.shop)] == []
    database, spoilt = api.shop.database, "UPDATE customer_attribute SET value_key = '2' WHERE customer_id = $1"
    await database.transaction(lambda: database.run(spoilt, bea.partition("_")[2]))
    assert len([text async for text in check["attributes"].differences(api.shop)]) == 1


async def test_erasure_and_the_data_request(api: Api) -> None:
    await define(api, "card", isUnique=True, isSensitive=True)
    ana = await create(api, "a", card="MC1")
    key = ana.partition("_")[2]
    [record] = (await data_of(api.shop, key))["records"]
    assert [row["value"] for row in record["core"]["customer_attribute"]] == ["MC1"]
    holders = await Holders.of(api.shop)
    counts = await api.shop.database.transaction(lambda: holders.erase(api.shop, [key]))
    assert counts["attributes"] == 1
    assert await give(api, ana, card="MC1") == [("NOT_FOUND", "input.id")]
    assert await give(api, await create(api, "b"), card="MC1") == []
