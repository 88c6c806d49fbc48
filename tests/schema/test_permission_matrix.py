"""Every field of every type that the schema leads to, every filter and order, tried with every role: no leak."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type

from regulars_core.bulk.service import request_bulk_job
from regulars_core.customers.erasure.requests import request_erasure
from regulars_core.keys.authentication import Authenticator
from regulars_core.primitives.clock import Instant, now, printed
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.shop.actors import Actor
from regulars_core.shop.permissions import PERMISSIONS, ROLES
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.request.permissions import definition_of, needs_of, permission_of
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.conftest import OpenShop
from tests.support.keys import holding
from tests.support.made_files import made_file, sent_file
from tests.support.pairs import a_pair
from tests.support.schema_walk import Way, bare, links, nullable, ways

NOBODY = "a role that is not there"
EVERYBODY = [*ROLES, NOBODY]
PERSON = {
    "firstName": "Ana", "lastName": "LI", "companyName": "Acme", "preferredName": "Anita", "email": "ana@example.com",
    "phone": "+525512345678",
    "birthDate": "1990-05-05", "gender": "FEMALE", "taxId": "XAXX010101000", "preferredContact": "EMAIL",
    "contactFrequency": "WEEKLY", "contactTime": "EVENING", "tags": ["vip"],
    "billingAddress": {"recipient": "A", "line1": "B", "line2": "C", "city": "Aarhus", "region": "D", "postalCode": "1",
                       "country": "DK"},
    "shippingAddress": {"recipient": "A", "line1": "B", "line2": "C", "city": "Aarhus", "region": "D", "postalCode": "1",
                        "country": "DK"},
}  # fmt: skip
EMPTY_HERE = {
    "Shop.plugins", "Plugin.name", "Plugin.version", "Plugin.description", "AuditEntry.requestId", "Viewer.stores",
    "RoleBinding.stores", "Query.ruleKinds", "BasketAdjustments.adjustments", "BasketAdjustments.declined",
    "BasketAdjustments.unavailable", "BasketAdjustment.line", "BasketAdjustment.amount", "BasketAdjustment.code",
    "BasketAdjustment.message", "BasketAdjustment.plugin", "DeclinedAdjustment.code", "DeclinedAdjustment.message",
    "DeclinedAdjustment.plugin", "Purchase.replacedBy", "Customer.mergedInto", "CustomersMerge.mergeId",
    "CustomersMerge.mergedAt", "CustomersMerge.mergedBy", "CustomersMerge.undoableUntil", "CustomersMerge.undoneAt",
    "CustomersMerge.obstacles", "NameSuggestion.lastName", "ApiKey.revokedAt", "Permission.plugin", "Shop.guideUrl",
    "Shop.support", "SupportContact.email", "SupportContact.phone", "SupportContact.url",
    "Customer.verificationsDue",
    "Segment.unavailable",
}  # fmt: skip
EMPTY_HERE |= {"DuplicatePair.dismissedAt"}  # nobody has dismissed the pair
EMPTY_TYPES = ("RuleKind.", "RuleKindSetting.", "RuleSettingChoice.")
"""What has no telling value in this shop: there are no plugins, requests are not named, callers are bound to no stores, and the
purchase, the customer and the segment that are looked at stand, and nobody has merged whom a merge is looked at of.
The form that is looked at lacks a last name."""


@dataclass
class Filled:
    """A shop with one of everything, and the arguments that find it."""

    api: Api
    ids: dict[str, str]
    other: str

    def by(self, role: str) -> Api:
        return Api(self.api.schema, self.api.shop, Actor.of_role("key", "till", role))

    def holding(self, *permissions: str) -> Api:
        return Api(self.api.schema, self.api.shop, Actor("key", "till", [holding(*permissions)]))

    @property
    def arguments(self) -> dict[str, str]:
        """Those of root fields; ids are variables, so that every shop is asked by the same documents."""
        return {
            "customer": "(id: $customer)",
            "basketAdjustments": '(baskets: {at: "2026-01-01T00:00:00Z", lines: {name: "Tea", unitPrice: "5.00"}})',
            "customerSearch": '(query: "ana")',
            "customerCheck": '(input: {firstName: "ana", email: "ana@example.com", phone: "+525512345678", birthDate: "never"})',
            "customersMergePreview": "(input: {survivorId: $customer, absorbedIds: [$other]})",
            "customerGroup": "(id: $group)",
            "purchase": "(id: $purchase)",
            "segment": "(id: $segment)",
            "vocabulary": "(of: TAG)",
            "exportColumns": "(of: CUSTOMERS)",
            "dashboard": '(at: "2026-01-01T12:00:00Z")',
        }

    def asked(self, document: str) -> tuple[str, dict[str, str]]:
        """A document with its variables declared, and their values."""
        names = dict.fromkeys(re.findall(r"\$(\w+)", document))
        declared = f"query({', '.join(f'${name}: ID!' for name in names)})" if names else ""
        return declared + document, {name: (self.ids | {"other": self.other})[name] for name in names}


async def fill(api: Api) -> Filled:
    store = await api.done("storeCreate", "store { id }", {"code": "S07", "name": "Harbour"})
    group = await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Gold", "description": "Best."})
    ids = {"store": store["store"]["id"], "group": group["customerGroup"]["id"]}
    size = {"name": "size", "type": "CHOICE", "choices": ["S"], "description": "Of shirts."}
    await api.done("customerAttributeDefine", "customerAttribute { name }", size)
    [attribute] = await api.shop.database.rows("SELECT id FROM customer_attribute_definition")
    ids["attribute"] = f"attribute_{attribute[0]}"
    has = [{"name": "size", "value": "S"}]
    given = {**PERSON, "groupId": ids["group"], "originStoreCode": "S07", "attributes": has}
    ids["customer"] = (await api.done("customerCreate", "customer { id }", given))["customer"]["id"]
    await api.done("customerSuspend", "customer { id }", {"id": ids["customer"]})
    await api.done("customerReactivate", "customer { id }", {"id": ids["customer"]})
    alias, other = [
        (await api.done("customerCreate", "customer { id }", {"firstName": "Zoe", "lastName": name}))["customer"]["id"]
        for name in ("Ek", "Oe")
    ]
    await api.done("noteAdd", "note { id }", {"customerId": other, "body": "To be merged."})
    await api.done("customerSuspend", "customer { id }", {"id": other})
    merged = {"survivorId": ids["customer"], "absorbedIds": [alias]}
    done = await api.done("customersMerge", "customersMerge { mergeId }", merged)
    ids["merge"] = done["customersMerge"]["mergeId"]
    said = {
        "decision": "GRANTED",
        "channel": "EMAIL",
        "source": "till",
        "proof": "SIGNED",
        "proofReference": "17",
        "textVersion": "3",
    }
    given = {"customerId": ids["customer"], "entries": [said]}
    ids["consent"] = (await api.done("consentRecord", "consents { id }", given))["consents"][0]["id"]
    seen = {"customerId": ids["customer"], "subject": "AGE", "document": "passport", "validUntil": "2099-12-31"}
    verified = await api.done("verificationRecord", "verification { id }", seen)
    ids["verification"] = verified["verification"]["id"]
    line = {"name": "Tea", "sku": "T1", "brand": "B", "category": "C", "quantity": "2", "unitPrice": "5.00"}
    sale = {
        "reference": "R1", "storeCode": "S07", "customerId": ids["customer"], "channel": "till", "note": "Gift",
        "register": "2", "session": "2026-01-01", "purchasedAt": "2026-01-01T00:00:00Z", "lines": [line],
        "payments": [{"method": "card", "amount": "10.00", "reference": "P1", "tendered": "20.00"}],
    }  # fmt: skip
    line = {"name": "Cup", "total": "2.00"}
    cup = {"reference": "R0", "storeCode": "S07", "purchasedAt": "2026-01-01T00:00:00Z", "lines": [line]}
    before = await api.done("purchaseRecord", "purchase { lines { id } }", cup)
    rung_first = await api.done("purchaseRecord", "purchase { id }", sale)
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": rung_first["purchase"]["id"]})
    returns = [{"lineId": before["purchase"]["lines"][0]["id"], "quantity": "1"}]
    paid = [{**sale["payments"][0], "amount": "8.00"}]
    again = {**sale, "replaceVoided": True, "returns": returns, "payments": paid}
    bought = await api.done("purchaseRecord", "purchase { id lines { id } payments { id } }", again)
    ids["purchase"] = bought["purchase"]["id"]
    ids["line"], ids["payment"] = bought["purchase"]["lines"][0]["id"], bought["purchase"]["payments"][0]["id"]
    lines = [{"lineId": ids["line"], "quantity": "1"}]
    back = [{"method": "card", "amount": "5.00", "reference": "P2", "tendered": "5.00"}]
    given = {"purchaseId": ids["purchase"], "lines": lines, "reason": "Broken", "payments": back}
    ids["refund"] = (await api.done("purchaseRefund", "refund { id }", given))["refund"]["id"]
    cake = {"reference": "R2", "storeCode": "S07", "customerId": ids["customer"], "purchasedAt": "2026-01-01T00:00:00Z"}
    returns = [{"lineId": ids["line"], "quantity": "0.1"}]
    await api.done(
        "purchaseRecord", "created", {**cake, "lines": [{"name": "Cake", "total": "0.50"}], "returns": returns}
    )
    note = {"customerId": ids["customer"], "body": "Likes tea.", "type": "INQUIRY", "purchaseId": ids["purchase"]}
    said = {
        "channel": "phone",
        "direction": "INCOMING",
        "outcome": "Asked.",
        "topic": "Tea",
        "assignee": "Bo",
        "isOpen": False,
    }
    ids["note"] = (await api.done("noteAdd", "note { id }", {**note, **said}))["note"]["id"]
    ids["duplicate"] = await a_pair(api, ids["customer"], other)
    vips = {"name": "VIPs", "description": "Who are.", "where": {"tag": {"in": ["vip"]}}}
    ids["segment"] = (await api.done("segmentCreate", "segment { id }", vips))["segment"]["id"]
    ids["key"] = await used_key(api)
    ids["job"] = await failed_job(api)
    ids |= await made_file(api, ids["job"])
    ids["upload"] = await sent_file(api)
    ids["erasure"] = await done_erasure(api, ids["customer"])
    ids["audit"] = (await api.data("{ audit(first: 1) { nodes { id } } }"))["audit"]["nodes"][0]["id"]
    return Filled(api, ids, other)


async def used_key(api: Api) -> str:
    """A key of which everything can be told, and a role that whoever manages keys can give."""
    await api.done("roleCreate", "role { name }", {"name": "clerk", "permissions": ["keys.manage"]})
    given = {"name": "Till", "bindings": [{"role": "cashier"}], "expiresAt": "2100-01-01T00:00:00Z"}
    made = await api.done("keyCreate", "secret apiKey { id }", given)
    door = Authenticator(api.shop)
    assert await door.actor_of(made["secret"])
    await door.usage.write()
    return str(made["apiKey"]["id"])


async def failed_job(api: Api) -> str:
    """A bulk job of the caller's of which everything can be told."""
    database = api.shop.database

    async def work() -> str:
        job = await request_bulk_job(api.shop, "GROUP_DELETE", {"group": DEFAULT_GROUP_ID}, api.actor)
        told = (
            "UPDATE bulk_job SET stage = 'FAILED', total = 9, done = 3, counts = $2, problem = 'No.', finished_at = 1"
        )
        await database.run(f"{told} WHERE id = $1", job.id, '{"changed": 3}')
        return f"job_{job.id}"

    return await database.transaction(work)


