"""Fields that plugins add to the lines and payments of a purchase: they arrive with their purchase, in their order."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
import strawberry

from regulars_core.database import Lookup
from regulars_core.hookspecs import hookimpl
from regulars_core.imports import ImportOptions, import_purchases
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.purchases.recorded import PurchaseOutline, RecordedPurchase
from regulars_core.shop.actors import Actor
from regulars_core.shop.permissions import Permission
from regulars_core.start import plugins_on
from regulars_schema.composition.contributions import Contribution, InputField
from regulars_schema.purchases.inputs import PaymentInput, PurchaseLineInput, PurchaseRecordInput
from regulars_schema.schema import build_schema, schema_of
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith
from tests.imports.conftest import Files, silent

RECORD = "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { created userErrors { code path } } }"
Given = Sequence[Mapping[str, Any]]


@strawberry.input(description="A coupon on a line.")
class TicketInput:
    code: str = strawberry.field(description="Its code.")
    parts: strawberry.Maybe[list[Decimal] | None] = strawberry.field(description="What its parts take off.")


class Wrapping:
    """A plugin that wraps what is bought, and notes what it is told in both halves of the event."""

    name = "wrapping"
    permission = "wrapping.wrap"

    def __init__(self) -> None:
        self.ahead: list[Mapping[str, Any]] = []
        self.told: list[Mapping[str, Any]] = []

    @hookimpl
    def regulars_permissions(self) -> Sequence[Permission]:
        return [Permission(self.permission, "Wrap presents.", roles=("store_manager",))]

    @hookimpl
    def regulars_schema(self) -> Contribution:
        return Contribution(
            self.name,
            inputs=[
                InputField(PurchaseLineInput, "wrapped", bool, "Whether to wrap it."),
                InputField(PurchaseLineInput, "ribbon", str, "The colour of its ribbon.", needs=self.permission),
                InputField(PurchaseLineInput, "tickets", list[TicketInput], "Tickets that come with it."),
                InputField(PaymentInput, "tips", list[Decimal], "What of it is for whom."),
                InputField(PurchaseRecordInput, "greetings", list[str], "What to write on the cards."),
            ],
        )

    @hookimpl
    def purchases_recorded_lookups(self, purchases: Sequence[PurchaseOutline], extras: Given) -> Sequence[Lookup]:
        assert len(purchases) == len(extras)
        self.ahead += extras
        return []

    @hookimpl
    async def purchases_recorded(self, purchases: Sequence[RecordedPurchase], extras: Given) -> None:
        for purchase, given in zip(purchases, extras, strict=True):
            for part, rows in (("lines", purchase.lines), ("payments", purchase.payments)):
                assert part not in given or len(given[part]) == len(rows)
            for n, line in enumerate(given.get("lines", ())):
                if line.get("wrapped") and purchase.lines[n].name == "Tea":
                    raise Refused(Problem("TOO_HOT", "Tea cannot be wrapped.", ("lines", str(n), "wrapped")))
        self.told += extras


class Weighing:
    """Another one, which adds to lines alone."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, Any]] = []

    @hookimpl
    def regulars_schema(self) -> Contribution:
        return Contribution("weighing", inputs=[InputField(PurchaseLineInput, "grams", int, "What it weighs.")])

    @hookimpl
    async def purchases_recorded(self, extras: Given) -> None:
        self.told += extras


@pytest.fixture
def wrapping() -> Wrapping:
    return Wrapping()


@pytest.fixture
def weighing() -> Weighing:
    return Weighing()


@pytest.fixture
async def selling(open_with: OpenWith, wrapping: Wrapping, weighing: Weighing) -> Api:
    return Api.of(await open_with(plugins_on({"wrapping": wrapping, "weighing": weighing})))


