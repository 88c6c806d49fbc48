"""Who did what: written with the effect, never changed, and without anything personal."""

from typing import Any

import pytest

from regulars_core.shop.actors import Actor
from regulars_schema.testing import Api

AUDIT = (
    "query($id: ID, $first: Int) { audit(entityId: $id, first: $first) { totalCount nodes"
    " { id at keyId keyName action entityId requestId changes { field old new } } } }"
)


async def entries(api: Api, **given: Any) -> list[Any]:
    found: list[Any] = (await api.data(AUDIT, **given))["audit"]["nodes"]
    return found


async def test_every_effect_leaves_a_row(api: Api) -> None:
    given = {"firstName": "Wilhelmina", "lastName": "Quist", "email": "wq@example.com"}
    made = await api.done("customerCreate", "customer { id group { id } }", given)
    id_ = made["customer"]["id"]
    await api.done("customerUpdate", "customer { id }", {"id": id_, "firstName": "Mina", "preferredContact": "EMAIL"})
    await api.done("customerSuspend", "customer { id }", {"id": id_})
    await api.done("customerSuspend", "customer { id }", {"id": id_})
    await api.done("tagsAdd", "customer { id }", {"customerId": id_, "tags": ["Quist"]})
    found = list(reversed(await entries(api, id=id_)))
    assert [entry["action"] for entry in found] == [
        "customerCreate",
        "customerUpdate",
        "customerSuspend",
        "customerSuspend",
        "tagsAdd",
    ]
    assert {(entry["keyId"], entry["keyName"], entry["entityId"]) for entry in found} == {("key", "till", id_)}

    def change(field: str, old: str | None = None, new: str | None = None) -> dict[str, str | None]:
        return {"field": field, "old": old, "new": new}

    assert [entry["changes"] for entry in found] == [
        [change("firstName"), change("lastName"), change("email")],
        [change("firstName"), change("preferredContact", "null", '"EMAIL"')],
        [change("status", '"ACTIVE"', '"SUSPENDED"')],
        [],
        [change("tags")],
    ]
    rows = await api.shop.database.rows("SELECT * FROM audit")
    text = str([tuple(row) for row in rows]).casefold()
    assert not [word for word in ("wilhelmina", "quist", "mina", "example") if word in text]


async def test_refusals_and_repeated_answers_leave_none(api: Api) -> None:
    given = {"reference": "R1", "lines": [{"name": "Bread", "unitPrice": "1.00"}], "idempotencyKey": "k"}
    for _ in range(3):
        await api.done("purchaseRecord", "created", given)
    assert await api.refused("purchaseRecord", {**given, "idempotencyKey": "l", "note": "x"}) == ["REFERENCE_REUSED"]
    assert await api.refused("storeCreate", {"code": "MAIN", "name": "x"}) == ["CODE_TAKEN"]
    assert [entry["action"] for entry in await entries(api)] == ["purchaseRecord"]


async def test_what_fails_afterwards_leaves_no_effect(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("the disk is on fire")

    monkeypatch.setattr("regulars_core.audit.writing", broken)
    document = 'mutation { storeCreate(input: { code: "S1", name: "One" }) { store { id } } }'
    assert (await api.ask(document)).codes == ["INTERNAL"]
    assert (await api.data("{ stores { totalCount } }"))["stores"]["totalCount"] == 1


async def test_a_row_for_each_object(api: Api) -> None:
    ids = []
    for n in range(3):
        made = await api.done("customerCreate", "customer { id }", {"firstName": "A", "lastName": f"{n}"})
        ids.append(made["customer"]["id"])
    group = (await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Staff"}))["customerGroup"]["id"]
    await api.done("customersAssignGroup", "movedCount", {"customerIds": ids, "groupId": group})
    for id_ in ids:
        assert [entry["action"] for entry in await entries(api, id=id_)] == ["customersAssignGroup", "customerCreate"]
    note = await api.done("noteAdd", "note { id }", {"customerId": ids[0], "body": "Hi"})
    await api.done("noteDelete", "deletedNoteId", {"id": note["note"]["id"]})
    assert [entry["action"] for entry in await entries(api, id=note["note"]["id"])] == ["noteDelete", "noteAdd"]


async def test_pages_newest_first_and_nodes(api: Api) -> None:
    for n in range(5):
        await api.done("storeCreate", "store { id }", {"code": f"S{n}", "name": "x"})
    found = await entries(api, first=2)
    assert len(found) == 2
    assert found[0]["at"] >= found[1]["at"]
    again = await api.data("query($id: ID!) { node(id: $id) { id ... on AuditEntry { action } } }", id=found[0]["id"])
    assert again["node"] == {"id": found[0]["id"], "action": "storeCreate"}
    assert (await api.ask(AUDIT, id="nonsense")).codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET action = 'x'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit",
        "TRUNCATE audit",
    ],
)
async def test_rows_are_never_changed(api: Api, statement: str) -> None:
    database = api.shop.database
    if ("TRUNCATE" in statement and database.engine == "sqlite") or (
        "REPLACE" in statement and database.engine == "postgres"
    ):
        pytest.skip("not a statement of this engine")
    await api.done("storeCreate", "store { id }", {"code": "S1", "name": "x"})
    before = await database.rows("SELECT * FROM audit")
    with pytest.raises(Exception, match="append-only"):
        await database.transaction(lambda: database.run(statement))
    assert await database.rows("SELECT * FROM audit") == before


async def test_the_key_that_was_used(api: Api) -> None:
    other = Api(api.schema, api.shop, Actor.of_role("k2", "web shop", "administrator"))
    await other.done("storeCreate", "store { id }", {"code": "S1", "name": "x"})
    assert [(entry["keyId"], entry["keyName"]) for entry in await entries(api)] == [("k2", "web shop")]
