"""The `where` inputs over GraphQL: every leaf, literals and variables alike, and what is no condition."""

import json
import random
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import strawberry
import time_machine

from regulars_core.primitives.clock import now, printed, start_of
from regulars_schema.customers.filters import LEAVES
from regulars_schema.fields.filters import InstantComparison, instant_conditions
from regulars_schema.purchases.filters import LEAVES as PURCHASE_LEAVES
from regulars_schema.testing import Api

ASK = "query($where: CustomerWhere) { customers(first: 100, where: $where) { totalCount nodes { firstName } } }"
ASK_PURCHASES = "query($where: PurchaseWhere) { purchases(first: 100, where: $where) { nodes { reference } } }"
DAY = 86_400_000
TODAY = date.today()


def born(days: int) -> str:
    day = TODAY + timedelta(days=days)
    return f"{1960 if day.strftime('%m-%d') == '02-29' else 1961}-{day:%m-%d}"


@pytest.fixture
async def shop_of_three(api: Api) -> Api:
    """Ana has everything, Bo a little, and Cy nothing but a name."""
    group = await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Regulars"})
    await api.done("storeCreate", "store { id }", {"code": "S1", "name": "Harbour"})
    ana = {
        "firstName": "Ana", "lastName": "Li", "email": "ana@example.com", "phone": "55 1234 5678", "birthDate": born(3),
        "tags": ["VIP", "Café"], "groupId": group["customerGroup"]["id"], "originStoreCode": "S1",
        "billingAddress": {"city": "México", "country": "MX", "region": "Ciudad de México", "postalCode": "06-000 a"},
        "preferredContact": "MESSENGER", "shippingAddress": {"city": "Aarhus", "country": "DK"},
    }  # fmt: skip
    bo = {"firstName": "Bo", "lastName": "Li", "email": "bo@example.com", "tags": ["new"], "birthDate": born(40)}
    bo |= {"companyName": "Acme Ltd", "taxId": "AB-12"}
    people = (ana, bo, {"firstName": "Cy", "lastName": "Li"})
    made = [await api.done("customerCreate", "customer { id }", given) for given in people]
    for reference, who, amount, days in (("A1", 0, "10.00", 40), ("A2", 0, "20.00", 5), ("B1", 1, "5.00", 100)):
        lines = [{"name": "Tea", "sku": f"K{who}", "brand": "Ole", "category": "Drinks", "total": amount}]
        at = printed(now() - days * DAY)  # type: ignore[arg-type]
        given = {"reference": reference, "customerId": made[who]["customer"]["id"], "lines": lines, "purchasedAt": at}
        paid = (
            {"payments": [{"method": "card", "amount": amount}], "channel": "till"} if who == 0 else {"storeCode": "S1"}
        )
        await api.done("purchaseRecord", "created", {**given, **paid})
    return api


async def names(api: Api, where: Any) -> str:
    """The initials of whom a tree finds, the same as a variable and written into the document."""
    found = (await api.data(ASK, where=where))["customers"]
    assert found["totalCount"] == len(found["nodes"])
    literal = await api.data(f"{{ customers(first: 100, where: {_literal(where)}) {{ nodes {{ firstName }} }} }}")
    assert literal["customers"]["nodes"] == found["nodes"]
    return "".join(sorted(node["firstName"][0] for node in found["nodes"]))


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_literal(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, str) and value in {"ACTIVE", "INACTIVE", "SUSPENDED", "MESSENGER", "SMS"}:
        return value
    return json.dumps(value, ensure_ascii=False)


