"""Customers: registering and finding, changing, putting away, tags, search."""

import asyncio
from typing import Any

import pytest

from regulars_core.customers.models import CUSTOMER_CODES
from regulars_core.customers.registration import register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.shop.actors import Actor
from regulars_core.testing import OpenShop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.testing import Api

ADDRESS = "{ recipient line1 line2 city region postalCode country }"
EVERYTHING = (
    "id code firstName lastName preferredName displayName email phone phoneFormatted birthDate gender taxId preferredContact"
    f" contactFrequency contactTime status tags version group {{ name isDefault }}"
    f" originStore {{ code }} billingAddress {ADDRESS}"
    f" shippingAddress {ADDRESS}"
)
FULL = {
    "firstName": "  María  José ",
    "lastName": "Pérez",
    "preferredName": "Pepa",
    "email": "Maria.Perez@Example.COM",
    "phone": "55 1234 5678",
    "birthDate": "1990-02-28",
    "gender": "FEMALE",
    "taxId": "XAXX010101000",
    "preferredContact": "EMAIL",
    "contactFrequency": "MONTHLY",
    "contactTime": "EVENING",
    "tags": ["VIP", "Café", "vip", " CAFE "],
    "billingAddress": {"line1": "Calle 1", "city": "Oaxaca", "country": "mx"},
    "shippingAddress": {"recipient": "  "},
}


async def create(api: Api, wanted: str = "id", **given: Any) -> Any:
    made = await api.done("customerCreate", f"customer {{ {wanted} }}", {"firstName": "Ana", "lastName": "Li", **given})
    return made["customer"]


async def update(api: Api, wanted: str, **given: Any) -> Any:
    return (await api.done("customerUpdate", f"customer {{ {wanted} }}", given))["customer"]


async def count(api: Api) -> int:
    return int((await api.data("{ customers { totalCount } }"))["customers"]["totalCount"])


async def test_a_customer_with_everything(api: Api) -> None:
    made = await create(api, EVERYTHING, **FULL)
    id_ = made.pop("id")
    assert made == {
        "code": "CUST-00001",
        "firstName": "María José",
        "lastName": "Pérez",
        "preferredName": "Pepa",
        "displayName": "Pepa",
        "email": "maria.perez@example.com",
        "phone": "+525512345678",
        "phoneFormatted": "+52 55 1234 5678",
        "birthDate": "1990-02-28",
        "gender": "FEMALE",
        "taxId": "XAXX010101000",
        "preferredContact": "EMAIL",
        "contactFrequency": "MONTHLY",
        "contactTime": "EVENING",
        "status": "ACTIVE",
        "tags": ["Café", "VIP"],
        "version": 1,
        "group": {"name": "Customers", "isDefault": True},
        "originStore": None,
        "billingAddress": {
            "recipient": None, "line1": "Calle 1", "line2": None, "city": "Oaxaca", "region": None, "postalCode": None,
            "country": "MX",
        },
        "shippingAddress": None,
    }  # fmt: skip
    document = f"query($i: ID, $c: String) {{ customer(id: $i, code: $c) {{ {EVERYTHING} }} }}"
    for asked in ({"i": id_}, {"c": "CUST-00001"}, {"c": " cust-00001 "}):
        assert (await api.data(document, **asked))["customer"] == {"id": id_, **made}


