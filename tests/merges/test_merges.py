"""Customers are made one, found by whatever they were called, and made two again."""

from typing import Any

import pytest

from regulars_core.contribution import HOLDINGS
from regulars_core.plugin import DAY_MS, erase_held
from regulars_core.shop.actors import Actor, Binding
from regulars_schema.testing import Api
from tests.merges.conftest import MERGED, Desk
from tests.support.keys import bound

ADDRESS = {"line1": "Calle 1", "city": "Oaxaca"}


async def a_pair(desk: Desk) -> tuple[str, str]:
    """Two profiles of one person, with everything that goes over."""
    ana = await desk.customer("Ana", email="ana@example.org", tags=["tea"], taxId="X1")
    other = await desk.customer(
        "Anna", email="anna@example.org", phone="55 1234 5678", tags=["Tea", "cake"], billingAddress=ADDRESS,
        birthDate="1990-02-28",
    )  # fmt: skip
    for who in (ana, other):
        await desk.api.done("noteAdd", "note { id }", {"customerId": who, "body": f"About {who}"})
    await desk.sells(ana, "100.00")
    await desk.sells(other, "150.00")
    await desk.sells(other, "75.00")
    return ana, other


async def test_what_becomes_of_a_tier_is_told_to_who_may_see_tiers(desk: Desk) -> None:
    ana, other = await a_pair(desk)
    may = frozenset({"customers.view", "customers.merge"})
    for more, kinds in ((frozenset[str](), []), (frozenset({"tiers.view"}), ["TIER"])):
        api = Api(desk.api.schema, desk.shop, Actor("key", "till", (Binding("own", may | more, None),)))
        asked = {"survivorId": ana, "absorbedIds": [other]}
        document = (
            "query($input: CustomersMergePreviewInput!) { customersMergePreview(input: $input) { effects { kind } } }"
        )
        told = (await api.data(document, input=asked))["customersMergePreview"]["effects"]
        assert [one["kind"] for one in told] == kinds


async def test_two_become_one_and_two_again(desk: Desk) -> None:
    ana, other = await a_pair(desk)
    code = (await desk.shown(other, "code"))["code"]
    before = [await desk.shown(one) for one in (ana, other)]
    told = await desk.preview(ana, other)
    assert [await desk.shown(one) for one in (ana, other)] == before  # nothing is written
    done = await desk.merges(ana, other, fingerprint=told["fingerprint"])
    ours = ("fingerprint", "fields", "moved", "effects", "survivor")
    assert [told[name] for name in ours] == [done[name] for name in ours]
    assert (told["mergeId"], told["mergedAt"], told["mergedBy"], done["mergedBy"]) == (None, None, None, "till")
    assert done["absorbed"] == [{"id": other, "status": "MERGED"}]
    assert {one["kind"]: one["count"] for one in done["moved"]} == {"notes": 1, "purchases": 2}
    kept = {one["field"]: one["keptFrom"] for one in done["fields"]}
    assert kept == {
        "firstName": ana, "email": ana, "phone": other, "birthDate": other, "taxId": ana, "billingAddress": other
    }  # fmt: skip
    assert done["effects"][0]["kind"] == "TIER"

    now = await desk.shown(ana)
    assert (now["email"], now["phone"], now["birthDate"]) == ("ana@example.org", "+525512345678", "1990-02-28")
    assert now["billingAddress"] == ADDRESS
    assert now["tags"] == ["cake", "tea"]
    assert now["stats"]["totalSpent"] == {"amount": "325.00"}
    assert (now["stats"]["purchaseCount"], len(now["notes"]["nodes"]), len(now["purchases"]["nodes"])) == (3, 2, 3)
    assert now["aliases"] == [{"id": other}]
    alias = await desk.shown(other)
    assert (alias["status"], alias["mergedInto"], alias["email"]) == ("MERGED", {"id": ana}, "anna@example.org")
    assert alias["stats"]["purchaseCount"] == len(alias["notes"]["nodes"]) == 0
    for by in ({"id": other}, {"code": code.lower()}, {"id": ana}):
        assert await desk.led_to(**by) == {"id": ana}
    assert await desk.wrong() == []

    assert await desk.undoes(done) == [ana, other]
    assert [await desk.shown(one) for one in (ana, other)] == before
    assert await desk.led_to(code=code) == {"id": other}
    assert await desk.wrong() == []
    merges = (await desk.shown(ana, f"merges {{ {MERGED.removeprefix('customersMerge {')}"))["merges"]
    assert [(one["mergeId"], [o["code"] for o in one["obstacles"]]) for one in merges] == [
        (done["mergeId"], ["ALREADY_UNDONE"])
    ]
    assert (merges[0]["undoneAt"] is None, merges[0]["undoableUntil"]) == (False, None)