def trees(group: str, store: str, customer: str) -> list[tuple[dict[str, Any], str]]:
    ago = {days: printed(now() - days * DAY) for days in (1, 10, 50)}  # type: ignore[arg-type]
    return [
        ({}, "ABC"),
        ({"all": []}, "ABC"),
        ({"any": []}, ""),
        ({"not": {}}, ""),
        ({"not": {"any": []}}, "ABC"),
        ({"any": [{}, {"any": []}]}, "ABC"),
        ({"status": {"in": ["ACTIVE"]}}, "ABC"),
        ({"status": {"in": ["INACTIVE", "SUSPENDED"]}}, ""),
        ({"status": {"in": []}}, ""),
        ({"not": {"status": {"in": []}}}, "ABC"),
        ({"group": {"in": [group]}}, "A"),
        ({"not": {"group": {"in": [group]}}}, "BC"),
        ({"originStore": {"in": [store]}}, "A"),
        ({"not": {"originStore": {"in": [store]}}}, "BC"),
        ({"createdAt": {"withinDays": 0}}, "ABC"),
        ({"createdAt": {"before": ago[1]}}, ""),
        ({"totalSpent": {"gte": "5.00"}}, "AB"),
        ({"totalSpent": {"gt": "5.00"}}, "A"),
        ({"totalSpent": {"gte": "5.00", "lt": "30.00"}}, "B"),
        ({"totalSpent": {"lte": "0.00"}}, "C"),
        ({"purchaseCount": {"eq": 0}}, "C"),
        ({"purchaseCount": {"gte": 1, "lt": 2}}, "B"),
        ({"purchaseCount": {"gt": 1}}, "A"),
        ({"purchaseCount": {"lte": 1}}, "BC"),
        ({"firstPurchaseAt": {"before": ago[10]}}, "AB"),
        ({"lastPurchaseAt": {"after": ago[10]}}, "A"),
        ({"lastPurchaseAt": {"before": ago[10]}}, "B"),
        ({"lastPurchaseAt": {"withinDays": 36_500}}, "AB"),
        ({"not": {"lastPurchaseAt": {"withinDays": 36_500}}}, "C"),
        ({"not": {"lastPurchaseAt": {"before": ago[10]}}}, "AC"),
        ({"averagePurchase": {"gte": "5.00", "lt": "15.00"}}, "B"),
        ({"averagePurchase": {"lte": "15.00"}}, "AB"),
        ({"not": {"averagePurchase": {"gte": "0.00"}}}, "C"),
        ({"anniversary": {"inNextDays": 260}}, ""),  # of whom it is further ahead
        ({"anniversary": {"inNextDays": 320}}, "B"),
        ({"anniversary": {"inNextDays": 366}}, "AB"),
        ({"not": {"anniversary": {"inNextDays": 366}}}, "C"),
        ({"isRegular": True}, ""),
        ({"isRegular": False}, "ABC"),
        ({"updatedAt": {"withinDays": 0}}, "ABC"),
        ({"updatedAt": {"before": ago[1]}}, ""),
        ({"id": {"in": [customer, "customer_" + "f" * 32]}}, "A"),
        ({"not": {"id": {"in": [customer]}}}, "BC"),
        ({"preferredContact": {"in": ["MESSENGER", "SMS"]}}, "A"),
        ({"not": {"preferredContact": {"in": ["MESSENGER"]}}}, "BC"),
        ({"contactCheckedAt": {"withinDays": 0}}, "AB"),
        ({"not": {"contactCheckedAt": {"after": ago[1]}}}, "C"),
        ({"region": {"in": ["CIUDAD de Mexico", "--"]}}, "A"),
        ({"postalCode": {"in": ["06000A"]}}, "A"),
        ({"not": {"postalCode": {"in": ["06 000a", ""]}}}, "BC"),
        ({"birthday": {"inNextDays": 4}}, "A"),
        ({"birthday": {"inNextDays": 366}}, "AB"),
        ({"not": {"birthday": {"inNextDays": 366}}}, "C"),
        ({"age": {"gte": TODAY.year - 1962}}, "AB"),
        ({"age": {"gt": 130}}, ""),
        ({"not": {"age": {"lte": 130}}}, "C"),
        ({"tag": {"in": ["vip"]}}, "A"),
        ({"tag": {"in": ["CAFE", "NEW"]}}, "AB"),
        ({"not": {"tag": {"in": ["vip"]}}}, "BC"),
        ({"all": [{"tag": {"in": ["vip"]}}, {"tag": {"in": ["café"]}}]}, "A"),
        ({"city": {"in": ["mexico"]}}, "A"),
        ({"city": {"in": ["AARHUS"]}}, "A"),
        ({"country": {"in": ["dk"]}}, "A"),
        ({"not": {"country": {"in": ["SE"]}}}, "ABC"),
        ({"hasEmail": True}, "AB"),
        ({"hasEmail": False}, "C"),
        ({"hasPhone": False}, "BC"),
        ({"isCompany": True}, ""),
        ({"companyName": {"in": ["ácme  ltd.", "--"]}}, "B"),
        ({"not": {"companyName": {"in": ["Acme Ltd"]}}}, "AC"),
        ({"taxId": {"in": ["ab 12", ""]}}, "B"),
        ({"hasEmail": True, "hasPhone": False}, "B"),
        ({"hasEmail": True, "any": [{"hasPhone": True}, {"purchaseCount": {"eq": 0}}]}, "A"),
        ({"not": {"all": [{"hasEmail": True}, {"totalSpent": {"gt": "5.00"}}]}}, "BC"),
        ({"any": [{"not": {"hasEmail": True}}, {"not": {"not": {"hasPhone": True}}}]}, "AC"),
        ({"all": [{"hasEmail": True}] * 50}, "AB"),
    ]