async def test_a_customer_with_names_alone(api: Api) -> None:
    given = {"email": None, "phone": None, "tags": None, "groupId": None, "billingAddress": None, "matchOn": None}
    made = await create(api, f"{EVERYTHING} createdAt updatedAt", **given)
    assert made["displayName"] == "Ana Li"
    assert made["createdAt"] <= made["updatedAt"]
    assert made["tags"] == []
    assert {name for name, value in made.items() if value is None} == {
        "preferredName", "email", "phone", "phoneFormatted", "birthDate", "gender", "taxId", "preferredContact", "originStore",
        "contactFrequency", "contactTime",
        "billingAddress", "shippingAddress",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("country", "written", "kept"),
    [
        ("MX", "55 1234 5678", "+525512345678"),
        ("US", "(212) 555-0123", "+12125550123"),
        ("DE", "030 123456", "+4930123456"),
        ("MX", "+49 30 123456", "+4930123456"),
        ("GB", "0044 20 7946 0958", "+442079460958"),
    ],
)
async def test_a_phone_number_is_read_as_the_shops_country_writes_it(
    open_shop: OpenShop, schema: ComposedSchema, country: str, written: str, kept: str
) -> None:
    api = Api(schema, await open_shop(country=country), Actor.of_role("key", "till", "administrator"))
    assert (await create(api, "phone", phone=written))["phone"] == kept
    found = await api.data("query($q: String!) { customerSearch(query: $q) { phone } }", q=kept[-6:])
    assert found["customerSearch"] == [{"phone": kept}]


async def test_an_update_changes_what_is_given_and_null_clears(api: Api) -> None:
    made = await create(api, EVERYTHING, **FULL)
    id_ = made["id"]
    changed = await update(api, EVERYTHING, id=id_, lastName="López", email=None, preferredName=None)
    assert changed == {
        **made, "lastName": "López", "email": None, "preferredName": None, "displayName": "María José López", "version": 2,
    }  # fmt: skip
    cleared = dict.fromkeys(
        (
            "phone",
            "birthDate",
            "gender",
            "taxId",
            "preferredContact",
            "contactFrequency",
            "contactTime",
            "tags",
            "billingAddress",
        )
    )
    bare = await update(api, EVERYTHING, id=id_, **cleared)
    assert {name: bare[name] for name in cleared} == {**cleared, "tags": []}
    assert (bare["phoneFormatted"], bare["version"], bare["firstName"]) == (None, 3, "María José")


async def test_a_group_that_is_not_there_is_told_with_all_else(api: Api) -> None:
    id_ = (await create(api, "id", firstName="Ana", lastName="Li"))["id"]
    wrong = {"firstName": " ", "groupId": "group_" + "1" * 32}
    for mutation, given in (("customerCreate", {"lastName": "Ek", **wrong}), ("customerUpdate", {"id": id_, **wrong})):
        told = (await api.do(mutation, "__typename", given))["userErrors"]
        assert sorted((one["code"], one["path"]) for one in told) == [
            ("NOT_FOUND", ["input", "groupId"]),
            ("REQUIRED", ["input", "firstName"]),
        ]


async def test_an_update_that_changes_nothing_leaves_the_version(api: Api) -> None:
    made = await create(api, f"{EVERYTHING} updatedAt", **FULL)
    for same in (
        {},
        FULL,
        {"firstName": "María José"},
        {"email": "MARIA.PEREZ@example.com"},
        {"phone": "+52 55 1234 5678"},
        {"tags": ["VIP", "Café"]},
        {"shippingAddress": None},
        {"shippingAddress": {}},
        {"billingAddress": {"line1": " Calle 1", "city": "Oaxaca", "country": "MX", "region": None}},
        {"groupId": None},
    ):
        assert await update(api, f"{EVERYTHING} updatedAt", id=made["id"], **same) == made, same
    version = 1
    for different in (
        {"firstName": "Marie"}, {"tags": ["VIP"]}, {"tags": ["vip"]}, {"billingAddress": {"line1": "Calle 2"}},
        {"shippingAddress": {"city": "Puebla"}}, {"shippingAddress": None}, {"birthDate": "1990-03-01"},
    ):  # fmt: skip
        version += 1
        assert (await update(api, "version", id=made["id"], **different))["version"] == version, different


