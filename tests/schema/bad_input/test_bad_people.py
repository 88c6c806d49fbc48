"""Customers, groups, stores, conditions and searches that cannot be."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars_core.primitives.text import tidy
from regulars_schema.testing import Api
from tests.support.refusals import Filled, assert_refused


async def test_customers_that_cannot_be(filled: Filled) -> None:
    ana = {"id": filled.ids["customer"]}
    details: list[tuple[dict[str, Any], str, str]] = [
        ({"firstName": ""}, "REQUIRED", "firstName"),
        ({"firstName": " \u2003\n"}, "REQUIRED", "firstName"),
        ({"lastName": "x" * 121}, "TOO_LONG", "lastName"),
        ({"firstName": "\u1d160" * 61}, "TOO_LONG", "firstName"),
        ({"preferredName": "x" * 241}, "TOO_LONG", "preferredName"),
        ({"taxId": "x" * 65}, "TOO_LONG", "taxId"),
        ({"phone": "12"}, "INVALID_PHONE", "phone"),
        ({"phone": "+999 55 1234 5678"}, "INVALID_PHONE", "phone"),
        ({"phone": "call me"}, "INVALID_PHONE", "phone"),
        ({"phone": "5" * 41}, "TOO_LONG", "phone"),
        ({"tags": ["x" * 65]}, "TOO_LONG", "tags.0"),
        ({"tags": ["ok", "!!"]}, "INVALID_TEXT", "tags.1"),
        ({"tags": [f"tag {n}" for n in range(51)]}, "TOO_MANY", "tags"),
        ({"billingAddress": {"country": "Mexico"}}, "INVALID_COUNTRY", "billingAddress.country"),
        ({"shippingAddress": {"country": "M1"}}, "INVALID_COUNTRY", "shippingAddress.country"),
        ({"billingAddress": {"country": "XX"}}, "INVALID_COUNTRY", "billingAddress.country"),
        ({"shippingAddress": {"postalCode": "x" * 33}}, "TOO_LONG", "shippingAddress.postalCode"),
        ({"billingAddress": {"city": "x" * 121}}, "TOO_LONG", "billingAddress.city"),
        ({"billingAddress": {"line1": "x" * 241}}, "TOO_LONG", "billingAddress.line1"),
        ({"groupId": filled.unknown("group")}, "NOT_FOUND", "groupId"),
        ({"email": "nobody"}, "INVALID_EMAIL", "email"),
        ({"email": "a@b"}, "INVALID_EMAIL", "email"),
        ({"email": "a b@example.com"}, "INVALID_EMAIL", "email"),
        ({"email": f"{'a' * 250}@example.com"}, "TOO_LONG", "email"),
        ({"email": f"{'İ' * 30}@{'.'.join(['İ' * 20] * 9)}.com"}, "INVALID_EMAIL", "email"),
        ({"gender": "female"}, "BAD_USER_INPUT", "!"),
        ({"firstName": 7}, "BAD_USER_INPUT", "!"),
        ({"tags": [None]}, "BAD_USER_INPUT", "!"),
        ({"code": "CUST-1"}, "BAD_USER_INPUT", "!"),
    ]  # fmt: skip
    for_new: list[tuple[dict[str, Any], str, str]] = [
        ({"originStoreCode": "S99"}, "NOT_FOUND", "originStoreCode"),
        ({"originStoreCode": ""}, "NOT_FOUND", "originStoreCode"),
        ({"matchOn": ["NAME"]}, "BAD_USER_INPUT", "!"),
        ({"lastName": None}, "REQUIRED", "lastName"),
    ]
    name = {"firstName": "A", "lastName": "B"}
    await assert_refused(
        filled.api,
        [
            *[("customerCreate", {**name, **given_input}, code, path) for given_input, code, path in details + for_new],
            *[("customerUpdate", {**ana, **given_input}, code, path) for given_input, code, path in details],
            ("customerUpdate", {**ana, "firstName": None}, "REQUIRED", "firstName"),
            ("customerUpdate", {**ana, "lastName": None, "email": None}, "REQUIRED", "lastName"),
            # What is right beside it is not written either.
            ("customerUpdate", {**ana, "firstName": "Changed", "tags": ["new"], "groupId": filled.unknown("group")},
             "NOT_FOUND", "groupId"),
            ("tagsAdd", {"customerId": ana["id"], "tags": ["fine", "x" * 65]}, "TOO_LONG", "tags.1"),
            ("tagsAdd", {"customerId": ana["id"], "tags": [f"tag {n}" for n in range(51)]}, "TOO_MANY", "tags"),
            ("noteAdd", {"customerId": ana["id"], "body": " \n"}, "REQUIRED", "body"),
            ("noteAdd", {"customerId": ana["id"], "body": "x" * 10_001}, "TOO_LONG", "body"),
            ("noteUpdate", {"id": filled.ids["note"], "body": ""}, "REQUIRED", "body"),
        ],
    )  # fmt: skip


async def test_every_mistake_of_an_input_is_told_at_once(filled: Filled) -> None:
    given_input = {
        "firstName": "", "lastName": "x" * 121, "phone": "12", "tags": ["!", "x" * 65], "birthDate": "1700-01-01", "email": "a@b",
        "billingAddress": {"country": "Mexico", "city": "x" * 121},
    }  # fmt: skip
    made = await filled.api.do("customerCreate", "customer { id } created", given_input)
    assert (made["customer"], made["created"]) == (None, False)
    assert {(error["code"], ".".join(error["path"])) for error in made["userErrors"]} == {
        ("REQUIRED", "input.firstName"), ("TOO_LONG", "input.lastName"), ("INVALID_PHONE", "input.phone"),
        ("INVALID_TEXT", "input.tags.0"), ("TOO_LONG", "input.tags.1"), ("INVALID_DATE", "input.birthDate"),
        ("INVALID_EMAIL", "input.email"),
        ("INVALID_COUNTRY", "input.billingAddress.country"), ("TOO_LONG", "input.billingAddress.city"),
    }  # fmt: skip
    assert {error["__typename"] for error in made["userErrors"]} == {"InvalidInput"}


async def test_groups_and_stores_that_cannot_be(filled: Filled) -> None:
    ids, api = filled.ids, filled.api
    await api.done("customersAssignGroup", "movedCount", {"customerIds": [ids["customer"]], "groupId": ids["group"]})
    await assert_refused(
        api,
        [
            ("customerGroupCreate", {"name": ""}, "REQUIRED", "name"),
            ("customerGroupCreate", {"name": "x" * 121}, "TOO_LONG", "name"),
            ("customerGroupCreate", {"name": "A", "description": "x" * 2_001}, "TOO_LONG", "description"),
            ("customerGroupCreate", {"name": " STÁFF "}, "NAME_TAKEN", "name"),
            ("customerGroupUpdate", {"id": ids["default"], "name": "staff"}, "NAME_TAKEN", "name"),
            ("customerGroupUpdate", {"id": ids["group"], "name": None}, "REQUIRED", "name"),
            ("customerGroupDelete", {"id": ids["default"]}, "DEFAULT_GROUP", "id"),
            ("customerGroupDelete", {"id": ids["default"], "moveCustomersTo": ids["group"]}, "DEFAULT_GROUP", "id"),
            ("customerGroupDelete", {"id": ids["group"]}, "GROUP_NOT_EMPTY", "id"),
            ("customerGroupDelete", {"id": ids["group"], "moveCustomersTo": None}, "GROUP_NOT_EMPTY", "id"),
            ("customerGroupDelete", {"id": ids["group"], "moveCustomersTo": ids["group"]}, "NOT_FOUND", "moveCustomersTo"),
            ("customerGroupDelete", {"id": ids["group"], "moveCustomersTo": filled.unknown("group")},
             "NOT_FOUND", "moveCustomersTo"),
            ("customersAssignGroup", {"customerIds": [], "groupId": ids["group"]}, "REQUIRED", "customerIds"),
            ("customersAssignGroup", {"customerIds": [ids["customer"]] * 251, "groupId": ids["default"]},
             "TOO_MANY", "customerIds"),
            ("customersAssignGroup", {"customerIds": [ids["customer"], filled.unknown("customer")], "groupId": ids["default"]},
             "NOT_FOUND", "customerIds.1"),
            ("customersAssignGroup", {"customerIds": [ids["customer"]], "groupId": filled.unknown("group")},
             "NOT_FOUND", "groupId"),
            ("customersAssignGroup", {"customerIds": [ids["group"]], "groupId": ids["group"]}, "BAD_USER_INPUT", "!"),
            ("storeCreate", {"code": "s07", "name": "A"}, "CODE_TAKEN", "code"),
            ("storeCreate", {"code": " main ", "name": "A"}, "CODE_TAKEN", "code"),
            ("storeCreate", {"code": "", "name": "A"}, "INVALID_CODE", "code"),
            ("storeCreate", {"code": "S-7", "name": "A"}, "INVALID_CODE", "code"),
            ("storeCreate", {"code": "Ñ", "name": "A"}, "INVALID_CODE", "code"),
            ("storeCreate", {"code": "x" * 17, "name": "A"}, "INVALID_CODE", "code"),
            ("storeCreate", {"code": "A", "name": " "}, "REQUIRED", "name"),
            ("storeCreate", {"code": "A", "name": "x" * 121}, "TOO_LONG", "name"),
            ("storeUpdate", {"id": ids["store"], "name": None}, "REQUIRED", "name"),
            ("storeUpdate", {"id": ids["store"], "isActive": None}, "REQUIRED", "isActive"),
            ("storeUpdate", {"id": "store_00000000000070008000000000000002", "isActive": False}, "MAIN_STORE", "isActive"),
        ],
    )  # fmt: skip


def nested(depth: int) -> dict[str, Any]:
    where: dict[str, Any] = {"hasEmail": True}
    for _ in range(depth - 1):
        where = {"not": where}
    return where


async def test_conditions_that_cannot_be(filled: Filled) -> None:
    api = filled.api
    document = "query($where: CustomerWhere) { customers(where: $where) { totalCount } }"
    for allowed in (
        nested(6),
        {"all": [{"hasEmail": True}] * 50},
        {"any": []},
        {"all": []},
        {},
        None,
        {"tag": {"in": []}},
    ):
        assert (await api.ask(document, where=allowed)).errors == [], allowed
    for wrong in (
        nested(7),
        nested(100),
        {"all": [{"hasEmail": True}] * 51},
        {"all": [{"any": [{"hasEmail": True}] * 26}] * 2},
        {"all": None},
        {"not": None},
        {"status": None},
        {"hasEmail": None},
        {"totalSpent": {}},
        {"totalSpent": {"gte": None}},
        {"purchaseCount": {}},
        {"purchaseCount": {"eq": 1, "lt": None}},
        {"createdAt": {}},
        {"not": {"lastPurchaseAt": {"after": None}}},
        {"group": {"in": ["x"]}},
        {"group": {"in": [filled.ids["customer"]]}},
        {"originStore": {"in": [filled.ids["store"], ""]}},
        {"totalSpent": {"gte": "100000000000000000"}},
        {"birthday": {"inNextDays": -1}},
    ):
        answer = await api.ask(document, where=wrong)
        assert (answer.data, answer.codes) == ({"customers": None}, ["BAD_USER_INPUT"]), wrong
        assert answer.errors[0]["extensions"]["argument"][0] == "where", wrong
    for impossible in (
        nested(2_000), {"tag": {"in": [None]}}, {"tag": {"in": None}}, {"status": {"in": ["GONE"]}},
        {"purchaseCount": {"eq": "1"}},
        {"purchaseCount": {"eq": 2**31}}, {"totalSpent": {"gte": 5.0}}, {"nonsense": True}, {"hasEmail": "yes"}, [], "x",
        {"createdAt": {"after": "2026-01-01T00:00:00"}}, {"birthday": {}},
    ):  # fmt: skip
        answer = await api.ask(document, where=impossible)
        assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"]), str(impossible)[:80]
    literal = "{not: " * 7 + "{hasEmail: true}" + "}" * 7
    assert (await api.ask(f"{{ customers(where: {literal}) {{ totalCount }} }}")).codes == ["BAD_USER_INPUT"]
    purchases = await api.ask(
        "query($where: PurchaseWhere) { purchases(where: $where) { totalCount } }", where={"total": {}}
    )
    assert purchases.codes == ["BAD_USER_INPUT"]


async def test_searches_that_cannot_be(filled: Filled) -> None:
    api = filled.api
    for wrong in ("x" * 1_001, " ".join(one + other for one in "abcdefghijklmno" for other in "abcdefghijklmn")):
        answer = await api.ask("query($q: String!) { customerSearch(query: $q) { id } }", q=wrong)
        assert (answer.codes, answer.errors[0]["extensions"]["argument"]) == (["BAD_USER_INPUT"], ["query"])
        for field in ("customers", "purchases"):
            answer = await api.ask(f"query($q: String!) {{ {field}(search: $q) {{ totalCount }} }}", q=wrong)
            assert (answer.codes, answer.errors[0]["extensions"]["argument"]) == (["BAD_USER_INPUT"], ["search"])
    for first in (-1, 51):
        answer = await api.ask(f'{{ customerSearch(query: "ana", first: {first}) {{ id }} }}')
        assert (answer.codes, answer.errors[0]["extensions"]["argument"]) == (["BAD_USER_INPUT"], ["first"])
    for neither in ("", '(id: "customer_00000000000000000000000000000000", code: "x")', "(id: null)"):
        assert (await api.ask(f"{{ customer{neither} {{ id }} }}")).codes == ["BAD_USER_INPUT"], neither
    assert (await api.ask("{ purchase { id } }")).codes == ["BAD_USER_INPUT"]


async def test_a_mutation_that_fails_hides_nothing_of_its_siblings(filled: Filled) -> None:
    api = filled.api
    answer = await api.ask(
        'mutation { first: customerGroupCreate(input: {name: "One"}) { customerGroup { name } userErrors { code } }'
        ' broken: customerGroupDelete(input: {id: "nonsense"}) { deletedCustomerGroupId }'
        ' refused: customerGroupCreate(input: {name: "one"}) { customerGroup { name } userErrors { code } }'
        ' last: customerGroupCreate(input: {name: "Two"}) { customerGroup { name } userErrors { code } } }'
    )
    assert answer.data == {
        "first": {"customerGroup": {"name": "One"}, "userErrors": []},
        "broken": None,
        "refused": {"customerGroup": None, "userErrors": [{"code": "NAME_TAKEN"}]},
        "last": {"customerGroup": {"name": "Two"}, "userErrors": []},
    }
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["path"] == ["broken"]
    assert answer.errors[0]["extensions"]["argument"] == ["input", "id"]


async def test_the_same_name_at_once_is_taken_once(api: Api) -> None:
    for name, given_input, code in (
        ("customerGroupCreate", {"name": "Friends"}, "NAME_TAKEN"),
        ("storeCreate", {"code": "S1", "name": "One"}, "CODE_TAKEN"),
    ):
        answers = await asyncio.gather(*(api.do(name, "__typename", given_input) for _ in range(10)))
        assert sorted(error["code"] for answer in answers for error in answer["userErrors"]) == [code] * 9


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=130)


async def test_any_text_is_refused_or_reads_back(api: Api) -> None:
    """Hypothesis runs each example in this very loop, against the same shop."""
    loop = asyncio.get_running_loop()

    async def one(first: str, last: str, tag: str, city: str, note: str) -> None:
        made = await api.do(
            "customerCreate",
            "customer { id firstName lastName tags billingAddress { city } }",
            {"firstName": first, "lastName": last, "tags": [tag], "billingAddress": {"city": city}},
        )
        problems = {".".join(error["path"][1:]): error["code"] for error in made["userErrors"]}
        for field, text, most in (("firstName", first, 120), ("lastName", last, 120)):
            kept = tidy(text)
            assert problems.get(field) == ("REQUIRED" if not kept else "TOO_LONG" if len(kept) > most else None)
        if problems:
            return
        customer = made["customer"]
        read = (await api.data("query($id: ID!) { customer(id: $id) { firstName lastName tags } }", id=customer["id"]))[
            "customer"
        ]
        assert (read["firstName"], read["lastName"]) == (tidy(first), tidy(last))
        assert read["tags"] == ([tidy(tag)] if tidy(tag) else [])
        assert (customer["billingAddress"] or {"city": ""})["city"] == tidy(city)
        written = await api.do("noteAdd", "note { body }", {"customerId": customer["id"], "body": note})
        assert written["userErrors"] or written["note"]["body"] == note.strip()

    async def searched(query: str) -> None:
        answer = await api.ask(
            "query($q: String!) { customers(search: $q) { totalCount } purchases(search: $q) { totalCount }"
            " customerSearch(query: $q) { id } customer(code: $q) { id } purchase(reference: $q) { id } }",
            q=query,
        )
        assert set(answer.codes) <= {"BAD_USER_INPUT"}
        if answer.codes:
            assert len(query) > 200 or len(query) >= 2 * 9 - 1

    def generate() -> None:
        @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(
            TEXT,
            TEXT,
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=64),
            TEXT,
            TEXT,
        )
        def customers(first: str, last: str, tag: str, city: str, note: str) -> None:
            asyncio.run_coroutine_threadsafe(one(first, last, tag, city, note), loop).result(60)

        @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=220))
        def searches(query: str) -> None:
            asyncio.run_coroutine_threadsafe(searched(query), loop).result(60)

        customers()
        searches()

    await asyncio.to_thread(generate)