async def done_erasure(api: Api, customer: str) -> str:
    """An erasure of which everything can be told."""
    database = api.shop.database

    async def work() -> str:
        erasure = await request_erasure(api.shop, customer.removeprefix("customer_"), api.actor)
        told = (
            "UPDATE erasure SET state = 'DONE', is_open = $3, cancelled_at = 1, done_at = 2, erased = $2 WHERE id = $1"
        )
        await database.run(told, erasure.id, '{"notes": 3}', False)
        return f"erasure_{erasure.id}"

    return await database.transaction(work)


SETTINGS = {"retention_inactive_months": 36, "retention_note_months": 24, "counted_fields": "email,consents.profiling"}
"""Of a shop in which every field tells something once it is filled."""


@pytest.fixture
async def filled(open_shop: OpenShop, schema: ComposedSchema) -> Filled:
    return await fill(Api(schema, await open_shop(**SETTINGS), Actor.of_role("key", "till", "administrator")))


def refusals(answer: Any) -> list[tuple[str, list[Any]]]:
    assert set(answer.codes) <= {"FORBIDDEN"}, answer.errors
    return [
        (error["extensions"]["permission"], [key for key in error["path"] if isinstance(key, str)])
        for error in answer.errors
    ]


async def try_ways(filled: Filled, role: str) -> tuple[int, int]:
    """Ask for every field; answers how many were given and how many refused."""
    caller, given, refused = filled.by(role), 0, 0
    for name, way, field in ways(filled.api.schema, filled.arguments):
        document, variables = filled.asked(way.document(bare(field)))
        whole = await filled.api.data(document, **variables)
        if name not in EMPTY_HERE and not name.startswith(EMPTY_TYPES):
            assert any(part not in (None, [], "") for part in way.found(whole)), f"{name} tells nothing: {document}"
        answer = await caller.ask(document, **variables)
        at = way.refused_at(caller.actor.may)
        if at is None:
            assert answer.errors == [], (role, name)
            # A merge's fields and values are of fields with permissions of their own: tests/merges.
            own = (
                "Viewer.",
                "RoleBinding.",
                "MergeField.",
                "MergeValue.",
                "CustomersMerge.fields",
                "CustomersMerge.moved",
                "ExportColumn.isAllowed",
            )
            assert answer.data == whole or name.startswith(own), (role, name)
            given += 1
        else:
            path = [step[1] for step in way.steps[: at + 1]]
            assert refusals(answer) == [(way.steps[at][2], path)], (role, name)
            assert set(way.found(answer.data, at + 1)) == {None}, (role, name)
            refused += 1
    return given, refused