async def test_an_address_is_replaced_as_a_whole(api: Api) -> None:
    made = await create(
        api, "id", billingAddress={"line1": "Calle 1", "city": "Oaxaca"}, shippingAddress={"city": "Puebla"}
    )
    changed = await update(
        api, f"billingAddress {ADDRESS} shippingAddress {ADDRESS}", id=made["id"], billingAddress={"region": "Oax"}
    )
    assert {name: value for name, value in changed["billingAddress"].items() if value} == {"region": "Oax"}
    assert changed["shippingAddress"]["city"] == "Puebla"
    assert await api.data('{ customers(where: {city: {in: ["oaxaca"]}}) { totalCount } }') == {
        "customers": {"totalCount": 0}
    }
    assert await api.data('{ customers(where: {city: {in: ["PUEBLA"]}}) { totalCount } }') == {
        "customers": {"totalCount": 1}
    }


async def test_what_is_changed_is_found_by_its_new_words_only(api: Api) -> None:
    made = await create(api, "id code", firstName="Jürgen", email="old@example.com", phone="55 1234 5678")
    await update(api, "id", id=made["id"], firstName="Søren", email="new@example.org", phone="55 8765 4321")

    async def found(query: str) -> int:
        answer = await api.data(
            "query($q: String!) { customerSearch(query: $q) { id } customers(search: $q) { totalCount } }", q=query
        )
        assert len(answer["customerSearch"]) == answer["customers"]["totalCount"]
        return len(answer["customerSearch"])

    for query in (
        "soren",
        "SØR",
        "li",
        "soren li",
        "new@example.org",
        "87654321",
        "525587654321",
        made["code"],
        "cust00001",
        "00001",
    ):
        assert await found(query) == 1, query
    for query in ("jurgen", "old", "12345678", "soren x", "-", "%", "_", '"', "' OR 1=1", "*", "\\"):
        assert await found(query) == 0, query


async def test_codes_count_up_by_store(api: Api) -> None:
    await api.done("storeCreate", "store { id }", {"code": "s07", "name": "Harbour"})
    codes = [
        (await create(api, "code originStore { code }", **given))
        for given in ({}, {"originStoreCode": "S07"}, {"originStoreCode": "main"}, {"originStoreCode": " s07 "}, {})
    ]
    assert codes == [
        {"code": "CUST-00001", "originStore": None},
        {"code": "CUST-S07-00001", "originStore": {"code": "S07"}},
        {"code": "CUST-00002", "originStore": None},
        {"code": "CUST-S07-00002", "originStore": {"code": "S07"}},
        {"code": "CUST-00003", "originStore": None},
    ]


async def test_codes_are_unique_however_many_come_at_once(open_shop: OpenShop, schema: ComposedSchema) -> None:
    """Two shops opened on one database are two processes to each other."""
    apis = [Api(schema, await open_shop(), Actor.of_role("key", "till", "administrator")) for _ in range(2)]
    made = await asyncio.gather(*(create(apis[n % 2], "code") for n in range(40)))
    assert len({customer["code"] for customer in made}) == 40
    assert await count(apis[0]) == 40


async def test_find_or_create(api: Api) -> None:
    ana = await create(api, "id", email="ana@example.com", phone="55 1234 5678")
    bo = await create(api, "id", firstName="Bo", email="bo@example.com", phone="55 8765 4321")

    async def matched(match_on: Any, **given: Any) -> tuple[str, bool]:
        made = await api.done(
            "customerCreate",
            "created customer { id firstName version }",
            {"firstName": "New", "lastName": "Name", "matchOn": match_on, "force": True, **given},
        )
        if not made["created"]:
            assert (made["customer"]["firstName"], made["customer"]["version"]) != ("New", 2)
        return made["customer"]["id"], made["created"]

    assert await matched(["EMAIL"], email="ANA@example.com") == (ana["id"], False)
    assert await matched(["PHONE"], phone="+52 55 1234 5678") == (ana["id"], False)
    assert await matched(["EMAIL", "PHONE"], email="ana@example.com", phone="55 8765 4321") == (ana["id"], False)
    assert await matched(["PHONE", "EMAIL"], email="ana@example.com", phone="55 8765 4321") == (bo["id"], False)
    assert await matched(["PHONE", "EMAIL"], email="new@example.com", phone="55 8765 4321") == (bo["id"], False)
    assert await count(api) == 2
    for match_on, given in (
        (["EMAIL"], {"phone": "55 1234 5678"}),
        (["EMAIL", "PHONE"], {"email": "new@example.com", "phone": "55 8765 4321"}),
        ([], {"email": "ana@example.com"}),
        (None, {"email": "ana@example.com"}),
    ):
        id_, created = await matched(match_on, **given)
        assert created
        assert id_ not in {ana["id"], bo["id"]}
    # Of several with the same contact the eldest is taken, and one that was put away is found as well.
    await api.done("customerDeactivate", "customer { id }", {"id": ana["id"]})
    assert await matched(["EMAIL"], email="ana@example.com") == (ana["id"], False)