def sale(*lines: Mapping[str, Any], reference: str = "R1", **more: Any) -> dict[str, Any]:
    """The input of a purchase of these things, at 1.00 each."""
    return {
        "reference": reference, "purchasedAt": "2026-01-01T00:00:00Z", "idempotencyKey": reference,
        "lines": [{"name": "Cup", "total": "1.00", **line} for line in lines], **more,
    }  # fmt: skip


async def test_each_is_told_its_own_in_the_order_of_the_receipt(
    selling: Api, wrapping: Wrapping, weighing: Weighing
) -> None:
    paid = [{"method": "card", "amount": "2.00"}, {"method": "cash", "amount": "1.00", "tips": ["0.20", "0.1"]}]
    given = sale({"wrapped": True}, {"grams": 90}, {"wrapped": None, "ribbon": "red"}, payments=paid)
    assert await selling.data(RECORD, i=given) == {"purchaseRecord": {"created": True, "userErrors": []}}
    assert wrapping.told == [
        {
            "lines": [{"wrapped": True}, {}, {"wrapped": None, "ribbon": "red"}],
            "payments": [{}, {"tips": [Decimal("0.20"), Decimal("0.1")]}],
        }
    ]
    assert weighing.told == [{"lines": [{}, {"grams": 90}, {}]}]


async def test_nothing_is_there_where_nothing_was_carried(selling: Api, wrapping: Wrapping, weighing: Weighing) -> None:
    await selling.data(RECORD, i=sale({}, {}))
    await selling.data(RECORD, i=sale({}, reference="R2", greetings=["Hello", "Bye"]))
    assert wrapping.told == [{}, {"greetings": ["Hello", "Bye"]}]
    assert weighing.told == [{}, {}]


LITERAL = """mutation {
  purchaseRecord(input: {
    reference: "R1", idempotencyKey: "literal", greetings: ["Hello"],
    lines: [
      {name: "Cup", total: "2.00", ribbon: "red", tickets: [{code: "A", parts: ["0.5", "1"]}, {code: "B"}]}
      {name: "Pot", total: "3.00"}
    ],
    payments: [{method: "card", amount: "5.00", tips: []}]
  }) { created }
}"""


async def test_what_a_document_writes_is_read_like_what_variables_hold(selling: Api, wrapping: Wrapping) -> None:
    ticket = {"code": "A", "parts": ["0.5", "1"]}
    lines = [
        {"name": "Cup", "total": "2.00", "ribbon": "red", "tickets": [ticket, {"code": "B"}]},
        {"name": "Pot", "total": "3.00"},
    ]
    paid = [{"method": "card", "amount": "5.00", "tips": []}]
    given = {"reference": "R2", "idempotencyKey": "variable", "greetings": ["Hello"], "lines": lines, "payments": paid}
    await selling.data(LITERAL)
    await selling.data(RECORD, i=given)
    document = RECORD.replace("$i: PurchaseRecordInput!", "$l: [PurchaseLineInput!]!").replace(
        "input: $i", 'input: {reference: "R3", idempotencyKey: "both", lines: $l}'
    )
    await selling.data(document, l=lines)
    literal, variable, both = wrapping.told
    assert literal == variable
    assert both == {"lines": literal["lines"]}
    first, second = literal["lines"][0]["tickets"]
    assert isinstance(first, TicketInput)
    assert first.parts is not None
    assert (first.code, first.parts.value, second.code, second.parts) == ("A", [Decimal("0.5"), 1], "B", None)
    assert literal["payments"] == [{"tips": []}]


async def test_they_reach_the_first_half_too(selling: Api, wrapping: Wrapping) -> None:
    made = await selling.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    ana = made["customer"]["id"]
    paid = [{"method": "cash", "amount": "2.00", "tips": ["1"]}]
    await selling.data(RECORD, i=sale({}, {"wrapped": True}, customerId=ana, payments=paid))
    expected = {"lines": [{}, {"wrapped": True}], "payments": [{"tips": [Decimal(1)]}]}
    assert wrapping.told == [expected]
    assert wrapping.ahead
    assert all(one == expected for one in wrapping.ahead)


