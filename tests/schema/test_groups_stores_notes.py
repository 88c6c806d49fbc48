"""Groups, stores, notes, and everything that `node` answers."""

from typing import Any

from regulars_core.bulk.service import request_bulk_job
from regulars_schema.testing import Api
from tests.support.made_files import made_file, sent_file
from tests.support.pairs import a_pair

DEFAULT = "group_00000000000070008000000000000001"
MAIN = "store_00000000000070008000000000000002"


async def customer(api: Api, **given: Any) -> str:
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li", **given})
    return str(made["customer"]["id"])


async def group(api: Api, name: str, **given: Any) -> str:
    made = await api.done("customerGroupCreate", "customerGroup { id }", {"name": name, **given})
    return str(made["customerGroup"]["id"])


async def members(api: Api, id_: str) -> Any:
    document = "query($id: ID!) { customerGroup(id: $id) { customers { totalCount nodes { id } } } }"
    return (await api.data(document, id=id_))["customerGroup"]["customers"]


async def test_groups_are_made_changed_and_listed_by_name(api: Api) -> None:
    made = await api.done(
        "customerGroupCreate",
        "customerGroup { name description isDefault }",
        {"name": "  Öffice  staff ", "description": " Us.\n\nAll "},
    )
    assert made["customerGroup"] == {"name": "Öffice staff", "description": "Us.\n\nAll", "isDefault": False}
    zoo = await group(api, "zoo")
    listed = await api.data("{ customerGroups { totalCount nodes { name isDefault } } }")
    assert listed["customerGroups"] == {
        "totalCount": 3,
        "nodes": [
            {"name": "Customers", "isDefault": True},
            {"name": "Öffice staff", "isDefault": False},
            {"name": "zoo", "isDefault": False},
        ],
    }
    changed = await api.done(
        "customerGroupUpdate", "customerGroup { name description }", {"id": zoo, "description": "Animals"}
    )
    assert changed["customerGroup"] == {"name": "zoo", "description": "Animals"}
    changed = await api.done(
        "customerGroupUpdate", "customerGroup { name description }", {"id": zoo, "name": "ZOO", "description": None}
    )
    assert changed["customerGroup"] == {"name": "ZOO", "description": None}
    renamed = await api.done(
        "customerGroupUpdate", "customerGroup { name isDefault }", {"id": DEFAULT, "name": "Everybody"}
    )
    assert renamed["customerGroup"] == {"name": "Everybody", "isDefault": True}


async def test_customers_move_between_groups(api: Api) -> None:
    staff = await group(api, "Staff")
    ana, bo, cy = [await customer(api, groupId=id_) for id_ in (None, staff, DEFAULT)]
    assert (await members(api, staff))["nodes"] == [{"id": bo}]
    moved = await api.done(
        "customersAssignGroup",
        "movedCount customers { id version group { id } }",
        {"customerIds": [bo, ana, ana], "groupId": staff},
    )
    assert moved == {
        "movedCount": 1,
        "customers": [
            {"id": bo, "version": 1, "group": {"id": staff}},
            {"id": ana, "version": 2, "group": {"id": staff}},
            {"id": ana, "version": 2, "group": {"id": staff}},
        ],
        "userErrors": [],
    }
    assert (await members(api, staff))["totalCount"] == 2
    back = await api.done("customerUpdate", "customer { version group { id } }", {"id": ana, "groupId": None})
    assert back["customer"] == {"version": 3, "group": {"id": DEFAULT}}
    assert {node["id"] for node in (await members(api, DEFAULT))["nodes"]} == {ana, cy}


async def test_a_group_goes_and_its_members_stay(api: Api) -> None:
    staff, friends = await group(api, "Staff"), await group(api, "Friends")
    ana = await customer(api, groupId=staff)
    refused = await api.do("customerGroupDelete", "deletedCustomerGroupId", {"id": staff})
    assert refused["deletedCustomerGroupId"] is None
    assert "members (1)" in refused["userErrors"][0]["message"]
    gone = await api.done("customerGroupDelete", "deletedCustomerGroupId", {"id": staff, "moveCustomersTo": friends})
    assert gone["deletedCustomerGroupId"] == staff
    assert await api.data("query($id: ID!) { node(id: $id) { id } }", id=staff) == {"node": None}
    assert (await members(api, friends))["nodes"] == [{"id": ana}]
    await api.done("customersAssignGroup", "movedCount", {"customerIds": [ana], "groupId": DEFAULT})
    await api.done("customerGroupDelete", "deletedCustomerGroupId", {"id": friends})
    assert await api.refused("customerGroupDelete", {"id": friends}) == ["NOT_FOUND"]
    again = await group(api, "Staff")
    assert again != staff