async def test_every_leaf_of_customers(shop_of_three: Api) -> None:
    found = await shop_of_three.data("{ customerGroups { nodes { id name } } stores { nodes { id code } } }")
    group = next(node["id"] for node in found["customerGroups"]["nodes"] if node["name"] == "Regulars")
    store = next(node["id"] for node in found["stores"]["nodes"] if node["code"] == "S1")
    [ana] = (await shop_of_three.data('{ customerSearch(query: "ana") { id } }'))["customerSearch"]
    wanted = trees(group, store, ana["id"])
    assert [(tree, await names(shop_of_three, tree)) for tree, _ in wanted] == wanted
    asked = json.dumps([tree for tree, _ in wanted])
    assert [leaf.name for leaf in LEAVES if f'"{leaf.name}"' not in asked] == []


async def test_an_age_is_that_which_the_condition_finds(shop_of_three: Api) -> None:
    for present, age in (("2027-02-27T12:00:00Z", 26), ("2027-02-28T12:00:00Z", 27), ("2028-02-28T12:00:00Z", 27)):
        with time_machine.travel(datetime.fromisoformat(present), tick=False):
            leap = {"firstName": f"Leap{present[:10]}", "lastName": "Day", "birthDate": "2000-02-29"}
            made = await shop_of_three.done("customerCreate", "customer { id age }", {**leap, "force": True})
            assert made["customer"]["age"] == age
            where = {"age": {"eq": age}, "id": {"in": [made["customer"]["id"]]}}
            assert await names(shop_of_three, where) == "L"
    [cy] = (await shop_of_three.data('{ customerSearch(query: "cy") { age } }'))["customerSearch"]
    assert cy == {"age": None}


async def test_random_trees_part_the_customers(shop_of_three: Api) -> None:
    """What a tree finds and what its opposite finds are everybody, once."""
    chance = random.Random(9)
    leaves = [
        tree
        for tree, _ in trees(*(f"{kind}_{'0' * 32}" for kind in ("group", "store", "customer")))
        if not {"all", "any", "not"} & {*tree}
    ]

    def tree(depth: int) -> dict[str, Any]:
        if depth == 0 or chance.random() < 0.3:
            return chance.choice(leaves)
        if chance.random() < 0.3:
            return {"not": tree(depth - 1)}
        return {chance.choice(["all", "any"]): [tree(depth - 1) for _ in range(chance.randrange(4))]}

    for _ in range(60):
        where = tree(2)
        assert sorted(await names(shop_of_three, where) + await names(shop_of_three, {"not": where})) == list("ABC")