@pytest.mark.parametrize("role", EVERYBODY)
async def test_every_field_with_every_role(filled: Filled, role: str) -> None:
    given, refused = await try_ways(filled, role)
    assert given + refused > 150
    assert (refused == 0) is (role == "administrator")


@pytest.mark.parametrize("role", EVERYBODY)
async def test_every_kind_of_node_with_every_role(filled: Filled, role: str) -> None:
    caller = filled.by(role)
    assert set(filled.ids) == set(filled.api.schema.nodes)
    for kind, id_ in filled.ids.items():
        answer = await caller.ask("query($id: ID!) { node(id: $id) { id __typename } }", id=id_)
        if not filled.api.schema.nodes[kind].is_node:
            assert answer.data == {"node": None}
            continue
        needs = filled.api.schema.nodes[kind].needs
        if needs is None or caller.actor.may(needs):  # whoever asked for a job sees it
            assert answer.data["node"]["id"] == id_
            type_ = filled.api.schema._schema.type_map[answer.data["node"]["__typename"]]
            assert isinstance(type_, GraphQLObjectType)
            assert permission_of(definition_of(type_)) == needs
        else:
            assert (answer.data, refusals(answer)) == ({"node": None}, [(needs, ["node"])])


def test_every_field_stands_under_a_permission_that_there_is() -> None:
    """A type says who may see it, and what needs a permission says so and is nullable."""
    schema, open_types = build_schema(), set()
    for type_, name, field in links(schema):
        needs, stands = needs_of(field), permission_of(definition_of(type_))
        assert {needs, stands} <= {None, *PERMISSIONS}, f"{type_.name}.{name}"
        if needs:
            assert nullable(field), f"{type_.name}.{name}"
            assert f" Needs `{needs}`." in (field.description or ""), f"{type_.name}.{name}"
        if stands is None and not type_.name.endswith("Payload"):
            open_types.add(type_.name)
    assert open_types == {
        "Query", "Mutation", "Money", "PageInfo", "Plugin", "Shop", "Viewer", "RoleBinding", "InvalidInput",
        "VersionConflict", "CustomerReferenced", "RuleKind", "RuleKindSetting", "RuleSettingChoice", "BulkJob",
        "BulkJobConnection", "BulkJobEdge", "ReferenceCount", "Warning", "CustomerFieldRule", "PossibleDuplicates",
        "ReferenceReused", "NameSuggestion", "VocabularyEntry", "BulkFile",
        "SupportContact", "SystemStatus", "SystemCheck", "SegmentConflict", "GroupConflict",
    }  # fmt: skip


