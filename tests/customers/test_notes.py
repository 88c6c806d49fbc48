"""What the team writes down about customers: interactions, inquiries, complaints, corrections; who sees to what, until when."""

import asyncio
from typing import Any

import pytest

from regulars_core.customers.notes.retention import forget_old_notes
from regulars_core.primitives.clock import DAY_MS, Instant, moment, now, printed
from regulars_core.shop.actors import Actor
from regulars_core.testing import OpenShop
from regulars_core.verification import verifications_of
from regulars_schema.testing import Api
from tests.support.keys import holding

SAID = """id type body channel direction outcome topic assignee priority isOpen dueAt doneAt version author purchase { id }
  customer { id }"""
CONFLICT = "note { id } userErrors { code path ... on VersionConflict { customer { id } note { id body version } } }"
FOLLOW_UPS = """query FollowUps($now: DateTime!) {
  overdue: notes(where: { isOpen: true, dueAt: { before: $now } }) { totalCount }
  open: notes(first: 50, where: { isOpen: true }, orderBy: { field: PRIORITY, direction: DESC }) {
    nodes { id type priority dueAt assignee topic body customer { id displayName } purchase { id reference } }
  }
  topics: vocabulary(of: NOTE_TOPIC, first: 20) { value count }
}"""
"""As a support desk's page asks."""


@pytest.fixture
def api(shop: Any) -> Api:
    return Api.of(shop)


async def customer(api: Api, name: str = "Ana") -> str:
    made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
    return str(made["customer"]["id"])


async def note(api: Api, about: str, body: str = "Hi", **given: Any) -> Any:
    return (await api.done("noteAdd", f"note {{ {SAID} }}", {"customerId": about, "body": body, **given}))["note"]


async def sale(api: Api, reference: str, **given: Any) -> str:
    bought = {"reference": reference, "lines": [{"name": "Tea", "total": "1.00"}], **given}
    return str((await api.done("purchaseRecord", "purchase { id }", bought))["purchase"]["id"])


