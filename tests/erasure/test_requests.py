"""Asking for an erasure: once, cancelled, twice, too early; and what becomes of the customer meanwhile and afterwards."""

import asyncio
from typing import Any

from regulars_core.customers.erasure.due import erase_due
from regulars_core.plugin import DAY_MS, Instant, Shop, now
from regulars_core.primitives.clock import moment, printed
from regulars_core.shop.actors import Actor
from regulars_schema.testing import Api
from tests.erasure.conftest import known, pass_days, requested, sell
from tests.support.keys import holding

ERASURE = "erasure { id ground requestedBy scheduledFor cancelledAt doneAt erased { kind } customer { id status } }"


async def ana(api: Api, name: str = "Ana", **more: Any) -> str:
    made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li", **more})
    return str(made["customer"]["id"])


async def status_of(api: Api, customer: str) -> str:
    found = await api.data("query($id: ID!) { customer(id: $id) { status } }", id=customer)
    return str(found["customer"]["status"])


async def test_asked_cancelled_and_asked_again(api: Api) -> None:
    customer = await ana(api)
    given = {"customerId": customer, "idempotencyKey": "once"}
    with moment(now()):
        at = now()
        first = (await api.done("customerEraseRequest", ERASURE, given))["erasure"]
    assert first == {
        "id": first["id"], "ground": "REQUESTED", "requestedBy": api.actor.name, "cancelledAt": None, "doneAt": None,
        "scheduledFor": printed(Instant(at + 10 * DAY_MS)), "erased": [], "customer": {"id": customer, "status": "ACTIVE"},
    }  # fmt: skip
    assert (await api.done("customerEraseRequest", ERASURE, given))["erasure"] == first  # under the same key
    assert await api.refused("customerEraseRequest", {"customerId": customer}) == ["ERASURE_PENDING"]
    await pass_days(api.shop, 9)
    assert await status_of(api, customer) == "ACTIVE"
    cancelled = await api.done("customerEraseCancel", ERASURE, {"erasureId": first["id"]})
    assert cancelled["erasure"]["cancelledAt"] is not None
    assert await api.refused("customerEraseCancel", {"erasureId": first["id"]}) == ["ERASURE_NOT_PENDING"]
    await pass_days(api.shop)
    assert await status_of(api, customer) == "ACTIVE"

    nobody = f"erasure_{'0' * 31}1"
    assert await api.refused("customerEraseCancel", {"erasureId": nobody}) == ["NOT_FOUND"]
    assert await api.refused("customerEraseRequest", {"customerId": f"customer_{'0' * 31}1"}) == ["NOT_FOUND"]
    early = {"customerId": customer, "scheduledFor": printed(Instant(now() - 120_000))}
    assert await api.refused("customerEraseRequest", early) == ["INVALID_DATE"]
    second = await requested(api, customer, ground="RETENTION", scheduledFor=printed(Instant(now())))
    await erase_due(api.shop)
    assert await status_of(api, customer) == "ERASED"
    assert await api.refused("customerEraseRequest", {"customerId": customer}) == ["CUSTOMER_ERASED"]
    assert await api.refused("customerEraseCancel", {"erasureId": second}) == ["ERASURE_NOT_PENDING"]
    listed = await api.data(
        "{ all: erasures { totalCount nodes { id } } done: erasures(state: DONE) { nodes { id ground erased { kind } } } }"
    )
    assert [one["id"] for one in listed["all"]["nodes"]] == [second, first["id"]]
    assert listed["done"]["nodes"] == [
        {"id": second, "ground": "RETENTION", "erased": [{"kind": "customers"}, {"kind": "searchTexts"}]}
    ]