def test_payloads_tell_counts_flags_and_ids_only() -> None:
    for type_, name, field in links(build_schema()):
        named = {"CustomerAttributeDeletePayload.deletedName", "RoleDeletePayload.deletedRoleName"}
        if f"{type_.name}.{name}" in {"KeyCreatePayload.secret", *named}:
            continue  # of whoever has just made the one, and named the others
        if type_.name.endswith("Payload") and needs_of(field) is None and name != "userErrors":
            told = {"Boolean", "Int", "ID", "BulkJob", "Warning"}  # of a job who asked for it
            told |= (
                {"String", "DateTime"} if type_.name in {"FileLinkCreatePayload", "UploadCreatePayload"} else set()
            )  # and of its files
            assert get_named_type(field.type).name in told, f"{type_.name}.{name}"


SAMPLES: dict[str, Any] = {
    "Boolean": True,
    "IntComparison": {"gte": 0},
    "BigIntComparison": {"gte": "0"},
    "AmountComparison": {"gte": "0.00"},
    "InstantComparison": {"after": "2000-01-01T00:00:00Z"},
    "TextComparison": {"in": ["MX"]},
    "AttributeComparison": {"name": "size", "isKnown": True},
    "BirthdayComparison": {"inNextDays": 366},
    "ConsentComparison": {"channel": "EMAIL"},
    "CustomerStatusComparison": {"in": ["ACTIVE"]},
    "ContactMethodComparison": {"in": ["MESSENGER"]},
    "VerificationSubjectComparison": {"in": ["AGE"]},
    "PurchaseStatusComparison": {"in": ["PAID"]},
    "NoteTypeComparison": {"in": ["INQUIRY"]},
    "CalendarComparison": {"weekdays": [1, 2, 3, 4, 5, 6, 7]},
    "PurchasesComparison": {"where": {"total": {"gte": "0.00"}}, "count": {"gte": 0}},
}
PLACES = {
    "CustomerWhere": [Way((("customers(where: $where)", "customers", "customers.view"),)),
                      Way((("customerGroups", "customerGroups", "groups.view"), ("nodes", "nodes", None),
                           ("customers(where: $where)", "customers", "customers.view")))],
    "NoteWhere": [Way((("notes(where: $where)", "notes", "notes.view"),))],
    "PurchaseWhere": [Way((("purchases(where: $where)", "purchases", "purchases.view"),)),
                      Way((("customers", "customers", "customers.view"), ("nodes", "nodes", None),
                           ("purchases(where: $where)", "purchases", "purchases.view")))],
}  # fmt: skip