async def test_what_came_since_stays_with_the_survivor(desk: Desk) -> None:
    ana, other = await a_pair(desk)
    code = (await desk.shown(other, "code"))["code"]
    done = await desk.merges(ana, other)
    since = await desk.sells(None, customerCode=code)
    assert since["customer"] == {"id": ana}
    assert (await desk.sells(other))["customer"] == {"id": ana}
    by_contact = {"firstName": "Anna", "lastName": "Li", "email": "anna@example.org", "matchOn": ["EMAIL"]}
    assert (await desk.sells(None, customer=by_contact))["customer"] == {"id": ana}
    await desk.api.done("customerUpdate", "customer { id }", {"id": other, "phone": "55 8765 4321"})
    await desk.api.done("noteAdd", "note { id }", {"customerId": other, "body": "Since."})
    bought = await desk.shown(other, "purchases { nodes { id } }")
    assert bought["purchases"]["nodes"] == []
    await desk.undoes(done)
    now, then = await desk.shown(ana), await desk.shown(other)
    assert (now["stats"]["purchaseCount"], then["stats"]["purchaseCount"]) == (4, 2)
    assert (now["phone"], then["phone"]) == ("+525587654321", "+525512345678")
    assert (now["birthDate"], now["billingAddress"], now["tags"]) == (None, None, ["tea"])
    assert [len(one["notes"]["nodes"]) for one in (now, then)] == [2, 1]
    assert await desk.wrong() == []


async def test_every_way_leads_to_the_survivor(desk: Desk) -> None:
    """Ids and codes in inputs, chains of merges included; what is asked of a record itself is answered by itself."""
    first, second, third = [await desk.customer(name, email=f"{name}@example.org") for name in ("a", "b", "c")]
    codes = [(await desk.shown(one, "code"))["code"] for one in (first, second)]
    group = (await desk.api.done("customerGroupCreate", "customerGroup { id }", {"name": "VIP"}))["customerGroup"]["id"]
    nobodys = await desk.sells(None)
    one = await desk.merges(second, first)
    two = await desk.merges(third, second)
    for by in [{"id": first}, {"id": second}, *({"code": code} for code in codes)]:
        assert await desk.led_to(**by) == {"id": third}
    assert (await desk.shown(first, "mergedInto { id }"))["mergedInto"] == {"id": third}
    assert (await desk.shown(third, "aliases { id }"))["aliases"] == [{"id": first}, {"id": second}]
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("customerUpdate", "customer { id }", {"id": first, "preferredName": "Cy"}),
        ("customerSuspend", "customer { id }", {"id": first}),
        ("customerReactivate", "customer { id }", {"id": first}),
        ("customerDeactivate", "customer { id }", {"id": first}),
        ("customerReactivate", "customer { id }", {"id": second}),
        ("tagsAdd", "customer { id }", {"customerId": first, "tags": ["x", "y"]}),
        ("tagsRemove", "customer { id }", {"customerId": first, "tags": ["y"]}),
        ("tierAssign", "customer { id }", {"customerId": first, "tier": "A", "reason": "r"}),
        ("tierClear", "customer { id }", {"customerId": second}),
    ]
    for name, payload, given in asked:
        assert (await desk.api.done(name, payload, given))["customer"] == {"id": third}, name
    noted = await desk.api.done("noteAdd", "note { customer { id } }", {"customerId": first, "body": "n"})
    assert noted["note"]["customer"] == {"id": third}
    put = await desk.api.done(
        "customersAssignGroup", "customers { id } movedCount", {"customerIds": [first, second, third], "groupId": group}
    )
    assert (put["customers"], put["movedCount"]) == ([{"id": third}] * 3, 1)
    given = {"purchaseIds": [nobodys["id"]], "customerId": first}
    moved = await desk.api.done("purchasesReassign", "purchases { customer { id } }", given)
    assert moved["purchases"] == [{"customer": {"id": third}}]
    assert (await desk.api.done("tiersReassess", "reassessedCount", {"customerId": first}))["reassessedCount"] == 1
    found = await desk.api.data("query($a: ID!) { purchases(where: {customer: {in: [$a]}}) { nodes { id } } }", a=first)
    assert found["purchases"]["nodes"] == [{"id": nobodys["id"]}]
    basket = [{"customerId": first, "lines": [{"name": "Tea", "total": "1.00"}]}]
    await desk.api.data("query($b: [BasketInput!]!) { basketAdjustments(baskets: $b) { total { amount } } }", b=basket)
    shown = await desk.shown(third)
    assert (shown["preferredName"], shown["tags"], shown["group"], shown["status"]) == (
        "Cy",
        ["x"],
        {"name": "VIP"},
        "ACTIVE",
    )
    assert await desk.api.refused("customersUnmerge", {"mergeId": one["mergeId"]}) == ["ALREADY_MERGED"]
    await desk.undoes(two)
    for by in [{"id": first}, {"code": codes[0]}, {"id": second}]:
        assert await desk.led_to(**by) == {"id": second}
    await desk.undoes(one)
    assert await desk.led_to(id=first) == {"id": first}
    assert await desk.wrong() == []