async def test_who_is_changed_and_sold_to_meanwhile_is_erased_as_they_are_by_then(api: Api) -> None:
    customer = await ana(api)
    await requested(api, customer)
    await api.done("customerUpdate", "customer { id }", {"id": customer, "email": "late@marker.example"})
    await sell(api, "R9", customer, note="For marker.")
    await pass_days(api.shop)
    found = await api.data(
        "query($id: ID!) { customer(id: $id) { email purchases { nodes { note total { amount } } } stats { purchaseCount } } }",
        id=customer,
    )
    assert found["customer"] == {
        "email": None,
        "purchases": {"nodes": [{"note": None, "total": {"amount": "600.00"}}]},
        "stats": {"purchaseCount": 1},
    }


async def test_nothing_is_written_to_who_is_erased_and_no_list_shows_them(api: Api) -> None:
    customer, other = await known(api), await ana(api, "Bo", tags=["other"])
    code = (await api.data("query($id: ID!) { customer(id: $id) { code } }", id=customer))["customer"]["code"]
    [moved] = (await api.data("{ purchases(first: 1) { nodes { id } } }"))["purchases"]["nodes"]
    await requested(api, customer)
    await pass_days(api.shop)
    sale = {"reference": "R3", "lines": [{"name": "Tea", "total": "5.00"}]}
    group = (await api.data("{ customerGroups { nodes { id } } }"))["customerGroups"]["nodes"][0]["id"]
    for mutation, given in (
        ("customerUpdate", {"id": customer, "firstName": "Back"}),
        ("customerDeactivate", {"id": customer}),
        ("customerReactivate", {"id": customer}),
        ("customerSuspend", {"id": customer}),
        ("tagsAdd", {"customerId": customer, "tags": ["back"]}),
        ("tagsRemove", {"customerId": customer, "tags": ["back"]}),
        ("noteAdd", {"customerId": customer, "body": "Back again."}),
        ("customersAssignGroup", {"customerIds": [other, customer], "groupId": group}),
        ("purchaseRecord", {**sale, "customerId": customer}),
        ("purchaseRecord", {**sale, "customerCode": code}),
        ("purchasesReassign", {"purchaseIds": [moved["id"]], "customerId": customer}),
        ("customerDelete", {"id": customer}),
        ("tierAssign", {"customerId": customer, "tier": "A", "reason": "Back."}),
    ):
        assert await api.refused(mutation, given) == ["NOT_FOUND"], mutation
    assert await api.refused("customerDataRequest", {"customerId": customer}) == ["CUSTOMER_ERASED"]
    lists = await api.data(
        "query($code: String!) { customers { totalCount nodes { id } }"
        ' some: customers(where: {tag: {in: ["other"]}}) { nodes { id } }'
        " asked: customers(where: {status: {in: [ERASED]}}, search: $code) { nodes { id displayName } }"
        " found: customers(search: $code) { nodes { id } } customerSearch(query: $code, includeArchived: true) { id }"
        " customerGroups { nodes { customers { nodes { id } } } } customer(code: $code) { id status } }",
        code=code,
    )
    ours = {"nodes": [{"id": other}]}
    assert lists == {
        "customers": {"totalCount": 1, **ours}, "some": ours, "found": {"nodes": []}, "customerSearch": [],
        "asked": {"nodes": [{"id": customer, "displayName": code}]},
        "customerGroups": {"nodes": [{"customers": ours}]}, "customer": {"id": customer, "status": "ERASED"},
    }  # fmt: skip
    node = await api.data("query($id: ID!) { node(id: $id) { ... on Customer { id status } } }", id=customer)
    assert node["node"] == {"id": customer, "status": "ERASED"}


async def test_a_customer_shows_the_latest_request(api: Api) -> None:
    shown = "query($id: ID!) { customer(id: $id) { erasure { id cancelledAt doneAt } } }"
    customer = await ana(api)

    async def latest() -> tuple[str, bool, bool] | None:
        one = (await api.data(shown, id=customer))["customer"]["erasure"]
        return one and (one["id"], one["cancelledAt"] is not None, one["doneAt"] is not None)

    assert await latest() is None
    first = await requested(api, customer)
    assert await latest() == (first, False, False)
    await api.done("customerEraseCancel", "erasure { id }", {"erasureId": first})
    assert await latest() == (first, True, False)
    second = await requested(api, customer)
    await pass_days(api.shop)
    assert await latest() == (second, False, True)