async def test_stores_open_close_and_are_listed_by_code(api: Api) -> None:
    made = await api.done(
        "storeCreate",
        "store { id code name isActive createdAt updatedAt }",
        {"code": " s07 ", "name": " The  harbour "},
    )
    store = made["store"]
    assert (store["code"], store["name"], store["isActive"]) == ("S07", "The harbour", True)
    assert store["createdAt"] == store["updatedAt"]
    await api.done("storeCreate", "store { id }", {"code": "A1", "name": "First"})
    listed = await api.data("{ stores { totalCount nodes { code isActive } } }")
    assert listed["stores"] == {
        "totalCount": 3,
        "nodes": [
            {"code": "A1", "isActive": True},
            {"code": "MAIN", "isActive": True},
            {"code": "S07", "isActive": True},
        ],
    }
    closed = await api.done("storeUpdate", "store { name isActive }", {"id": store["id"], "isActive": False})
    assert closed["store"] == {"name": "The harbour", "isActive": False}
    opened = await api.done(
        "storeUpdate", "store { name isActive }", {"id": store["id"], "isActive": True, "name": "Pier"}
    )
    assert opened["store"] == {"name": "Pier", "isActive": True}
    renamed = await api.done(
        "storeUpdate", "store { code name isActive }", {"id": MAIN, "name": "Centre", "isActive": True}
    )
    assert renamed["store"] == {"code": "MAIN", "name": "Centre", "isActive": True}