async def test_every_leaf_of_purchases(shop_of_three: Api) -> None:
    found = await shop_of_three.data('{ customerSearch(query: "ana") { id } stores { nodes { id code } } }')
    store = next(node["id"] for node in found["stores"]["nodes"] if node["code"] == "S1")
    wanted: list[tuple[dict[str, Any], str]] = [
        ({}, "A1 A2 B1 C1"),
        ({"status": {"in": ["PAID"]}}, "A1 A2 B1 C1"),
        ({"not": {"status": {"in": ["PAID"]}}}, ""),
        ({"store": {"in": [store]}}, "B1"),
        ({"customer": {"in": [found["customerSearch"][0]["id"]]}}, "A1 A2"),
        ({"channel": {"in": ["till"]}}, "A1 A2"),
        ({"not": {"channel": {"in": ["till"]}}}, "B1 C1"),
        ({"purchasedAt": {"withinDays": 50}}, "A1 A2 C1"),
        ({"total": {"gte": "10.00", "lt": "20.00"}}, "A1"),
        ({"paymentMethod": {"in": ["card"]}}, "A1 A2"),
        ({"not": {"paymentMethod": {"in": ["card"]}}}, "B1 C1"),
        ({"brand": {"in": ["Ole"]}}, "A1 A2 B1"),
        ({"category": {"in": ["drinks"]}}, ""),
        ({"sku": {"in": ["K1", "K3"]}}, "B1"),
        ({"recordedAt": {"withinDays": 0}}, "A1 A2 B1 C1"),
        ({"recordedAt": {"before": printed(now() - DAY)}}, ""),  # type: ignore[arg-type]
        ({"due": {"gt": "0.00"}}, "C1"),
        ({"due": {"lte": "0.00"}}, "A1 A2 B1"),
        ({"register": {"in": [" T1 ", "T2"]}}, "C1"),
        ({"register": {"in": ["", "t1"]}}, ""),
        ({"not": {"register": {"in": ["T1"]}}}, "A1 A2 B1"),
        ({"hasNote": True}, "C1"),
        ({"hasNote": False}, "A1 A2 B1"),
        ({"calendar": {"months": list(range(1, 13))}}, "A1 A2 B1 C1"),
        ({"calendar": {"hours": []}}, ""),
    ]
    nobody = {"reference": "C1", "register": "T1", "note": "A gift.", "due": "7.00", "purchasedAt": printed(now())}
    await shop_of_three.done("purchaseRecord", "created", {**nobody, "lines": [{"name": "Jam", "total": "7.00"}]})
    answers = []
    for where, _ in wanted:
        nodes = (await shop_of_three.data(ASK_PURCHASES, where=where))["purchases"]["nodes"]
        answers.append((where, " ".join(sorted(node["reference"] for node in nodes))))
    assert answers == wanted
    asked = json.dumps([where for where, _ in wanted])
    assert [leaf.name for leaf in PURCHASE_LEAVES if f'"{leaf.name}"' not in asked] == []


DAYS_TURNED = {"from": "2026-12-31", "to": "2026-01-01"}


def _deep(depth: int) -> dict[str, Any]:
    return {"not": _deep(depth - 1)} if depth else {"hasEmail": True}


async def test_what_is_no_condition_is_the_callers_fault(api: Api) -> None:
    wrong: list[tuple[Any, list[str] | None]] = [
        ({"all": None}, ["where", "all"]),
        ({"not": None}, ["where", "not"]),
        ({"hasEmail": None}, ["where", "hasEmail"]),
        ({"any": [{"totalSpent": None}]}, ["where", "any", "0", "totalSpent"]),
        ({"totalSpent": {}}, ["where", "totalSpent"]),
        ({"totalSpent": {"gte": None}}, ["where", "totalSpent", "gte"]),
        ({"totalSpent": {"gte": "1.005"}}, ["where", "totalSpent"]),
        ({"totalSpent": {"gte": "99999999999999999999.00"}}, None),
        ({"lastPurchaseAt": {"withinDays": -1}}, ["where", "lastPurchaseAt", "withinDays"]),
        ({"lastPurchaseAt": {"withinDays": 36_501}}, ["where", "lastPurchaseAt", "withinDays"]),
        ({"birthday": {"inNextDays": 367}}, ["where", "birthday", "inNextDays"]),
        ({"anniversary": {"inNextDays": -1}}, ["where", "anniversary", "inNextDays"]),
        ({"id": {"in": ["group_" + "0" * 32]}}, ["where", "id", "in", "0"]),
        ({"group": {"in": ["store_" + "0" * 32]}}, ["where", "group", "in", "0"]),
        ({"group": {"in": ["nonsense"]}}, ["where", "group", "in", "0"]),
        ({"all": [{"hasEmail": True}] * 51}, ["where"]),
        (_deep(6), None),
        ({"status": {"in": ["MISSING"]}}, None),
        ({"status": "ACTIVE"}, None),
        ({"unknown": True}, None),
        ({"purchaseCount": {"gte": 2**31}}, None),
        ("x", None),
    ]
    for where, path in wrong:
        answer = await api.ask(ASK, where=where)
        assert answer.codes == ["BAD_USER_INPUT"], (where, answer.errors)
        if path is not None:
            assert answer.errors[0]["extensions"].get("argument") == path, (where, answer.errors)
    assert (await api.ask(ASK, where=_deep(5))).errors == []