async def test_two_who_ask_at_once(api: Api) -> None:
    customer = await ana(api)
    given = {"customerId": customer}
    payloads = await asyncio.gather(*(api.do("customerEraseRequest", "erasure { id }", given) for _ in range(4)))
    assert sorted(str([one["code"] for one in each["userErrors"]]) for each in payloads) == [
        *["['ERASURE_PENDING']"] * 3,
        "[]",
    ]


async def test_who_may(api: Api, erasing: Shop) -> None:
    """Only in the whole shop, and the administrator alone of the roles in the box."""
    customer = await ana(api)
    erasure = await requested(api, customer)
    store = (await api.done("storeCreate", "store { id }", {"code": "S07", "name": "Harbour"}))["store"]["id"]
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("customerEraseRequest", {"customerId": customer}),
        ("customerEraseCancel", {"erasureId": erasure}),
        ("customerDelete", {"id": customer}),
        ("customerDataRequest", {"customerId": customer}),
    ]
    reading = {
        "consents.view", "customers.view", "customers.view_pii", "customers.view_sensitive", "notes.view", "purchases.view",
        "receipts.view",
    }  # fmt: skip
    permissions = {"customers.erase", "customers.delete", "customers.export", *reading}
    in_a_store = Api(
        api.schema, erasing, Actor("key", "branch", [holding(*permissions, stores=[store.removeprefix("store_")])])
    )
    roles = [Api.of(erasing, role) for role in ("store_manager", "marketing", "support", "accountant")]
    for asked in (in_a_store, *roles):
        for mutation, given in wanted:
            kind = f"{mutation[0].upper()}{mutation[1:]}Input"
            document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ code }} }} }}"
            answer = await asked.ask(document, input={**given, "idempotencyKey": "k"})
            assert answer.codes == ["FORBIDDEN"], (mutation, asked.actor.name)
        answer = await asked.ask("query($id: ID!) { erasures { totalCount } node(id: $id) { id } }", id=erasure)
        assert answer.data == {"erasures": None, "node": None}
    assert await status_of(api, customer) == "ACTIVE"
    # What is known of a customer is handed out by who may read each thing that the file tells, and take it out.
    document = (
        "mutation($input: CustomerDataRequestInput!) { customerDataRequest(input: $input) { userErrors { code } } }"
    )
    for missing in reading:
        but_one = Api(api.schema, erasing, Actor("key", "desk", [holding("customers.export", *(reading - {missing}))]))
        [error] = (await but_one.ask(document, input={"customerId": customer, "idempotencyKey": "k"})).errors
        assert error["extensions"]["permission"] == missing
    desk = Api(api.schema, erasing, Actor("key", "desk", [holding("customers.export", *reading)]))
    asked = await desk.done("customerDataRequest", "bulkJob { task stage }", {"customerId": customer})
    assert asked["bulkJob"] == {"task": "DATA_REQUEST", "stage": "QUEUED"}


async def test_what_the_audit_says(api: Api) -> None:
    customer = await ana(api)
    erasure = await requested(api, customer)
    await pass_days(api.shop)
    entries = (await api.data("{ audit(first: 3) { nodes { action keyName entityId changes { field old new } } } }"))[
        "audit"
    ]["nodes"]
    done, asked, _ = entries
    assert (done["action"], done["keyName"], done["entityId"]) == ("customerErase", "erase-customers", customer)
    assert done["changes"] == [{"field": "status", "old": '"ACTIVE"', "new": '"ERASED"'}]
    assert (asked["action"], asked["entityId"]) == ("customerEraseRequest", erasure)
    assert {one["field"] for one in asked["changes"]} == {"customerId", "ground", "scheduledFor"}