async def test_lists_searches_and_groups_leave_aliases_out(desk: Desk) -> None:
    ana = await desk.customer("Ana", email="ana@example.org")
    other = await desk.customer("Zoe", email="zoe@example.org", phone="55 1234 5678")
    code = (await desk.shown(other, "code"))["code"]
    done = await desk.merges(ana, other)

    async def ids(arguments: str, **variables: Any) -> list[str]:
        found = await desk.api.data(f"{{ customers({arguments}) {{ totalCount nodes {{ id }} }} }}", **variables)
        assert found["customers"]["totalCount"] == len(found["customers"]["nodes"])
        return [one["id"] for one in found["customers"]["nodes"]]

    for arguments in ("first: 9", "last: 9", "orderBy: {field: TOTAL_SPENT}", "where: {hasEmail: true}", "where: {}"):
        assert await ids(arguments) == [ana], arguments
    assert await ids("where: {status: {in: [MERGED]}}") == [other]
    assert await ids('search: "zoe", where: {status: {in: [MERGED]}}') == [other]
    for words in ("zoe", "zoe@example.org", "5512345678", code, "ana"):
        assert await ids(f'search: "{words}"') == [ana], words
        for archived in ("true", "false"):
            document = f'{{ customerSearch(query: "{words}", includeArchived: {archived}) {{ id }} }}'
            assert (await desk.api.data(document))["customerSearch"] == [{"id": ana}], words
    await desk.api.done("customerUpdate", "customer { id }", {"id": ana, "firstName": "Eva"})
    assert (await ids('search: "zoe"'), await ids('search: "eva"')) == ([ana], [ana])
    document = "{ customerGroups { nodes { customers { totalCount nodes { id } } } } }"
    [members] = (await desk.api.data(document))["customerGroups"]["nodes"]
    assert members == {"customers": {"totalCount": 1, "nodes": [{"id": ana}]}}
    shares = (await desk.api.data("{ tierDistribution { customerCount } }"))["tierDistribution"]
    assert sum(one["customerCount"] for one in shares) == 1
    await desk.undoes(done)
    assert (await ids('search: "zoe"'), await ids('search: "eva"')) == ([other], [ana])


async def test_a_group_of_aliases_alone_is_empty(desk: Desk) -> None:
    made = await desk.api.done("customerGroupCreate", "customerGroup { id }", {"name": "Old"})
    group = made["customerGroup"]["id"]
    ana, other = await desk.customer("Ana"), await desk.customer("Anna", groupId=group)
    done = await desk.merges(ana, other)
    await desk.api.done("customerGroupDelete", "deletedCustomerGroupId", {"id": group})
    await desk.undoes(done)
    assert (await desk.shown(other, "group { isDefault }"))["group"] == {"isDefault": True}