async def try_place(caller: Api, way: Way, needs: str | None, declared: str, **variables: Any) -> None:
    answer = await caller.ask(f"query({declared}) {way.document(' { __typename totalCount }')}", **variables)
    at = way.refused_at(caller.actor.may)
    lacking = way.steps[at][2] if at is not None else needs if needs and not caller.actor.may(needs) else None
    if lacking is None:
        assert answer.errors == [], (way, variables)
        return
    path = [step[1] for step in (way.steps if at is None else way.steps[: at + 1])]
    assert refusals(answer) == [(lacking, path)], (way, variables)
    assert set(way.found(answer.data, len(path))) == {None}, (way, variables)


@pytest.mark.parametrize("role", EVERYBODY)
async def test_every_filter_with_every_role(filled: Filled, role: str) -> None:
    caller, schema = filled.by(role), filled.api.schema
    for where, leaves in schema.leaves.items():
        name = definition_of(schema._schema.type_map[where.__strawberry_definition__.name]).name  # type: ignore[arg-type, attr-defined]
        for leaf in leaves.values():
            kind = get_named_type(schema._schema.type_map[name].fields[leaf.name].type).name  # type: ignore[union-attr]
            sample = SAMPLES.get(kind) or {
                "in": [filled.ids[{"originStore": "store", "id": "customer"}.get(leaf.name, leaf.name)]]
            }
            bare_leaf = {leaf.name: sample}
            for given in (bare_leaf, {"all": [{"any": [{"not": bare_leaf}]}]}):
                for way in PLACES[name]:
                    await try_place(caller, way, leaf.needs, f"$where: {name}", where=given)


@pytest.mark.parametrize("role", EVERYBODY)
async def test_every_order_with_every_role(filled: Filled, role: str) -> None:
    caller = filled.by(role)
    for enum, sorts in filled.api.schema.sorts.items():
        kind = enum.__name__.removesuffix("OrderField")
        for name, sort in sorts.items():
            for way in PLACES[f"{kind}Where"]:
                *before, (written, *last) = way.steps
                ordered = Way((*before, (written.replace("where: $where", "orderBy: $order"), *last)))  # type: ignore[arg-type]
                for direction in ("ASC", "DESC"):
                    order = {"field": name, "direction": direction}
                    await try_place(caller, ordered, sort.needs, f"$order: {kind}OrderBy", order=order)