async def test_what_is_no_condition_is_told_at_its_place_in_an_input(api: Api) -> None:
    inner = {"count": {"gte": 1}, "where": {"any": [{"hasNote": True}, {"customer": {"in": ["x"]}}]}}
    place = ["all", "1", "purchases", "where", "any", "1", "customer", "in", "0"]
    where = {"all": [{"hasEmail": True}, {"purchases": inner}]}
    given = {"idempotencyKey": "1", "columns": ["code"]}
    wrong: list[tuple[str, Any, list[str]]] = [
        ("segmentCreate", {"name": "N", "where": where}, ["where", *place]),
        ("customersExport", {**given, "where": {"id": {"in": ["x"]}}}, ["where", "id", "in", "0"]),
        ("customersExport", {**given, "everyone": True, "purchaseDays": DAYS_TURNED}, ["purchaseDays", "from"]),
        (
            "segmentCreate",
            {"name": "N", "where": {"segment": {"in": ["segment_" + "0" * 32]}}},
            ["where", "segment", "in", "0"],
        ),
    ]
    for name, written, path in wrong:
        answer = await api.ask(
            f"mutation($i: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $i) {{ userErrors {{ code }} }} }}",
            i=written,
        )
        assert answer.codes == ["BAD_USER_INPUT"], answer.errors
        assert answer.errors[0]["extensions"]["argument"] == ["input", *path]
    answer = await api.ask("query($w: CustomerWhere) { customers(where: $w) { totalCount } }", w=where)
    assert answer.errors[0]["extensions"]["argument"] == ["where", *place]


async def test_no_where_at_all(shop_of_three: Api) -> None:
    for document, variables in ((ASK, {}), (ASK, {"where": None})):
        answer = await shop_of_three.ask(document, **variables)
        assert answer.errors == []
        assert answer.data["customers"]["totalCount"] == 3


async def test_extremes_are_numbers_like_any_other(shop_of_three: Api) -> None:
    for where, found in (
        ({"purchaseCount": {"gte": -(2**31)}}, "ABC"),
        ({"purchaseCount": {"gt": 2**31 - 1}}, ""),
        ({"lastPurchaseAt": {"after": "0001-01-03T00:00:00Z"}}, "AB"),
        ({"lastPurchaseAt": {"before": "9999-12-29T23:59:59.999Z"}}, "AB"),
    ):
        assert await names(shop_of_three, where) == found


@pytest.mark.parametrize(
    ("present", "first_day"),
    [("2026-03-30T00:30:00+02:00", "2026-03-29"), ("2026-10-25T23:30:00+01:00", "2026-10-24")],
)
async def test_days_ago_are_calendar_days_also_when_clocks_change(present: str, first_day: str) -> None:
    zone = ZoneInfo("Europe/Madrid")
    with time_machine.travel(datetime.fromisoformat(present), tick=False):
        context: Any = SimpleNamespace(shop=SimpleNamespace(settings=SimpleNamespace(zone=zone)))
        comparison = InstantComparison(within_days=strawberry.Some(1))
        conditions = instant_conditions(comparison, context)
    assert conditions[0] == (">=", start_of(date.fromisoformat(first_day), zone))


async def test_a_tree_of_nothing_is_bounded_too(api: Api) -> None:
    for where in ({"all": [{}] * 1_100}, {"any": [{"all": []}] * 1_100}):
        assert (await api.ask(ASK, where=where)).codes == ["BAD_USER_INPUT"]