async def test_fields_are_chosen_and_what_nobody_chooses_is_told(desk: Desk) -> None:
    other = await desk.customer("Anna", phone="55 1234 5678", billingAddress={"city": "Puebla"})
    ana = await desk.customer("Ana", phone="55 8765 4321", billingAddress=ADDRESS)
    await desk.api.done("customerSuspend", "customer { id }", {"id": other})
    choices = [{"field": name, "customerId": other} for name in ("firstName", "phone", "billingAddress")]
    before = await desk.shown(ana)
    done = await desk.merges(ana, other, overrides=choices)
    now, first = await desk.shown(ana), await desk.shown(other, "createdAt")
    assert (now["firstName"], now["phone"], now["billingAddress"]["city"]) == ("Anna", "+525512345678", "Puebla")
    assert (now["status"], now["createdAt"]) == ("SUSPENDED", first["createdAt"])
    assert {one["kind"] for one in done["effects"]} >= {"STATUS"}
    await desk.undoes(done)
    assert await desk.shown(ana) == before


async def test_whoever_may_not_see_a_value_is_told_of_no_such_field(desk: Desk) -> None:
    ana, other = await a_pair(desk)
    cautious = Desk(desk.shop, "support")
    told = await cautious.preview(ana, other)
    values = {one["field"]: [each["value"] for each in one["values"]] for one in told["fields"]}
    assert (values.get("taxId"), values["firstName"]) == (None, ["Ana", "Anna"])
    assert [(await desk.preview(ana, other))["fields"][n]["values"][0]["value"] for n in range(1)] == ["Ana"]
    for role in ("cashier", "store_manager", "marketing", "accountant"):
        answer = await Api.of(desk.shop, role).ask(
            "query($i: CustomersMergePreviewInput!) { customersMergePreview(input: $i) { fingerprint } }",
            i={"survivorId": ana, "absorbedIds": [other]},
        )
        assert answer.codes == ["FORBIDDEN"], role


async def test_what_stands_against_a_merge(desk: Desk) -> None:
    ana, other, third = [await desk.customer(name) for name in ("Ana", "Anna", "Cy")]
    nobody = f"customer_{'0' * 32}"
    await desk.merges(other, third)
    cases: list[tuple[str, list[str], dict[str, Any], list[tuple[str, str]]]] = [
        (ana, [], {}, [("REQUIRED", "absorbedIds")]),
        (ana, [nobody] * 10, {}, [("TOO_MANY", "absorbedIds")]),
        (ana, [ana], {}, [("SAME_CUSTOMER", "absorbedIds.0")]),
        (ana, [other, other], {}, [("SAME_CUSTOMER", "absorbedIds.1")]),
        (nobody, [ana], {}, [("NOT_FOUND", "survivorId")]),
        (ana, [other, nobody], {}, [("NOT_FOUND", "absorbedIds.1")]),
        (ana, [third], {}, [("ALREADY_MERGED", "absorbedIds.0")]),
        (third, [ana], {}, [("ALREADY_MERGED", "survivorId")]),
        (
            ana,
            [other],
            {"overrides": [{"field": "email", "customerId": ana}]},
            [("UNKNOWN_FIELD", "overrides.0.field")],
        ),
        (
            ana,
            [other],
            {"overrides": [{"field": "firstName", "customerId": nobody}]},
            [("NOT_FOUND", "overrides.0.customerId")],
        ),
    ]
    for survivor, absorbed, given, expected in cases:
        told = await desk.preview(survivor, *absorbed, **given)
        found = [(one["code"], ".".join(one["path"])) for one in told["obstacles"]]
        assert found == [(code, f"input.{path}") for code, path in expected], absorbed
        asked = {"survivorId": survivor, "absorbedIds": absorbed, **given}
        assert await desk.api.refused("customersMerge", asked) == [code for code, _ in expected]
    told = await desk.preview(ana, other)
    await desk.sells(other)
    given = {"survivorId": ana, "absorbedIds": [other], "fingerprint": told["fingerprint"]}
    assert await desk.api.refused("customersMerge", given) == ["MERGE_CHANGED"]
    assert await desk.api.refused("customersUnmerge", {"mergeId": f"merge_{'0' * 32}"}) == ["NOT_FOUND"]
    assert await desk.wrong() == []