async def test_pages_of_stores_go_both_ways(api: Api) -> None:
    for n in range(4):
        await api.done("storeCreate", "store { id }", {"code": f"S{n}", "name": "x"})
    everything = ["MAIN", "S0", "S1", "S2", "S3"]
    seen, cursor = [], None
    while True:
        document = (
            "query($after: String) { stores(first: 2, after: $after) { nodes { code } pageInfo { hasNextPage"
            " hasPreviousPage endCursor } } }"
        )
        page = (await api.data(document, after=cursor))["stores"]
        seen += [node["code"] for node in page["nodes"]]
        assert page["pageInfo"]["hasPreviousPage"] is (cursor is not None)
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == everything
    last = await api.data(
        "{ stores(last: 2) { nodes { code } edges { cursor node { code } }"
        " pageInfo { hasNextPage hasPreviousPage startCursor } } }"
    )
    assert [node["code"] for node in last["stores"]["nodes"]] == everything[-2:]
    assert [edge["node"]["code"] for edge in last["stores"]["edges"]] == everything[-2:]
    assert last["stores"]["pageInfo"]["hasPreviousPage"] is True
    assert last["stores"]["pageInfo"]["startCursor"] == last["stores"]["edges"][0]["cursor"]
    empty = await api.data(
        "{ purchases { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    )
    assert empty["purchases"] == {
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


async def test_notes_are_the_teams(api: Api) -> None:
    ana, bo = await customer(api), await customer(api)
    ids = []
    for n in range(3):
        made = await api.done(
            "noteAdd",
            "note { id body author createdAt updatedAt customer { id } }",
            {"customerId": ana, "body": f"  Line {n}\n\n  second  "},
        )
        note = made["note"]
        ids.append(note["id"])
        assert (note["body"], note["author"], note["customer"]) == (f"Line {n}\n\n  second", "till", {"id": ana})
        assert note["createdAt"] == note["updatedAt"]
    changed = await api.done(
        "noteUpdate", "note { id body author createdAt customer { id } }", {"id": ids[0], "body": "New"}
    )
    assert (changed["note"]["id"], changed["note"]["body"], changed["note"]["author"]) == (ids[0], "New", "till")
    document = (
        "query($a: ID!, $b: ID!) { a: customer(id: $a) { version notes(first: 2) { totalCount nodes { id }"
        " pageInfo { hasNextPage } } } b: customer(id: $b) { notes { totalCount nodes { id } } } }"
    )
    found = await api.data(document, a=ana, b=bo)
    assert found["a"]["notes"] == {
        "totalCount": 3,
        "nodes": [{"id": ids[2]}, {"id": ids[1]}],
        "pageInfo": {"hasNextPage": True},
    }
    assert found["a"]["version"] == 1
    assert found["b"]["notes"] == {"totalCount": 0, "nodes": []}
    gone = await api.done("noteDelete", "deletedNoteId customer { id notes { totalCount } }", {"id": ids[1]})
    assert gone["deletedNoteId"] == ids[1]
    assert gone["customer"] == {"id": ana, "notes": {"totalCount": 2}}
    assert await api.refused("noteDelete", {"id": ids[1]}) == ["NOT_FOUND"]
    assert await api.refused("noteUpdate", {"id": ids[1], "body": "x"}) == ["NOT_FOUND"]


async def test_node_answers_every_kind(api: Api) -> None:
    ana = await customer(api)
    note = (await api.done("noteAdd", "note { id }", {"customerId": ana, "body": "x"}))["note"]["id"]
    sold = await api.done(
        "purchaseRecord",
        "purchase { id lines { id } payments { id } }",
        {"reference": "R", "customerId": ana, "lines": [{"name": "Tea", "total": "2.00"}],
         "payments": [{"method": "cash", "amount": "2.00"}]},
    )  # fmt: skip
    purchase = sold["purchase"]["id"]
    line = sold["purchase"]["lines"][0]["id"]
    back = await api.done(
        "purchaseRefund", "refund { id }", {"purchaseId": purchase, "lines": [{"lineId": line, "quantity": "0.5"}]}
    )
    job = await api.shop.database.transaction(
        lambda: request_bulk_job(api.shop, "GROUP_DELETE", {"group": "x"}, api.actor)
    )
    erasure = await api.done("customerEraseRequest", "erasure { id }", {"customerId": ana})
    made = await made_file(api, f"job_{job.id}")
    key = await api.done("keyCreate", "apiKey { id }", {"name": "Till", "bindings": [{"role": "cashier"}]})
    said = {"customerId": ana, "entries": [{"decision": "WITHDRAWN", "source": "till"}]}
    consent = (await api.done("consentRecord", "consents { id }", said))["consents"][0]["id"]
    looked = {"customerId": ana, "subject": "IDENTITY"}
    shown = await api.done("verificationRecord", "verification { id }", looked)
    by_tag = {"name": "Friends", "where": {"tag": {"in": ["friend"]}}}
    friends = await api.done("segmentCreate", "segment { id }", by_tag)
    expected = {
        "Consent": consent,
        "ApiKey": key["apiKey"]["id"],
        "Verification": shown["verification"]["id"],
        "BulkFile": made["file"],
        "Upload": await sent_file(api),
        "ExportEntry": made["export"],
        "Erasure": erasure["erasure"]["id"],
        "BulkJob": f"job_{job.id}",
        "AuditEntry": (await api.data("{ audit(first: 1) { nodes { id } } }"))["audit"]["nodes"][0]["id"],
        "Customer": ana,
        "CustomerGroup": DEFAULT,
        "Store": MAIN,
        "Note": note,
        "Segment": friends["segment"]["id"],
        "DuplicatePair": await a_pair(api, ana, await customer(api)),
        "Purchase": purchase,
        "PurchaseLine": line,
        "Payment": sold["purchase"]["payments"][0]["id"],
        "Refund": back["refund"]["id"],
    }
    possible = await api.data('{ __type(name: "Node") { possibleTypes { name } } }')
    assert {type_["name"] for type_ in possible["__type"]["possibleTypes"]} == set(expected)
    document = (
        "query($id: ID!) { node(id: $id) { __typename id ... on Customer { code tags } ... on Note { customer { id } }"
        " ... on Purchase { reference customer { id } } ... on PurchaseLine { name purchase { id } }"
        " ... on Payment { method purchase { id } } ... on Refund { lines { quantity line { id } } purchase { id } } } }"
    )
    for kind, id_ in expected.items():
        found = (await api.data(document, id=id_))["node"]
        assert (found["__typename"], found["id"]) == (kind, id_)
        if "purchase" in found:
            assert found["purchase"] == {"id": purchase}
        if "customer" in found:
            assert found["customer"] == {"id": ana}
    assert found["lines"] == [{"quantity": "0.5", "line": {"id": line}}]


async def test_interfaces_in_the_printed_schema(api: Api) -> None:
    printed = api.schema.as_str()
    assert "type InvalidInput implements UserError {" in printed
    payloads = [line for line in printed.splitlines() if line.startswith("type ") and line.endswith("Payload {")]
    assert len(payloads) >= 18
    answer = await api.data('{ __type(name: "Mutation") { fields { name type { kind name fields { name } } } } }')
    for field in answer["__type"]["fields"]:
        assert field["type"]["kind"] == "OBJECT", field["name"]
        assert field["type"]["name"] == field["name"][0].upper() + field["name"][1:] + "Payload"
        assert "userErrors" in {part["name"] for part in field["type"]["fields"]}