async def test_the_same_person_at_twenty_tills_is_one_customer(open_shop: OpenShop, schema: ComposedSchema) -> None:
    apis = [Api(schema, await open_shop(), Actor.of_role("key", "till", "administrator")) for _ in range(2)]
    given = {"firstName": "Ana", "lastName": "Li", "phone": "55 1234 5678", "matchOn": ["PHONE"]}
    made = await asyncio.gather(
        *(apis[n % 2].done("customerCreate", "created customer { id }", given) for n in range(20))
    )
    assert len({answer["customer"]["id"] for answer in made}) == 1
    assert sorted(answer["created"] for answer in made) == [False] * 19 + [True]
    assert await count(apis[0]) == 1


async def test_statuses_and_the_quick_search(api: Api) -> None:
    ana = await create(api)

    async def become(mutation: str) -> tuple[str, int]:
        customer = (await api.done(mutation, "customer { status version }", {"id": ana["id"]}))["customer"]
        return customer["status"], customer["version"]

    async def found(**options: Any) -> int:
        document = 'query($all: Boolean) { customerSearch(query: "ana", includeArchived: $all) { id } }'
        return len((await api.data(document, **options))["customerSearch"])

    assert await found() == 1
    assert await become("customerDeactivate") == ("INACTIVE", 2)
    assert await become("customerDeactivate") == ("INACTIVE", 2)
    assert (await found(), await found(all=None), await found(all=False), await found(all=True)) == (0, 0, 0, 1)
    assert await api.data(
        '{ hidden: customers(search: "ana") { totalCount } listed: customers { totalCount }'
        ' asked: customers(search: "ana", where: {status: {in: [INACTIVE]}}) { totalCount } }'
    ) == {"hidden": {"totalCount": 0}, "listed": {"totalCount": 1}, "asked": {"totalCount": 1}}
    assert await become("customerSuspend") == ("SUSPENDED", 3)
    assert await found() == 1
    assert await become("customerReactivate") == ("ACTIVE", 4)
    assert await found() == 1


async def test_the_quick_search_shows_whom_it_saw_last_first(api: Api) -> None:
    people = [await create(api, "id code", lastName=f"Li {n}") for n in range(4)]
    await api.done(
        "purchaseRecord",
        "created",
        {
            "reference": "R",
            "customerId": people[1]["id"],
            "lines": [{"name": "a", "total": "1.00"}],
        },
    )
    found = await api.data('{ customerSearch(query: "li") { code } one: customerSearch(query: "li", first: 1) { code }'
                           ' none: customerSearch(query: "li", first: 0) { code }'
        ' blank: customerSearch(query: "  ") { code } }')  # fmt: skip
    assert [customer["code"] for customer in found["customerSearch"]] == [people[n]["code"] for n in (1, 3, 2, 0)]
    assert found["one"] == [{"code": people[1]["code"]}]
    assert (found["none"], found["blank"]) == ([], [])