async def test_once_under_a_key_and_written_down_without_a_word_of_anybody(desk: Desk) -> None:
    ana, other = await a_pair(desk)
    given = {"survivorId": ana, "absorbedIds": [other], "idempotencyKey": "one"}
    first = await desk.api.done("customersMerge", MERGED, given)
    assert await desk.api.done("customersMerge", MERGED, given) == first
    undone = {"mergeId": first["customersMerge"]["mergeId"], "idempotencyKey": "two"}
    for _ in range(2):
        again = await desk.api.done("customersUnmerge", "customers { id }", undone)
        assert again["customers"] == [{"id": ana}, {"id": other}]
    rows = await desk.shop.database.rows(
        "SELECT action, entity_kind, entity_key, changes FROM audit WHERE action LIKE 'customers%erge' ORDER BY id"
    )
    keys = [one.removeprefix("customer_") for one in (ana, other)]
    assert [(row[0], row[1], row[2]) for row in rows] == [
        (action, "customer", key) for action in ("customersMerge", "customersUnmerge") for key in keys
    ]
    assert not any(word in row[3] for row in rows for word in ("Ana", "ana@", "5512", "1990"))


async def test_a_key_of_a_store_merges_nobody(desk: Desk) -> None:
    ana, other = await desk.customer("Ana"), await desk.customer("Anna")
    store = (await desk.api.done("storeCreate", "store { id }", {"code": "S1", "name": "One"}))["store"]["id"]
    tied = Api(desk.api.schema, desk.shop, bound("administrator", store.removeprefix("store_")))
    document = "mutation($i: CustomersMergeInput!) { customersMerge(input: $i) { userErrors { code } } }"
    answer = await tied.ask(document, i={"survivorId": ana, "absorbedIds": [other], "idempotencyKey": "k"})
    assert answer.codes == ["FORBIDDEN"]


async def test_too_late_and_after_an_erasure(desk: Desk) -> None:
    ana, other = await a_pair(desk)
    done = await desk.merges(ana, other)
    database = desk.shop.database
    aged = "UPDATE customer_merge SET merged_at = merged_at - $1"
    await database.transaction(lambda: database.run(aged, 31 * DAY_MS))
    assert await desk.api.refused("customersUnmerge", {"mergeId": done["mergeId"]}) == ["UNDO_EXPIRED"]
    await database.transaction(lambda: database.run(aged, -31 * DAY_MS))
    erased = await database.transaction(lambda: erase_held(database, HOLDINGS, [other.removeprefix("customer_")]))
    assert erased["merges"] == 1
    assert await desk.api.refused("customersUnmerge", {"mergeId": done["mergeId"]}) == ["CUSTOMER_ERASED"]
    assert (await desk.shown(ana, "merges { fields { field } effects { kind } }"))["merges"] == [
        {"fields": [], "effects": []}
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_merges_are_undone_in_either_order(desk: Desk, order: tuple[int, int]) -> None:
    """Each of them gives back its own, whichever comes first."""
    third = await desk.customer("Cy", email="cy@example.org", tags=["x", "y"])
    other = await desk.customer("Anna", phone="55 1234 5678", tags=["x", "z"])
    ana = await desk.customer("Ana")
    before = [await desk.shown(one) for one in (third, other, ana)]
    merges = [await desk.merges(ana, other), await desk.merges(ana, third)]
    left = {0: ["x", "y"], 1: ["x", "z"]}
    for n in order:
        await desk.undoes(merges[n])
        assert await desk.wrong() == []
        assert (await desk.shown(ana, "tags"))["tags"] == (left[n] if n == order[0] else [])
    assert [await desk.shown(one) for one in (third, other, ana)] == before


async def test_the_higher_floor_is_kept_and_goes_with_its_merge(desk: Desk) -> None:
    ana, other = await desk.customer("Ana"), await desk.customer("Anna")
    for who, tier in ((ana, "B"), (other, "A")):
        await desk.api.done("tierAssign", "customer { id }", {"customerId": who, "tier": tier, "reason": "r"})
    told = await desk.preview(ana, other)
    assert [one["kind"] for one in told["effects"]] == ["TIER"]
    done = await desk.merges(ana, other)
    assert (await desk.shown(ana, "tier { code }"))["tier"] == {"code": "A"}
    assert await desk.wrong() == []
    await desk.undoes(done)
    for who, tier in ((ana, "B"), (other, "A")):
        assert (await desk.shown(who, "tier { code }"))["tier"] == {"code": tier}