@pytest.mark.parametrize("role", EVERYBODY)
async def test_every_vocabulary_with_every_role(filled: Filled, role: str) -> None:
    caller = filled.by(role)
    assert filled.api.schema.vocabularies.keys() > {"BRAND", "CATEGORY", "PAYMENT_METHOD", "TAG"}
    for name, one in filled.api.schema.vocabularies.items():
        asked = f"{{ vocabulary(of: {name}) {{ value label count }} }}"
        whole, answer = await filled.api.data(asked), await caller.ask(asked)
        assert whole["vocabulary"], name
        if caller.actor.may(one.needs):
            assert (answer.errors, answer.data) == ([], whole), name
        else:
            assert (answer.data, refusals(answer)) == ({"vocabulary": None}, [(one.needs, ["vocabulary"])]), name


@pytest.mark.parametrize("role", EVERYBODY)
async def test_many_nodes_with_every_role(filled: Filled, role: str) -> None:
    """Null in the place of what may not be seen, and no error."""
    caller, nodes = filled.by(role), filled.api.schema.nodes
    answer = await caller.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=list(filled.ids.values()))
    assert answer.errors == []
    for (kind, id_), one in zip(filled.ids.items(), answer.data["nodes"], strict=True):
        seen = nodes[kind].is_node and (nodes[kind].needs is None or caller.actor.may(nodes[kind].needs))  # type: ignore[arg-type]
        assert one == ({"id": id_} if seen else None), kind


async def test_a_refused_filter_runs_nothing_and_tells_once_however_many_parents(filled: Filled) -> None:
    await filled.api.done("customerCreate", "customer { id }", {"firstName": "Bo", "lastName": "Ek"})
    caller = filled.holding("customers.view", "purchases.view")
    where = f'{{ store: {{ in: ["{filled.ids["store"]}"] }} }}'
    literal = f"{{ customers {{ nodes {{ purchases(where: {where}) {{ totalCount }} }} }} }}"
    with caller.shop.database.counting() as counted:
        answer = await caller.ask(literal)
    assert answer.data == {"customers": {"nodes": [{"purchases": None}] * 3}}
    assert [error["extensions"]["refused"] for error in answer.errors] == [3]
    assert len(counted) == 1
    with caller.shop.database.counting() as counted:
        answer = await caller.ask("{ customers(orderBy: { field: NAME }, where: { hasEmail: true }) { totalCount } }")
    assert (answer.data, refusals(answer)) == ({"customers": None}, [("customers.view_pii", ["customers"])])
    assert counted == []


@pytest.mark.parametrize("role", EVERYBODY)
async def test_searching_by_contact_with_every_role(filled: Filled, role: str) -> None:
    caller = filled.by(role)
    if not caller.actor.may("customers.view"):
        return
    sees = caller.actor.may("customers.view_pii")
    for query, found in (("ana", 1), ("example", sees), ("551234", sees), ("ana example", sees), ("li ana", 1)):
        asked = "query($q: String!) { customers(search: $q) { totalCount } customerSearch(query: $q) { id } }"
        data = await caller.data(asked, q=query)
        assert (data["customers"]["totalCount"], len(data["customerSearch"])) == (found, found), (role, query)
        purchases = await caller.data("query($q: String!) { purchases(search: $q) { totalCount } }", q=query)
        assert purchases["purchases"]["totalCount"] == 3 * found, (role, query)


async def test_purchases_are_searched_by_reference_alone_without_customers(filled: Filled) -> None:
    caller = filled.holding("purchases.view", "customers.view_pii")
    for query, found in (("ana", 0), ("example", 0), ("R1", 2)):
        data = await caller.data("query($q: String!) { purchases(search: $q) { totalCount } }", q=query)
        assert data["purchases"]["totalCount"] == found, query


async def test_the_order_of_a_quick_search_does_not_tell_who_bought(filled: Filled) -> None:
    """Ana bought in 2026, Ana Two is newer: whoever may not see purchases finds the newer one first."""
    two = await filled.api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Two"})
    late = {"reference": "R3", "customerId": filled.ids["customer"], "lines": [{"name": "Tea", "total": "1.00"}]}
    await filled.api.done("purchaseRecord", "created", {**late, "purchasedAt": printed(Instant(now() + 3_600_000))})
    both = [filled.ids["customer"], two["customer"]["id"]]
    asked = '{ customerSearch(query: "ana", first: 2) { id } few: customerSearch(query: "ana", first: 1) { id } }'
    for caller, order in ((filled.api, both), (filled.holding("customers.view"), both[::-1])):
        data = await caller.data(asked)
        assert [one["id"] for one in data["customerSearch"]] == order
        assert [one["id"] for one in data["few"]] == order[:1]
        rare = await caller.data('{ customerSearch(query: "ana", first: 50) { id } }')
        assert [one["id"] for one in rare["customerSearch"]] == order