async def test_tags_fold_case_and_accents(api: Api) -> None:
    ana = await create(api, "id", tags=["Café"])

    async def change(mutation: str, *tags: str) -> tuple[list[str], int]:
        made = await api.done(mutation, "customer { tags version }", {"customerId": ana["id"], "tags": list(tags)})
        return made["customer"]["tags"], made["customer"]["version"]

    assert await change("tagsAdd", "VIP", "CAFE", "vip", "") == (["Café", "VIP"], 2)
    assert await change("tagsAdd", "vip") == (["Café", "VIP"], 2)
    assert await change("tagsAdd") == (["Café", "VIP"], 2)
    assert await change("tagsRemove", "nothing") == (["Café", "VIP"], 2)
    assert await change("tagsRemove", "cafe", "CAFÉ") == (["VIP"], 3)
    many = [f"t{n:02}" for n in range(49)]
    assert await change("tagsAdd", *many) == ([*many, "VIP"], 4)
    assert await api.refused("tagsAdd", {"customerId": ana["id"], "tags": ["one more"]}) == ["TOO_MANY"]
    found = await api.data('{ customers(where: {tag: {in: ["víp"]}}) { totalCount } }')
    assert found["customers"]["totalCount"] == 1


async def test_tags_added_at_once_are_all_there(api: Api) -> None:
    ana = await create(api)
    await asyncio.gather(
        *(
            api.done("tagsAdd", "customer { id }", {"customerId": ana["id"], "tags": [f"t{n}", "both"]})
            for n in range(8)
        )
    )
    found = await api.data("query($id: ID!) { customer(id: $id) { tags version } }", id=ana["id"])
    assert found["customer"] == {"tags": ["both", *(f"t{n}" for n in range(8))], "version": 9}


async def test_changes_at_once_are_all_counted(api: Api) -> None:
    ana = await create(api)
    await asyncio.gather(*(update(api, "id", id=ana["id"], taxId=f"X{n}") for n in range(10)))
    found = await api.data("query($id: ID!) { customer(id: $id) { version taxId } }", id=ana["id"])
    assert found["customer"]["version"] == 11


async def test_one_document_sees_what_its_own_mutations_did(api: Api) -> None:
    ana = await create(api, "id", tags=["a"])
    made = await api.data(
        'mutation($id: ID!) { one: tagsAdd(input: {customerId: $id, tags: ["b"]}) { ...F }'
        ' two: tagsRemove(input: {customerId: $id, tags: ["a"]}) { ...G } }'
        " fragment F on TagsAddPayload { customer { ...C } } fragment G on TagsRemovePayload { customer { ...C } }"
        " fragment C on Customer { tags version }",
        id=ana["id"],
    )
    assert made["one"]["customer"] == {"tags": ["a", "b"], "version": 2}
    assert made["two"]["customer"] == {"tags": ["b"], "version": 3}


async def test_a_fragment_on_two_levels_tells_its_parents_apart(api: Api) -> None:
    for n in range(12):
        person = await create(api, "id", lastName=f"L{n}", tags=[f"t{n}"])
        await api.done("purchaseRecord", "created", {"reference": f"R{n}", "customerId": person["id"],
                                                     "lines": [{"name": "a", "total": f"{n + 1}.00"}]})  # fmt: skip
    found = await api.data(
        "{ customers { nodes { ...F purchases { nodes { total { amount } customer { ...F } } } } } }"
        " fragment F on Customer { lastName tags stats { totalSpent { amount } } }"
    )
    for customer in found["customers"]["nodes"]:
        number = customer["lastName"][1:]
        [purchase] = customer.pop("purchases")["nodes"]
        assert customer["tags"] == [f"t{number}"]
        assert customer["stats"]["totalSpent"] == purchase["total"] == {"amount": f"{int(number) + 1}.00"}
        assert purchase["customer"] == customer


CONFLICT = (
    "mutation($i: CustomerUpdateInput!) { customerUpdate(input: $i) { customer { version } userErrors { __typename code path"
    " ... on VersionConflict { customer { version firstName } } } } }"
)