async def test_what_a_plugin_refuses_lies_under_its_line(selling: Api, wrapping: Wrapping) -> None:
    answer = await selling.data(RECORD, i=sale({}, {"name": "Tea", "wrapped": True}))
    assert answer["purchaseRecord"]["userErrors"] == [{"code": "TOO_HOT", "path": ["input", "lines", "1", "wrapped"]}]
    assert wrapping.told == []


@pytest.mark.parametrize("document", [RECORD, LITERAL], ids=["variable", "literal"])
async def test_who_may_not_give_one_is_refused(selling: Api, wrapping: Wrapping, document: str) -> None:
    cashier = Api.of(selling.shop, "cashier")
    given = {} if document is LITERAL else {"i": sale({"ribbon": None})}
    answer = await cashier.ask(document, **given)
    assert answer.codes == ["FORBIDDEN"]
    assert wrapping.permission in answer.errors[0]["message"]
    assert (await cashier.ask(RECORD, i=sale({"wrapped": True}, reference="R2"))).codes == []
    assert (await Api.of(selling.shop, "store_manager").ask(document, **given)).codes == []
    assert len(wrapping.told) == 2


async def test_they_count_under_a_key(selling: Api, wrapping: Wrapping) -> None:
    async def again(**line: Any) -> Any:
        answer = await selling.ask(RECORD, i=sale({}, line))
        if answer.errors:
            return answer.errors[0]["extensions"]["reason"]
        return answer.extensions["idempotency"]["replayed"]

    ticket = {"code": "A", "parts": ["1.50"]}
    assert [await again(tickets=[ticket]), await again(tickets=[{**ticket, "parts": ["1.5"]}])] == [False, True]
    others: Sequence[dict[str, Any]] = ({}, {"tickets": None}, {"tickets": []}, {"tickets": [ticket], "grams": 1})
    assert [await again(**other) for other in others] == ["IDEMPOTENCY_KEY_REUSED"] * 4
    assert len(wrapping.told) == 1


async def test_a_key_is_the_same_whether_or_not_a_plugin_could_have_been_told(selling: Api) -> None:
    bare = Api(build_schema(), selling.shop, Actor.of_role("key", "till", "administrator"))
    given = sale({}, {"quantity": "2"}, payments=[{"method": "card", "amount": "2.00"}])
    answers = [await api.ask(RECORD, i=given) for api in (bare, selling)]
    assert [answer.extensions["idempotency"]["replayed"] for answer in answers] == [False, True]


async def test_the_same_receipt_with_others_is_the_same_purchase(selling: Api, wrapping: Wrapping) -> None:
    for n, line in enumerate(({"wrapped": True}, {"wrapped": False}, {})):
        given = sale(line) | {"idempotencyKey": f"k{n}"}
        assert await selling.data(RECORD, i=given) == {"purchaseRecord": {"created": n == 0, "userErrors": []}}
    assert wrapping.told == [{"lines": [{"wrapped": True}]}]


async def test_imports_carry_none(selling: Api, wrapping: Wrapping, files: Files) -> None:
    path = files.write("reference,purchased_at,name,total\nR1,2026-01-01,Tea,5.00")
    await import_purchases(selling.shop, path, ImportOptions(), silent)
    assert wrapping.told == [{}]


async def test_a_schema_without_the_plugins_has_no_trace(selling: Api) -> None:
    bare = build_schema().printed()
    assert bare == schema_of(plugins_on()).printed()
    for name in ("wrapped", "ribbon", "tips", "greetings", "extras", "TicketInput"):
        assert name not in bare
    printed = selling.schema.printed()
    assert " The colour of its ribbon. Needs `wrapping.wrap`. From the wrapping plugin. ribbon: String " in " ".join(
        printed.replace('"""', "").split()
    )
    for field in ("tickets: [TicketInput!]\n", "tips: [Decimal!]\n", "greetings: [String!]\n"):
        assert field in printed