async def test_what_is_to_be_done(api: Api) -> None:
    ana, at = await customer(api), Instant(now() // 1_000 * 1_000)
    in_a_day = printed(Instant(at + DAY_MS))
    with moment(at):
        plain = await note(api, ana, "Likes tea.")
        asked = await note(
            api, ana, "Where is it?", type="INQUIRY", channel=" phone ", direction="INCOMING", topic="Delivery"
        )
        told = await note(api, ana, "Late again.", type="COMPLAINT", isOpen=False, outcome="Refunded.", priority=5)
        whenever = await note(api, ana, "Wants a catalogue.", type="COMPLAINT", dueAt=None)
        sent = await note(api, ana, "Happy birthday!", type="MESSAGE", direction="OUTGOING", channel="email")
        assigned = await note(api, ana, "Call back.", type="CONTACT", assignee="Bo")
        dated = await note(api, ana, "Order it.", dueAt=printed(Instant(at + 9 * DAY_MS)))
    assert plain == {
        "id": plain["id"], "type": "NOTE", "body": "Likes tea.", "channel": None, "direction": None, "outcome": None,
        "topic": None, "assignee": None, "priority": 0, "isOpen": False, "dueAt": None, "doneAt": None, "version": 1,
        "author": "till", "purchase": None, "customer": {"id": ana},
    }  # fmt: skip
    assert {name: asked[name] for name in ("type", "channel", "direction", "topic", "isOpen", "dueAt", "doneAt")} == {
        "type": "INQUIRY", "channel": "phone", "direction": "INCOMING", "topic": "Delivery", "isOpen": True,
        "dueAt": in_a_day, "doneAt": None,
    }  # fmt: skip
    assert (told["isOpen"], told["doneAt"], told["outcome"], told["priority"]) == (False, printed(at), "Refunded.", 5)
    assert [(one["isOpen"], one["dueAt"]) for one in (whenever, sent, assigned, dated)] == [
        (True, None), (False, None), (True, None), (True, printed(Instant(at + 9 * DAY_MS))),
    ]  # fmt: skip
    with moment(Instant(at + 7)):
        done = await api.done(
            "noteUpdate", f"note {{ {SAID} }}", {"id": asked["id"], "isOpen": False, "outcome": "Found."}
        )
        again = await api.done(
            "noteUpdate", "note { version }", {"id": asked["id"], "isOpen": False, "topic": "Delivery"}
        )
    expected = {**asked, "isOpen": False, "doneAt": printed(Instant(at + 7)), "outcome": "Found.", "version": 2}
    assert (done["note"], again["note"]) == (expected, {"version": 2})
    changes = {"isOpen": True, "topic": None, "dueAt": None, "assignee": "Cy", "priority": -3, "body": "Lost."}
    opened = (await api.done("noteUpdate", f"note {{ {SAID} }}", {"id": asked["id"], **changes}))["note"]
    assert opened == {**expected, **changes, "doneAt": None, "version": 3}
    audit = (await api.data("{ audit(first: 1) { nodes { action entityId changes { field old new } } } }"))["audit"][
        "nodes"
    ][0]
    fields = {one["field"]: (one["old"], one["new"]) for one in audit["changes"]}
    assert fields == dict.fromkeys(("topic", "dueAt", "assignee", "body"), (None, None)) | {
        "isOpen": ("false", "true"), "priority": ("0", "-3"),
    }  # fmt: skip
    types = await api.data(
        "query($id: ID!) { customer(id: $id) { priority said: notes(types: [MESSAGE, CONTACT]) { totalCount nodes { id } }"
        " none: notes(types: []) { totalCount } all: notes(first: 1) { totalCount nodes { id } } } }",
        id=ana,
    )
    assert types["customer"]["said"]["totalCount"] == 2
    assert [types["customer"][name]["totalCount"] for name in ("none", "all")] == [0, 7]
    await api.shop.database.transaction(
        lambda: api.shop.database.run("UPDATE customer_note SET urgency = 1 WHERE body = 'Order it.'")
    )
    [notes] = [one for one in verifications_of(api.shop.plugins) if one.name == "notes"]
    assert [line.partition(": ")[0] async for line in notes.differences(api.shop)] == [dated["id"]]


async def test_everything_that_is_wrong_at_once(api: Api) -> None:
    ana = await customer(api)
    far = printed(Instant(now() + 4_000 * DAY_MS))
    wrong = {"body": " ", "channel": "x" * 41, "topic": "\0", "priority": 1001, "dueAt": far, "assignee": "x" * 121}
    lost = {"customerId": f"customer_{'0' * 32}", "purchaseId": f"purchase_{'0' * 32}"}
    refused = (await api.do("noteAdd", "note { id }", {**lost, **wrong}))["userErrors"]
    assert {(one["code"], one["path"][-1]) for one in refused} == {
        ("REQUIRED", "body"), ("TOO_LONG", "channel"), ("INVALID_TEXT", "topic"), ("OUT_OF_RANGE", "priority"),
        ("INVALID_DATE", "dueAt"), ("TOO_LONG", "assignee"), ("NOT_FOUND", "customerId"), ("NOT_FOUND", "purchaseId"),
    }  # fmt: skip
    there = (await note(api, ana))["id"]
    wrong = {"body": None, "isOpen": None, "priority": -1001, "outcome": "x" * 241, "dueAt": "1990-01-01T00:00:00Z"}
    refused = (await api.do("noteUpdate", "note { id }", {"id": there, **wrong}))["userErrors"]
    assert sorted((one["code"], one["path"][-1]) for one in refused) == [
        ("INVALID_DATE", "dueAt"), ("OUT_OF_RANGE", "priority"), ("REQUIRED", "body"), ("REQUIRED", "isOpen"),
        ("TOO_LONG", "outcome"),
    ]  # fmt: skip
    assert await api.refused("correctionRequest", {"customerId": ana, "body": "x" * 2_001}) == ["TOO_LONG"]
    assert await api.refused("noteAdd", {"customerId": ana, "body": "x" * 10_001}) == ["TOO_LONG"]
    once = {"customerId": ana, "body": "Once.", "type": "COMPLAINT", "idempotencyKey": "k"}
    first, second = [(await api.done("noteAdd", "note { id }", once))["note"] for _ in range(2)]
    assert first == second


async def test_nobody_overwrites_what_somebody_else_has_changed(api: Api) -> None:
    ana = await customer(api)
    there = (await note(api, ana, "One."))["id"]
    edit = {"id": there, "expectedVersion": 1}
    document = f"mutation($input: NoteUpdateInput!) {{ noteUpdate(input: $input) {{ {CONFLICT} }} }}"
    answers = await asyncio.gather(*(api.data(document, input={**edit, "body": body}) for body in ("Two.", "Three.")))
    won, lost = sorted((one["noteUpdate"] for one in answers), key=lambda one: len(one["userErrors"]))
    [error] = lost["userErrors"]
    assert (won["userErrors"], lost["note"], error["code"]) == ([], None, "VERSION_CONFLICT")
    assert error["path"] == ["input", "expectedVersion"]
    assert error["customer"] == {"id": ana}
    assert error["note"] == {**won["note"], "version": 2, "body": error["note"]["body"]}
    assert error["note"]["body"] in {"Two.", "Three."}
    gone = {**edit, "idempotencyKey": "k"}
    assert [await api.refused("noteDelete", gone) for _ in range(2)] == [["VERSION_CONFLICT"]] * 2
    hidden = Api(api.schema, api.shop, Actor("key", "desk", [holding("notes.edit")]))
    answer = await hidden.ask(document, input={**edit, "body": "Four."})
    assert answer.data["noteUpdate"]["userErrors"][0]["note"] is None
    assert set(answer.codes) == {"FORBIDDEN"}
    assert (await api.done("noteDelete", "deletedNoteId", {**edit, "expectedVersion": 2}))["deletedNoteId"] == there
    assert await api.refused("noteUpdate", {"id": there, "body": "Five."}) == ["NOT_FOUND"]


async def test_what_a_support_desk_asks(api: Api) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    at = Instant(now() // 1_000 * 1_000 - 2 * DAY_MS)
    ids = {}
    for n, (name, about, given) in enumerate(
        (
            ("late", ana, {"type": "COMPLAINT", "topic": "Delivery", "channel": "phone", "assignee": "Bo"}),
            ("later", bo, {"type": "INQUIRY", "topic": "Delivery", "channel": "email"}),
            ("vip", ana, {"type": "CONTACT", "priority": 2, "isOpen": True}),
            ("vip soon", ana, {"type": "CONTACT", "priority": 2, "dueAt": printed(Instant(at + 5 * DAY_MS))}),
            ("someday", bo, {"type": "CORRECTION", "priority": -1}),
            ("done", bo, {"type": "COMPLAINT", "topic": "Taste", "isOpen": False}),
            ("plain", bo, {}),
        )
    ):
        with moment(Instant(at + n)):
            ids[name] = (await note(api, about, name, **given))["id"]
    names = {id_: name for name, id_ in ids.items()}

    async def listed(arguments: str) -> list[str]:
        found = (await api.data(f"{{ notes{arguments} {{ nodes {{ id }} }} }}"))["notes"]["nodes"]
        return [names[one["id"]] for one in found]

    desk = await api.data(FOLLOW_UPS, now=printed(now()))
    assert [one["body"] for one in desk["open"]["nodes"]] == ["vip soon", "vip", "late", "later", "someday"]
    assert desk["overdue"] == {"totalCount": 2}
    assert desk["topics"] == [{"value": "Delivery", "count": 2}, {"value": "Taste", "count": 1}]
    lines = "lines { __typename quantity amount { amount } }"  # as deep as anybody asks
    deep = f"{{ notes(first: 2) {{ nodes {{ customer {{ purchases {{ nodes {{ refunds {{ {lines} }} }} }} }} }} }} }}"
    assert len((await api.data(deep))["notes"]["nodes"]) == 2
    channels = await api.data('{ vocabulary(of: NOTE_CHANNEL, search: "PHO") { value label count } }')
    assert channels["vocabulary"] == [{"value": "phone", "label": "phone", "count": 1}]
    assert await listed("") == [*names.values()][::-1]
    due = ["someday", "vip", "late", "later", "vip soon"]  # those without a time by id
    assert sorted((await listed("(where: {isOpen: true}, orderBy: {field: DUE_AT})"))[:2]) == sorted(due[:2])
    assert (await listed("(where: {isOpen: true}, orderBy: {field: DUE_AT})"))[2:] == due[2:]
    assert await listed("(where: {type: {in: [COMPLAINT]}}, orderBy: {field: CREATED_AT})") == ["late", "done"]
    assert await listed('(where: {assignee: {in: [" Bo "]}, channel: {in: ["phone", "fax"]}})') == ["late"]
    assert await listed("(where: {not: {dueAt: {withinDays: 30}}, isOpen: true})") == ["someday", "vip"]
    assert await listed('(where: {any: [{type: {in: []}}, {createdAt: {before: "2000-01-01T00:00:00Z"}}]})') == []
    order = "orderBy: {field: PRIORITY, direction: DESC}"
    page = "nodes { id } pageInfo { endCursor }"
    document = f"query($after: String) {{ notes(first: 2, {order}, after: $after) {{ {page} }} }}"
    walked: list[str] = []
    cursor = None
    while found := (await api.data(document, after=cursor))["notes"]["nodes"]:
        walked += [names[one["id"]] for one in found]
        cursor = (await api.data(document, after=cursor))["notes"]["pageInfo"]["endCursor"]
    assert walked == await listed(f"({order})")
    assert walked == (await listed("(orderBy: {field: PRIORITY})"))[::-1]


async def test_the_purchase_that_it_is_about(api: Api, open_shop: OpenShop) -> None:
    ana, bo = await customer(api), await customer(api, "Bo")
    store = (await api.done("storeCreate", "store { id }", {"code": "S2", "name": "Two"}))["store"]["id"]
    hers, nobodys, his = (
        await sale(api, "R1", customerId=ana),
        await sale(api, "R2"),
        await sale(api, "R3", customerId=bo),
    )
    there = await sale(api, "R4", customerId=ana, storeCode="S2")
    assert (await note(api, ana, purchaseId=hers))["purchase"] == {"id": hers}
    assert (await note(api, ana, purchaseId=nobodys))["purchase"] == {"id": nobodys}
    assert await api.refused("noteAdd", {"customerId": ana, "body": "Hi", "purchaseId": his}) == ["NOT_FOUND"]
    about = (await note(api, ana, "Wrong size.", purchaseId=there))["id"]
    # Who notices a mistake need not see notes, and the sale may be on the wrong profile.
    till = Api(api.schema, api.shop, Actor.of_role("key", "till", "store_terminal"))
    asked = {"customerId": ana, "body": "It was hers.", "purchaseId": his}
    assert await till.done("correctionRequest", "__typename", asked)
    answer = await till.ask(
        "mutation($input: CorrectionRequestInput!) { correctionRequest(input: $input) { note { id } userErrors { code } } }",
        input=asked,
    )
    assert (answer.data, answer.codes) == ({"correctionRequest": {"note": None, "userErrors": []}}, ["FORBIDDEN"])
    corrections = "{ notes(where: {type: {in: [CORRECTION]}}) { nodes { body isOpen dueAt author purchase { id } } } }"
    told = (await api.data(corrections))["notes"]["nodes"]
    assert (
        told == [{"body": "It was hers.", "isOpen": True, "dueAt": None, "author": "till", "purchase": {"id": his}}] * 2
    )
    main = "00000000000070008000000000000002"
    branch = Api(
        api.schema,
        api.shop,
        Actor("key", "branch", [holding("notes.view", "notes.edit", "purchases.view", stores=[main])]),
    )
    document = "query($id: ID!) { node(id: $id) { ... on Note { body purchase { id } } } }"
    assert (await branch.data(document, id=about))["node"] == {"body": "Wrong size.", "purchase": None}
    assert await branch.refused("noteAdd", {"customerId": ana, "body": "Hi", "purchaseId": there}) == ["NOT_FOUND"]
    blind = Api(
        api.schema, api.shop, Actor("key", "desk", [holding("notes.view", "notes.edit", "corrections.request")])
    )
    for name in ("noteAdd", "correctionRequest"):
        kind = name[0].upper() + name[1:] + "Input"
        guess = {"customerId": ana, "body": "Hi", "purchaseId": hers}
        answer = await blind.ask(f"mutation($i: {kind}!) {{ {name}(input: $i) {{ userErrors {{ code }} }} }}", i=guess)
        assert answer.codes == ["FORBIDDEN"]
    assert (store, (await blind.ask(document, id=about)).codes) == (store, ["FORBIDDEN"])


async def test_old_notes_are_deleted(open_shop: OpenShop) -> None:
    shop = await open_shop(retention_note_months=6, response_hours=2)
    api = Api.of(shop)
    ana, at = await customer(api), Instant(now() - 200 * DAY_MS)
    with moment(at):
        asked = await note(api, ana, "Open.", type="INQUIRY")
        changed = await note(api, ana, "Changed.")
        await note(api, ana, "Old.")
    assert asked["dueAt"] == printed(Instant(at + 2 * 3_600_000))
    await api.done("noteUpdate", "note { id }", {"id": changed["id"], "outcome": "New."})
    with moment(Instant(now() - 20 * DAY_MS)):
        await note(api, ana, "Young.")
        await forget_old_notes(shop)
    bodies = "{ notes { nodes { body } } }"
    assert len((await api.data(bodies))["notes"]["nodes"]) == 4
    await forget_old_notes(shop)
    assert [one["body"] for one in (await api.data(bodies))["notes"]["nodes"]] == ["Young.", "Changed.", "Open."]


async def test_notes_go_with_whom_they_are_about(api: Api) -> None:
    """Over to the survivor of a merge and back, to where an open one is found; and away."""
    ana, bo = await customer(api), await customer(api, "Bo")
    mine, his = (
        await note(api, ana, "Mine.", type="INQUIRY"),
        await note(api, bo, "His.", type="COMPLAINT", topic="Taste"),
    )
    merged = await api.done(
        "customersMerge", "customersMerge { mergeId moved { kind count } }", {"survivorId": ana, "absorbedIds": [bo]}
    )
    queue = (
        "{ notes(where: {isOpen: true}, orderBy: {field: CREATED_AT}) { nodes { id version topic customer { id } } } }"
    )

    async def queued() -> list[tuple[str, str]]:
        return [(one["id"], one["customer"]["id"]) for one in (await api.data(queue))["notes"]["nodes"]]

    assert await queued() == [(mine["id"], ana), (his["id"], ana)]
    assert {"kind": "notes", "count": 1} in merged["customersMerge"]["moved"]
    await api.done("noteUpdate", "note { id }", {"id": his["id"], "priority": 3, "expectedVersion": 1})
    asked = await note(api, bo, "By the old id.", type="CORRECTION")
    assert asked["customer"] == {"id": ana}
    await api.done("customersUnmerge", "customers { id }", {"mergeId": merged["customersMerge"]["mergeId"]})
    assert await queued() == [(mine["id"], ana), (his["id"], bo), (asked["id"], ana)]
    assert await api.refused("customerDelete", {"id": bo}) == ["CUSTOMER_REFERENCED"]


QUEUES = {
    "isOpen: true": ("CREATED_AT", "DUE_AT", "PRIORITY"),
    "": ("CREATED_AT", "DUE_AT", "PRIORITY"),
    "type: {in: [COMPLAINT]}": ("CREATED_AT",),
    'topic: {in: ["Delivery"]}': ("CREATED_AT",),
    'channel: {in: ["phone"]}': ("CREATED_AT",),
    'assignee: {in: ["Bo"]}, isOpen: true': ("DUE_AT",),
    'isOpen: true, dueAt: {before: "2030-01-01T00:00:00Z"}': ("DUE_AT",),
}


@pytest.mark.one_executor
async def test_lists_are_walked_by_an_index(shop: Any, api: Api) -> None:
    """However many notes there are. SQLite says so without having seen any rows; PostgreSQL's planner does not."""
    if shop.database.engine != "sqlite":
        pytest.skip("It depends on what is in the tables.")
    for where, orders in QUEUES.items():
        for order in orders:
            narrowed = f"where: {{{where}}}, " if where else ""
            with shop.database.counting() as counted:
                await api.data(f"{{ notes(last: 20, {narrowed}orderBy: {{field: {order}}}) {{ nodes {{ id }} }} }}")
            [sql] = counted
            plan = [str(row[3]) for row in await shop.database.rows(f"EXPLAIN QUERY PLAN {sql}", *_values(sql))]
            assert any("USING INDEX note_" in step or "USING COVERING INDEX note_" in step for step in plan), (
                where,
                order,
                plan,
            )
            assert not any("TEMP B-TREE" in step for step in plan), (where, order, plan)


def _values(sql: str) -> list[Any]:
    """As many values as a statement has places for."""
    return [1] * max((n for n in range(1, 30) if f"${n}" in sql), default=0)