async def test_a_change_of_what_was_changed_meanwhile_is_refused(api: Api) -> None:
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    id_ = made["customer"]["id"]
    given = {"id": id_, "firstName": "Eva", "expectedVersion": 1, "idempotencyKey": "a"}
    assert (await api.data(CONFLICT, i=given))["customerUpdate"] == {"customer": {"version": 2}, "userErrors": []}
    assert (await api.data(CONFLICT, i=given))["customerUpdate"]["userErrors"] == []  # the same change, sent again
    stale = {"id": id_, "firstName": "Bo", "expectedVersion": 1, "idempotencyKey": "b"}
    refusal = {
        "__typename": "VersionConflict",
        "code": "VERSION_CONFLICT",
        "path": ["input", "expectedVersion"],
        "customer": {"version": 2, "firstName": "Eva"},
    }
    for _ in range(2):
        refused = await api.data(CONFLICT, i=stale)
        assert refused["customerUpdate"] == {"customer": None, "userErrors": [refusal]}
    for name in ("customerDeactivate", "customerSuspend", "customerReactivate"):
        assert await api.refused(name, {"id": id_, "expectedVersion": 1}) == ["VERSION_CONFLICT"]
    done = await api.done("customerSuspend", "customer { version }", {"id": id_, "expectedVersion": 2})
    assert done["customer"]["version"] == 3


async def test_of_two_that_change_the_same_version_at_once_one_is_refused(api: Api) -> None:
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    given = {"id": made["customer"]["id"], "expectedVersion": 1}
    names = [f"Ana {n}" for n in range(8)]
    answers = await asyncio.gather(
        *(api.do("customerUpdate", "customer { version }", {**given, "firstName": name}) for name in names)
    )
    codes = [error["code"] for answer in answers for error in answer["userErrors"]]
    assert codes == ["VERSION_CONFLICT"] * 7


async def test_a_code_that_an_import_has_brought_meanwhile_is_passed_over(api: Api, open_shop: OpenShop) -> None:
    first = await api.done("customerCreate", "customer { code }", {"firstName": "Ana", "lastName": "Li"})
    assert first["customer"]["code"] == "CUST-00001"
    other = await open_shop()  # another process, whose import brings codes that ours has in stock
    for code in ("CUST-00002", "CUST-00003"):
        given = checked(other.settings, NewCustomer("Bo", "Ek", code=code))
        await other.codes.reserve_up_to(CUSTOMER_CODES, [code])
        await register(other, [given])
    second = await api.done("customerCreate", "customer { code }", {"firstName": "Cy", "lastName": "Um"})
    assert second["customer"]["code"] == "CUST-00004"


async def test_a_group_deleted_while_customers_are_put_into_it_is_never_an_internal_error(api: Api) -> None:
    for n in range(5):
        made = await api.done("customerGroupCreate", "customerGroup { id }", {"name": f"Group {n}"})
        group = made["customerGroup"]["id"]
        answers = await asyncio.gather(
            *(api.ask(CREATE, input={"firstName": "A", "lastName": str(k), "groupId": group}) for k in range(4)),
            api.ask(DELETE, input={"id": group}),
        )
        assert [answer.errors for answer in answers] == [[]] * 5
        codes = {error["code"] for a in answers for part in a.data.values() for error in part["userErrors"]}
        assert codes <= {"NOT_FOUND", "GROUP_NOT_EMPTY"}


CREATE = "mutation ($input: CustomerCreateInput!) { customerCreate(input: $input) { userErrors { code } } }"
DELETE = "mutation ($input: CustomerGroupDeleteInput!) { customerGroupDelete(input: $input) { userErrors { code } } }"


async def test_a_phone_with_an_extension_is_refused_rather_than_cut(api: Api) -> None:
    given = {"firstName": "Ana", "lastName": "Li", "phone": "+52 55 1234 5678 ext. 12"}
    assert await api.refused("customerCreate", given) == ["INVALID_PHONE"]


async def test_a_tag_that_grows_when_folded_is_found_again(api: Api) -> None:
    await api.done("customerCreate", "created", {"firstName": "Ana", "lastName": "Li", "tags": ["ß" * 64]})
    found = await api.data(
        "query ($w: CustomerWhere) { customers(where: $w) { totalCount } }", w={"tag": {"in": ["ß" * 64]}}
    )
    assert found["customers"]["totalCount"] == 1
