"""One key, one effect: requests that are sent again, together, changed, refused, and interrupted."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import time_machine

from regulars_core import idempotency
from regulars_core.contribution import JOBS
from regulars_core.idempotency import KEPT_DAYS, forget_old
from regulars_core.primitives.clock import DAY_MS, now
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_schema.fields.pipeline import Pipeline
from regulars_schema.inputs.idempotent import canonical
from regulars_schema.testing import Answer, Api

RECORD = (
    "mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) { %s userErrors { code message path } } }"
)
REFUND = (
    "mutation($input: PurchaseRefundInput!) { purchaseRefund(input: $input) { %s userErrors { code message path } } }"
)
CREATE = (
    "mutation($input: CustomerCreateInput!) { customerCreate(input: $input) { %s userErrors { code message path } } }"
)


def sale(key: str = "k1", **given: Any) -> dict[str, Any]:
    return {"idempotencyKey": key, "reference": "R1", "lines": [{"name": "Bread", "unitPrice": "10.00"}], **given}


async def sold(api: Api, **given: Any) -> str:
    made = await api.done("purchaseRecord", "purchase { id }", sale("sale", **given))
    return str(made["purchase"]["id"])


def replayed(answer: Answer) -> bool:
    return bool(answer.extensions["idempotency"]["replayed"])


async def test_the_first_answer_again_in_whatever_shape_is_asked_for(api: Api) -> None:
    first = await api.ask(RECORD % "created purchase { id }", input=sale(note="Thanks"))
    again = await api.ask(RECORD % "created customerCreated purchase { reference status }", input=sale(note="Thanks"))
    assert (replayed(first), replayed(again)) == (False, True)
    assert first.extensions["idempotency"]["firstAt"] == again.extensions["idempotency"]["firstAt"]
    assert again.data["purchaseRecord"] == {
        "created": True,
        "customerCreated": False,
        "purchase": {"reference": "R1", "status": "PAID"},
        "userErrors": [],
    }


async def test_objects_answer_as_they_are_now(api: Api) -> None:
    bought = await sold(api)
    given = {"purchaseId": bought, "amount": "4.00", "idempotencyKey": "back"}
    await api.ask(REFUND % "refund { id }", input=given)
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": bought})
    again = await api.ask(REFUND % "refund { amount { amount } } purchase { status }", input=given)
    assert again.data["purchaseRefund"] == {
        "refund": {"amount": {"amount": "4.00"}},
        "purchase": {"status": "VOIDED"},
        "userErrors": [],
    }


async def test_what_means_the_same_is_the_same(api: Api) -> None:
    bought = await sold(api)
    for amount in ("4.00", "4", "4.0"):
        given = {"purchaseId": bought, "amount": amount, "idempotencyKey": "back"}
        assert (await api.ask(REFUND % "refund { id }", input=given)).data["purchaseRefund"]["userErrors"] == []
    assert await refunds(api) == 1


async def refunds(api: Api) -> int:
    found = await api.shop.database.row("SELECT count(*) FROM refund")
    assert found
    return int(found[0])


@pytest.mark.parametrize("other", [{"note": None}, {"note": "Hi"}, {"reference": "R2"}, {"payments": []}])
async def test_other_input_under_the_same_key_is_refused_and_nothing_runs(api: Api, other: dict[str, Any]) -> None:
    await api.ask(RECORD % "created", input=sale())
    answer = await api.ask(RECORD % "created", input=sale(**other))
    assert answer.data == {"purchaseRecord": None}
    [error] = answer.errors
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "reason": "IDEMPOTENCY_KEY_REUSED",
        "argument": ["input", "idempotencyKey"],
        "retryable": False,
    }
    assert (await api.data("{ purchases { totalCount } }"))["purchases"]["totalCount"] == 1


async def test_another_mutation_is_other_input(api: Api) -> None:
    bought = await sold(api)
    await api.do("purchaseVoid", "purchase { id }", {"purchaseId": bought, "idempotencyKey": "k"})
    document = 'mutation { noteDelete(input: { id: "note_%s", idempotencyKey: "k" }) { userErrors { code } } }' % (
        "0" * 32
    )
    assert (await api.ask(document)).errors[0]["extensions"]["reason"] == "IDEMPOTENCY_KEY_REUSED"


async def test_a_key_belongs_to_its_client(api: Api) -> None:
    other = Api(api.schema, api.shop, Actor.of_role("other", "other till", "administrator"))
    assert not replayed(await api.ask(RECORD % "created", input=sale()))
    assert not replayed(await other.ask(RECORD % "created", input=sale(reference="R2")))


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 129, "a\n"])
async def test_keys_that_are_none(api: Api, key: str) -> None:
    answer = await api.ask(RECORD % "created", input=sale(key))
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["extensions"]["argument"] == ["input", "idempotencyKey"]


async def test_a_key_may_be_null_where_it_is_optional(api: Api) -> None:
    given = {"firstName": "Ana", "lastName": "Li", "idempotencyKey": None}
    made = [await api.ask(CREATE % "created", input=given) for _ in range(2)]
    assert [answer.data["customerCreate"]["created"] for answer in made] == [True, True]
    assert made[0].extensions == {}
    assert (await api.ask("{ shop { name } }")).extensions == {}


async def test_a_refusal_is_answered_again_even_if_it_would_be_none_now(api: Api) -> None:
    given = {"firstName": "Ana", "lastName": "Li", "originStoreCode": "S07", "idempotencyKey": "k1"}
    first = await api.ask(CREATE % "created", input=given)
    await api.done("storeCreate", "store { id }", {"code": "S07", "name": "Harbour"})
    again = await api.ask(CREATE % "created", input=given)
    assert first.data == again.data
    assert [error["code"] for error in again.data["customerCreate"]["userErrors"]] == ["NOT_FOUND"]
    assert replayed(again)
    assert not replayed(await api.ask(CREATE % "created", input={**given, "idempotencyKey": "k2"}))


async def test_what_a_refusal_had_written_is_undone(api: Api) -> None:
    bought = await sold(api)
    too_much = {"purchaseId": bought, "amount": "10.01", "idempotencyKey": "back"}
    first = await api.ask(REFUND % "refund { id }", input=too_much)
    again = await api.ask(REFUND % "refund { id }", input=too_much)
    assert first.data == again.data
    assert first.data["purchaseRefund"]["userErrors"] == [
        {
            "code": "REFUND_EXCEEDS_PAID",
            "message": "At most 10.00 USD can still be given back.",
            "path": ["input", "amount"],
        }
    ]
    reused = sale("k2", customer={"firstName": "Bo", "lastName": "Ek"}, reference="R1")
    assert (await api.do("purchaseRecord", "created", reused))["userErrors"][0]["code"] == "REFERENCE_REUSED"
    assert (await api.data("{ customers { totalCount } }"))["customers"]["totalCount"] == 0
    assert await refunds(api) == 0


async def test_input_that_is_mended_may_be_sent_under_the_same_key(api: Api) -> None:
    assert (await api.do("purchaseRecord", "created", sale(reference="")))["userErrors"][0]["code"] == "REQUIRED"
    assert (await api.ask(RECORD % "created", input=sale(customerId="nonsense"))).codes == ["BAD_USER_INPUT"]
    assert (await api.ask(RECORD % "created", input=sale(lines=3))).codes == ["BAD_USER_INPUT"]
    assert (await api.do("purchaseRecord", "created", sale()))["created"] is True


async def test_what_is_malformed_beside_what_does_not_fit_may_be_mended(api: Api) -> None:
    """Of each mutation input that can never be accepted, beside what does not fit, and what it is mended to, under one key."""
    first, second, third = [
        (
            await api.done(
                "customerCreate", "customer { id code }", {"firstName": name, "lastName": "Li", "force": True}
            )
        )["customer"]
        for name in ("Ana", "Bo", "Cy")
    ]
    lines = [{"name": name, "unitPrice": "5.00"} for name in ("Bread", "Jam")]
    made = await api.done("purchaseRecord", "purchase { id lines { id } }", sale("sale", lines=lines, reference="R0"))
    bread, jam = [one["id"] for one in made["purchase"]["lines"]]
    back: dict[str, Any] = {"purchaseId": made["purchase"]["id"]}
    coming = [{"lineId": bread, "quantity": "9"}, {"lineId": jam, "quantity": "0"}]
    merge = {"survivorId": first["id"]}
    tags = {"customerId": first["id"]}
    nowhere = {
        "name": "k",
        "bindings": [{"role": "cashier", "storeCodes": ["S9"]}, {"role": "cashier", "storeCodes": []}],
    }
    wrong: list[tuple[str, dict[str, Any], list[str], dict[str, Any]]] = [
        (
            "purchaseRefund",
            {**back, "lines": coming},
            ["REFUND_EXCEEDS_PAID", "INVALID_QUANTITY"],
            {**back, "amount": "1.00"},
        ),
        (
            "purchaseRecord",
            sale(customer={"firstName": "Ana", "lastName": "Li"}, customerCode=first["code"], storeCode="S9"),
            ["NOT_FOUND", "INVALID_CUSTOMER"],
            sale(customerCode=first["code"]),
        ),
        (
            "customerEraseRequest",
            {"customerId": third["id"], "scheduledFor": "2001-01-01T00:00:00Z"},
            ["INVALID_DATE"],
            {"customerId": third["id"]},
        ),
        (
            "customersMerge",
            {**merge, "absorbedIds": [second["id"], first["id"]]},
            ["SAME_CUSTOMER"],
            {**merge, "absorbedIds": [second["id"]]},
        ),
        ("tagsAdd", {**tags, "tags": ["x" * 65]}, ["TOO_LONG"], {**tags, "tags": ["x"]}),
        ("keyCreate", nowhere, ["NOT_FOUND", "REQUIRED"], {"name": "k", "bindings": [{"role": "cashier"}]}),
    ]
    for n, (mutation, given, codes, mended) in enumerate(wrong):
        key = {"idempotencyKey": f"mended-{n}"}
        assert await api.refused(mutation, {**given, **key}) == codes, mutation
        await api.done(mutation, "__typename", {**mended, **key})


async def test_a_name_that_is_taken_is_kept_for_groups_as_for_segments(api: Api) -> None:
    for mutation, given in (
        ("customerGroupCreate", {"name": "Staff"}),
        ("segmentCreate", {"name": "Staff", "where": {"hasEmail": True}}),
        ("keyCreate", {"name": "k", "bindings": [{"role": "cashier", "storeCodes": ["S9"]}]}),
    ):
        if mutation == "keyCreate":
            refused, again = ["NOT_FOUND"], {**given, "bindings": [{"role": "cashier"}]}
        else:
            refused, again = ["NAME_TAKEN"], {**given, "name": "Others"}
            await api.done(mutation, "__typename", given)
        key = {"idempotencyKey": f"{mutation}-taken"}
        assert await api.refused(mutation, {**given, **key}) == refused
        kind = mutation[0].upper() + mutation[1:]
        document = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ userErrors {{ code }} }} }}"
        assert replayed(await api.ask(document, input={**given, **key})), mutation
        assert (await api.ask(document, input={**again, **key})).codes == ["BAD_USER_INPUT"], mutation


async def test_an_error_of_ours_does_not_stick(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("the disk is on fire")

    with monkeypatch.context() as patched:
        patched.setattr("regulars_schema.fields.pipeline.keeping", broken)
        assert (await api.ask(RECORD % "created", input=sale())).codes == ["INTERNAL"]
    assert (await api.data("{ purchases { totalCount } }"))["purchases"]["totalCount"] == 0
    answer = await api.ask(RECORD % "created", input=sale())
    assert answer.data["purchaseRecord"]["created"] is True
    assert not replayed(answer)


SELECTIONS = ("purchase { id }", "created", "purchase { customer { id } total { amount } }", "customerCreated")


async def test_fifty_at_once_are_one_effect_and_fifty_answers(api: Api) -> None:
    given = sale(customer={"firstName": "Bo", "lastName": "Ek"})  # no time: the reference alone would not make them one
    answers = await asyncio.gather(*(api.ask(RECORD % SELECTIONS[n % 4], input=given) for n in range(50)))
    assert [answer.errors for answer in answers] == [[]] * 50
    assert sorted(map(replayed, answers)) == [False] + [True] * 49
    payloads = [answer.data["purchaseRecord"] for answer in answers]
    assert all(payload["userErrors"] == [] for payload in payloads)
    assert len({payload["purchase"]["id"] for payload in payloads[::4]}) == 1
    assert {payload["created"] for payload in payloads[1::4]} == {True}
    assert len({payload["purchase"]["customer"]["id"] for payload in payloads[2::4]}) == 1
    assert {payload["customerCreated"] for payload in payloads[3::4]} == {True}
    assert await api.data("{ customers { totalCount } purchases { totalCount } }") == {
        "customers": {"totalCount": 1},
        "purchases": {"totalCount": 1},
    }


async def test_fifty_refunds_at_once_give_back_once(api: Api) -> None:
    given = {"purchaseId": await sold(api), "amount": "3.00", "idempotencyKey": "back"}
    answers = await asyncio.gather(*(api.ask(REFUND % "refund { id }", input=given) for _ in range(50)))
    assert [answer.errors for answer in answers] == [[]] * 50
    assert len({answer.data["purchaseRefund"]["refund"]["id"] for answer in answers}) == 1
    assert await refunds(api) == 1


async def test_several_keys_in_one_document(api: Api) -> None:
    document = (
        'mutation { a: storeCreate(input: { code: "S1", name: "One", idempotencyKey: "a" }) { store { code } }'
        ' b: storeCreate(input: { code: "S2", name: "Two", idempotencyKey: "b" }) { store { code } } }'
    )
    await api.ask(document)
    answer = await api.ask(document)
    assert answer.data == {"a": {"store": {"code": "S1"}}, "b": {"store": {"code": "S2"}}}
    said = answer.extensions["idempotency"]
    assert said["replayed"] is True
    assert {name: each["replayed"] for name, each in said["fields"].items()} == {"a": True, "b": True}


async def test_what_was_removed_since_is_null(api: Api) -> None:
    made = await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Staff", "idempotencyKey": "k"})
    await api.done("customerGroupDelete", "deletedCustomerGroupId", {"id": made["customerGroup"]["id"]})
    again = await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Staff", "idempotencyKey": "k"})
    assert again["customerGroup"] is None


async def test_nothing_personal_is_kept(api: Api) -> None:
    person = {"firstName": "Wilhelmina", "lastName": "Quist", "email": "wq@example.com", "phone": "55 1234 5678"}
    await api.done("customerCreate", "created", {**person, "idempotencyKey": "a"})
    await api.do("purchaseRecord", "created", sale(customer=person, note="Wilhelmina again"))
    await api.do("purchaseRecord", "created", sale("b", note="Quist of wq@example.com"))
    await api.do("customerCreate", "created", {**person, "originStoreCode": "Quist", "idempotencyKey": "c"})
    rows = await api.shop.database.rows("SELECT outcome FROM idempotency_key ORDER BY number")
    kept = [json.loads(row[0]) for row in rows]
    assert [next(iter(outcome)) for outcome in kept] == ["done", "done", "refused", "refused"]
    text = json.dumps(kept).casefold()
    assert not [word for word in ("wilhelmina", "quist", "example", "1234") if word in text]


async def test_keys_are_forgotten_after_45_days(api: Api) -> None:
    await api.ask(RECORD % "created", input=sale())
    assert await forget_old(api.shop.database) == 0
    with time_machine.travel((now() + KEPT_DAYS * DAY_MS + 1000) / 1000, tick=True):
        await api.ask(RECORD % "created", input=sale("k2"))
        [job] = [job for job in JOBS if job.name == "forget-idempotency-keys"]
        await job.run(api.shop)
        assert not replayed(await api.ask(RECORD % "created", input=sale()))
        assert replayed(await api.ask(RECORD % "created", input=sale("k2")))


def test_inputs_in_canonical_form() -> None:
    assert canonical([True, 3, "x", None]) == [True, 3, "x", None]
    digests = {idempotency.digest_of("a", {"x": 1, "y": 2}), idempotency.digest_of("a", {"y": 2, "x": 1})}
    assert len(digests) == 1
    assert idempotency.digest_of("b", {"x": 1, "y": 2}) not in digests
    assert canonical([Slotted("gift", None)]) == canonical([Bare("gift", None)]) == [{"kind": "gift"}]


@dataclass(slots=True)
class Slotted:
    """As plugins may declare what an input carries for them."""

    kind: str
    note: str | None


@dataclass
class Bare:
    """The same, as others do."""

    kind: str
    note: str | None


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_an_unknown_outcome_may_be_tried_again_under_a_key_only(shop: Shop, api: Api) -> None:
    """The session ends in COMMIT, so nobody knows what became of it."""
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    given = {"id": made["customer"]["id"], "firstName": "Eva"}

    async def end_sessions() -> None:
        await shop.database.run(
            "CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'"
        )
        await shop.database.run(
            "CREATE CONSTRAINT TRIGGER end_session AFTER UPDATE ON customer DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION end_session()"
        )

    await shop.database.transaction(end_sessions)
    document = "mutation($input: CustomerUpdateInput!) { customerUpdate(input: $input) { customer { id } } }"
    for more, retryable in (({}, False), ({"idempotencyKey": "k"}, True)):
        answer = await api.ask(document, input={**given, **more})
        assert answer.codes == ["UNAVAILABLE"]
        assert answer.errors[0]["extensions"]["retryable"] is retryable


HARBOUR = {"firstName": "Ana", "lastName": "Li", "originStoreCode": "S07", "idempotencyKey": "k"}


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Awaitable[None]]], None]:
    """Has something done between a refusal, which is undone by then, and the transaction that keeps it."""

    def do(work: Callable[[], Awaitable[None]]) -> None:
        surely, begun = Pipeline._surely, count()

        async def run(pipeline: Pipeline, *given: Any) -> Any:
            if next(begun) == 1:
                await work()
            return await surely(pipeline, *given)

        monkeypatch.setattr(Pipeline, "_surely", run)

    return do


async def test_who_comes_between_a_refusal_and_its_record_has_done_it(api: Api, between: Any) -> None:
    async def meanwhile() -> None:
        await api.done("storeCreate", "store { id }", {"code": "S07", "name": "Harbour"})
        assert not replayed(await api.ask(CREATE % "customer { id }", input=HARBOUR))

    between(meanwhile)
    answer = await api.ask(CREATE % "created", input=HARBOUR)
    assert answer.data == {"customerCreate": {"created": True, "userErrors": []}}
    assert replayed(answer)


async def test_who_takes_the_key_of_a_refusal_for_something_else_has_it(api: Api, between: Any) -> None:
    async def meanwhile() -> None:
        await api.done("customerCreate", "created", {"firstName": "Bo", "lastName": "Ek", "idempotencyKey": "k"})

    between(meanwhile)
    answer = await api.ask(CREATE % "created", input=HARBOUR)
    assert answer.errors[0]["extensions"]["reason"] == "IDEMPOTENCY_KEY_REUSED"
    assert (await api.data("{ customers { totalCount } }"))["customers"]["totalCount"] == 1


async def test_fifty_refusals_at_once_are_one_refusal(api: Api) -> None:
    await api.done("purchaseRecord", "created", sale(idempotencyKey="first"))
    given = sale(idempotencyKey="second", note="another one")
    answers = await asyncio.gather(*(api.ask(RECORD % "created", input=given) for _ in range(50)))
    codes = [[error["code"] for error in answer.data["purchaseRecord"]["userErrors"]] for answer in answers]
    assert codes == [["REFERENCE_REUSED"]] * 50
    assert sorted(map(replayed, answers)) == [False] + [True] * 49
    kept = await api.shop.database.rows("SELECT outcome FROM idempotency_key WHERE key = 'second'")
    assert len(kept) == 1
    assert kept[0][0]