async def test_a_mutation_works_for_who_may_not_see_what_it_made(filled: Filled) -> None:
    """Every mutation, by somebody who holds its permission and no other: done, and nothing shown."""
    mutations = filled.api.schema._schema.mutation_type
    assert mutations is not None
    database = filled.api.shop.database
    await database.transaction(lambda: database.run("UPDATE bulk_job SET finished_at = NULL"))
    owing = {"reference": "OWED", "lines": [{"name": "Tea", "total": "3.00"}], "due": "3.00", "payments": []}
    owed = await filled.api.done("purchaseRecord", "purchase { id due { amount } }", owing)
    spare = await filled.api.done("customerCreate", "customer { id }", {"firstName": "By", "lastName": "Mistake"})
    asked = await filled.api.done("customerEraseRequest", "erasure { id }", {"customerId": spare["customer"]["id"]})
    ids = {
        **filled.ids,
        "owed": owed["purchase"]["id"],
        "spare": spare["customer"]["id"],
        "asked": asked["erasure"]["id"],
        "other": filled.other,
    }
    for name, given in inputs(ids).items():
        field = mutations.fields[name]
        needs, payload = needs_of(field), get_named_type(field.type)
        assert needs is not None or name in {"bulkJobCancel", "fileLinkCreate"}  # which whoever asked for a job may do
        assert isinstance(payload, GraphQLObjectType)
        caller = filled.holding(*([needs] if needs else ()), *NEEDED_TOO.get(name, ()))
        shown = [key for key in payload.fields if key != "userErrors"]
        selection = " ".join(key + bare(payload.fields[key]) for key in shown)
        kind = name[0].upper() + name[1:] + "Input"
        document = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {selection} userErrors {{ code }} }} }}"
        rows = await filled.api.shop.database.rows("SELECT count(*) FROM audit")
        answer = await caller.ask(document, input=given)
        assert answer.data[name], (name, answer.errors)
        assert answer.data[name]["userErrors"] == [], (name, answer.data)
        hidden = [key for key in shown if (wants := needs_of(payload.fields[key])) and not caller.actor.may(wants)]
        assert refusals(answer) == [(needs_of(payload.fields[key]), [name, key]) for key in hidden], name
        assert all(answer.data[name][key] is None for key in hidden), name
        assert all(answer.data[name][key] is not None for key in shown if key not in {*hidden, "bulkJob"}), name
        assert (await filled.api.shop.database.rows("SELECT count(*) FROM audit"))[0][0] == rows[0][0] + AUDITED.get(
            name, 1
        ), name
    assert set(mutations.fields) == set(inputs(ids))


NEEDED_TOO = {
    "customerDataRequest": [
        "consents.view", "customers.view", "customers.view_pii", "customers.view_sensitive", "notes.view", "purchases.view",
        "receipts.view",
    ],
    "customersExport": ["customers.view"],
    "purchasesExport": ["purchases.view"],
    "segmentCreate": ["customers.view_pii"],
}  # fmt: skip
"""What a mutation needs beside the permission that it names first."""
AUDITED = {"customerDuplicateDismiss": 2, "customersMerge": 2, "customersUnmerge": 2}
"""How many customers a mutation is about, where that is not one."""


def inputs(ids: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What each mutation of core can be done with, one after another."""
    one, sold = {"id": ids["customer"]}, {"purchaseId": ids["purchase"]}
    return {
        "bulkJobCancel": {"id": ids["job"]},
        "customersExport": {"everyone": True, "idempotencyKey": "j"},
        "purchasesExport": {"where": {"hasNote": True}, "idempotencyKey": "k"},
        "fileLinkCreate": {"fileId": ids["file"]},
        "uploadCreate": {"of": "CUSTOMERS", "byteCount": 1},
        "importStart": {"uploadId": ids["upload"], "idempotencyKey": "l"},
        "customerCreate": {"firstName": "Bo", "lastName": "Ek"},
        "customerUpdate": {**one, "firstName": "Anna"},
        "customerSuspend": one,
        "customerDeactivate": one,
        "customerReactivate": one,
        "customerAttributeDefine": {"name": "new", "type": "TEXT"},
        "customerAttributeDelete": {"name": "new"},
        "customersAssignGroup": {"customerIds": [ids["customer"]], "groupId": ids["group"]},
        "tagsAdd": {"customerId": ids["customer"], "tags": ["new"]},
        "tagsRemove": {"customerId": ids["customer"], "tags": ["new"]},
        "consentRecord": {"customerId": ids["customer"], "entries": [{"decision": "WITHDRAWN", "source": "till"}]},
        "noteAdd": {"customerId": ids["customer"], "body": "Hi"},
        "correctionRequest": {"customerId": ids["customer"], "body": "Called Ann."},
        "noteUpdate": {"id": ids["note"], "body": "Hello"},
        "verificationRecord": {"customerId": ids["customer"], "subject": "AGE"},
        "noteDelete": {"id": ids["note"]},
        "customerGroupCreate": {"name": "New"},
        "customerGroupUpdate": {"id": ids["group"], "name": "Silver"},
        "customerGroupDelete": {"id": ids["group"], "moveCustomersTo": f"group_{DEFAULT_GROUP_ID}"},
        "segmentCreate": {"name": "New", "where": {"hasEmail": True}},
        "segmentUpdate": {"id": ids["segment"], "name": "VIP"},
        "segmentDelete": {"id": ids["segment"]},
        "storeCreate": {"code": "S2", "name": "Two"},
        "storeUpdate": {"id": ids["store"], "name": "Pier"},
        "purchaseRecord": {"reference": "R9", "lines": [{"name": "Tea", "total": "1.00"}], "idempotencyKey": "a",
                           "purchasedAt": "2026-01-01T00:00:00Z"},
        "purchaseRefund": {**sold, "amount": "1.00", "idempotencyKey": "b"},
        "purchasesReassign": {"purchaseIds": [ids["purchase"]], "toNobody": True, "idempotencyKey": "e"},
        "purchaseUpdate": {"id": ids["purchase"], "note": "Moved."},
        "purchaseVoid": {**sold, "idempotencyKey": "c"},
        "purchasePay": {"purchaseId": ids["owed"], "payments": [{"method": "cash", "amount": "1.00"}],
                        "idempotencyKey": "d"},
        "customerDuplicateDismiss": {"pairId": ids["duplicate"]},
        "customersMerge": {"survivorId": ids["customer"], "absorbedIds": [ids["other"]], "idempotencyKey": "m"},
        "customersUnmerge": {"mergeId": ids["merge"], "idempotencyKey": "n"},
        "customerDataRequest": {"customerId": ids["customer"], "idempotencyKey": "f"},
        "customerEraseRequest": {"customerId": ids["customer"], "idempotencyKey": "g"},
        "customerEraseCancel": {"erasureId": ids["asked"], "idempotencyKey": "h"},
        "customerDelete": {"id": ids["spare"], "idempotencyKey": "i"},
        "roleCreate": {"name": "night", "permissions": ["keys.manage"]},
        "roleUpdate": {"name": "night", "permissions": ["keys.manage"]},
        "roleDelete": {"name": "night"},
        "keyCreate": {"name": "New", "bindings": [{"role": "clerk"}]},
        "keyRevoke": {"id": ids["key"]},
    }  # fmt: skip


async def test_what_is_answered_again_is_guarded_again(filled: Filled) -> None:
    given = {"firstName": "Bo", "lastName": "Ek", "idempotencyKey": "once"}
    document = "mutation($input: CustomerCreateInput!) { customerCreate(input: $input) { created customer { code } } }"
    assert (await filled.api.ask(document, input=given)).errors == []
    answer = await filled.holding("customers.create").ask(document, input=given)
    assert answer.data == {"customerCreate": {"created": True, "customer": None}}
    assert refusals(answer) == [("customers.view", ["customerCreate", "customer"])]


async def test_a_conflict_does_not_show_the_customer(filled: Filled) -> None:
    caller = filled.holding("customers.edit")
    document = (
        "mutation($input: CustomerUpdateInput!) { customerUpdate(input: $input)"
        " { userErrors { code ... on VersionConflict { customer { code } } } } }"
    )
    answer = await caller.ask(document, input={"id": filled.ids["customer"], "firstName": "X", "expectedVersion": 99})
    assert answer.data == {"customerUpdate": {"userErrors": [{"code": "VERSION_CONFLICT", "customer": None}]}}
    assert refusals(answer) == [("customers.view", ["customerUpdate", "userErrors", "customer"])]
