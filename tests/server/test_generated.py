"""Queries and mutations that Schemathesis makes from the printed schema, against a real server: whatever is asked, the answer
is as the schema says, and nothing goes wrong on our side."""

import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import graphql
import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis.graphql import nodes

from regulars_core.plugins.host import Plugins
from regulars_core.start import plugins_wanted
from regulars_schema.schema import schema_of
from tests.server.test_http import CODES
from tests.support.conformance import departures
from tests.support.servers import Server, key_to

MANY = int(os.environ.get("GENERATED_REQUESTS", "100"))
"""On each engine. `make faults` asks 20,000 in all."""
PRINTED = Path("schema/full.graphql")
ALLOWED = CODES - {"INTERNAL", "UNAVAILABLE", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "RATE_LIMITED"}
MORE_MISTAKES = "Too many validation errors, error limit reached. Validation aborted."
"""What is told after five mistakes, with the code of validation, though each of them has a code of its own."""
PEOPLE = 20
PLUGINS = plugins_wanted(("analytics", "tiers", "loyalty", "rewards"))

WORDS = ("C1", "north", "south", "vip", "tea", "Ana", "Li", "R1", "R7", "A", "B", "C", "card", "web", "MX", "NET_SPEND",
         "code", "+525512345678", "a\u0301", "%", "_", '"', "'; --", "\u2028", "")  # fmt: skip
AMOUNTS = ("0", "0.00", "1", "1.00", "10.50", "0.01", "-5.25", "0.000001", "999999999999999999", "-999999999999999999.999999",
           "1e3", "NaN", "")  # fmt: skip
INSTANTS = ("2026-01-01T00:00:00Z", "2026-11-01T12:30:00.123+05:30", "0001-01-02T00:00:00Z", "9999-12-30T23:59:59.999Z",
            "2024-02-29T23:59:59-11:00", "2025-02-29T00:00:00Z", "2026-01-01")  # fmt: skip
DAYS = ("1990-02-28", "2000-02-29", "2026-01-01", "0001-01-01", "9999-12-31", "1990-02-30")
EMAILS = (*(f"ana{n}@shop.example" for n in range(4)), "ANA@shop.example", "ñ@exämple.com", "no address")
PHONES = ("+525512345678", "+4915112345678", "+10000000", "5512345678")
CURRENCIES = ("USD", "USD", "EUR", "JPY", "XXX", "usd")
INTEGERS = (0, 1, 2, 3, 10, 10, 25, 50, 90, -1, 366, 2**31 - 1, -(2**31))


def one_of(*values: str) -> SearchStrategy[graphql.StringValueNode]:
    return st.sampled_from(values).map(nodes.String)


KINDS = {
    "basketQuote": ("customer",),
    "couponIssue": ("customer", "promotion"),
    "couponRevoke": ("coupon", "batch"),
    "couponsGenerate": ("promotion",),
    "coupon": ("customer", "use"),
    "creditAdd": ("customer",),
    "creditCapture": ("credit hold",),
    "creditDeduct": ("customer",),
    "creditHold": ("customer",),
    "creditRelease": ("credit hold",),
    "customerGroup": ("group",),
    "customer": ("customer", "group"),
    "ledgerReverse": ("entry",),
    "ledgerVerify": ("customer",),
    "note": ("note", "customer"),
    "pointsAdjust": ("customer",),
    "pointsHold": ("customer",),
    "pointsRedeem": ("customer",),
    "pointsRelease": ("points hold",),
    "promotion": ("promotion", "store"),
    "purchaseRecord": ("customer", "promotion"),
    "purchase": ("purchase", "line"),
    "rewardGrant": ("customer", "system"),
    "rewardSystem": ("system", "promotion"),
    "store": ("store",),
    "tag": ("customer",),
    "tierAssign": ("customer",),
    "tierClear": ("customer",),
}
"""What the ids in a root field's arguments stand for, by how the field's name begins; of all kinds where it is not said."""


class Tidy(graphql.Visitor):
    """Takes out what makes most documents of chance fail at the border: nulls, paging in both directions, cursors that are
    none, and keys of one request in another."""

    numbers = count(1)

    def enter_argument(self, node: graphql.ArgumentNode, *_: Any) -> Any:
        if node.name.value in {"last", "before", "after"} or isinstance(node.value, graphql.NullValueNode):
            return graphql.REMOVE
        return None

    def enter_object_field(self, node: graphql.ObjectFieldNode, *_: Any) -> Any:
        if isinstance(node.value, graphql.NullValueNode):
            return graphql.REMOVE
        if node.name.value == "idempotencyKey":
            value = graphql.StringValueNode(value=f"tidy-{next(self.numbers)}")
            return graphql.ObjectFieldNode(name=node.name, value=value)
        return None


@dataclass
class Conversation:
    """With a server that has something in it, and what is wrong with what it has said so far."""

    http: httpx2.Client
    ids: dict[str, list[str]] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)
    failures: int = 0
    asked: int = 0
    answered: int = 0
    schema: graphql.GraphQLSchema = field(default_factory=lambda: schema_of(PLUGINS)._schema)

    def done(self, mutation: str, returned: str, **given: Any) -> Any:
        """What a mutation that has to work answers."""
        kind = mutation[0].upper() + mutation[1:]
        document = (
            f"mutation($in: {kind}Input!) {{ done: {mutation}(input: $in) {{ {returned} userErrors {{ message }} }} }}"
        )
        body = self.http.post("/graphql", json={"query": document, "variables": {"in": given}}).json()
        assert not body.get("errors"), body
        assert not body["data"]["done"]["userErrors"], body
        return body["data"]["done"]

    def fill(self) -> None:
        """Some of everything, on the way that clients have."""
        for code in ("north", "south"):
            self._keep("store", self.done("storeCreate", "store { id }", code=code, name=code)["store"])
        for name in ("Friends", "Family"):
            made = self.done("customerGroupCreate", "customerGroup { id }", name=name)
            self._keep("group", made["customerGroup"])
        for n in range(PEOPLE):
            person = {"firstName": "Ana", "lastName": f"Li {n}", "email": f"ana{n}@shop.example", "tags": ["vip"]}
            customer = self.done("customerCreate", "customer { id }", **person)["customer"]["id"]
            self._keep("customer", {"id": customer})
            lines = [
                {"name": "Tea", "sku": "tea", "quantity": "2", "unitPrice": f"{n}.50"},
                {"name": "Tin", "total": "7"},
            ]
            sold = {"reference": f"R{n}", "customerId": customer, "storeCode": "north", "idempotencyKey": f"sold-{n}"}
            purchase = self.done("purchaseRecord", "purchase { id lines { id } }", lines=lines, **sold)["purchase"]
            self._keep("purchase", purchase)
            self._keep("line", *purchase["lines"])
            self._keep("note", self.done("noteAdd", "note { id }", customerId=customer, body="Likes tea.")["note"])
            self._money(n, customer)
            self._offers(n, customer)
        self._keep("customer", {"id": "customer_" + "0" * 32})
        self._keep("note", {"id": "no id"})

    def _money(self, n: int, customer: str) -> None:
        """Credit and points of a customer, some of each held."""
        usd = {"currencyCode": "USD"}
        given = {"customerId": customer, "reason": "GOODWILL", "idempotencyKey": f"given-{n}"}
        self._keep("entry", self.done("creditAdd", "entry { id }", amount={"amount": "40"} | usd, **given)["entry"])
        given["idempotencyKey"] = f"earned-{n}"
        earned = self.done("pointsAdjust", "entry { id }", points="500", direction="ADD", **given)
        self._keep("entry", earned["entry"])
        held = {"customerId": customer, "basket": f"basket-{n}"}
        for kind, amount in (("credit", {"amount": {"amount": "5"} | usd}), ("points", {"points": "50"})):
            key = f"held-{kind}-{n}"
            hold = self.done(f"{kind}Hold", "hold { id }", idempotencyKey=key, **amount, **held)["hold"]
            self._keep(f"{kind} hold", hold)

    def _offers(self, n: int, customer: str) -> None:
        """A promotion with a coupon of a customer's, redeemed by every other one, and some of nobody's."""
        rule = {"kind": "FLAT", "settings": [{"name": "amount", "value": "1"}]}
        promotion = {"name": f"Offer {n}", "needsCoupon": True, "discountRule": rule, "totalLimit": 50}
        made = self.done("promotionCreate", "promotion { id }", promotion=promotion, idempotencyKey=f"offer-{n}")
        self._keep("promotion", made["promotion"])
        opens = {"promotionId": made["promotion"]["id"]}
        code = {"customerId": customer, "code": f"CODE-{n}", "idempotencyKey": f"issued-{n}"}
        self._keep("coupon", self.done("couponIssue", "coupon { id }", **opens, **code)["coupon"])
        some = {"count": 2, "idempotencyKey": f"generated-{n}"}
        self._keep("batch", self.done("couponsGenerate", "batch { id }", **opens, **some)["batch"])
        reward = {"kind": "COUPON", "settings": [{"name": "promotion", "value": made["promotion"]["id"]}]}
        system = {"name": f"System {n}", "triggerRule": {"kind": "PURCHASE"}, "reward": reward, "target": 3}
        new = self.done("rewardSystemCreate", "rewardSystem { id }", rewardSystem=system, idempotencyKey=f"system-{n}")
        self._keep("system", new["rewardSystem"])
        granted = {"rewardSystemId": new["rewardSystem"]["id"], "customerId": customer, "reason": "Waited"}
        entry = self.done("rewardGrant", "entry { id }", progress=4, idempotencyKey=f"granted-{n}", **granted)["entry"]
        self._keep("progress", entry)
        if n % 2:
            redeemed = {"couponCode": f"code {n}", "customerId": customer, "idempotencyKey": f"redeemed-{n}"}
            self._keep("use", self.done("couponRedeem", "use { id }", **redeemed)["use"])

    def _keep(self, kind: str, *made: dict[str, Any]) -> None:
        self.ids.setdefault(kind, []).extend(one["id"] for one in made)

    def ids_for(self, root_field: str) -> list[str]:
        """Those that a root field may have a use for."""
        kinds = next((kinds for name, kinds in KINDS.items() if root_field.startswith(name)), tuple(self.ids))
        return [one for kind in kinds for one in self.ids[kind]]

    def ask(self, document: str) -> None:
        """Send a document, and write down what is wrong with the answer."""
        response = self.http.post("/graphql", json={"query": document})
        self.asked += 1
        body = response.json()
        errors = [error for error in body.get("errors", ()) if error["message"] != MORE_MISTAKES]
        codes = [error.get("extensions", {}).get("code", "no code") for error in errors]
        found = [f"code {code}" for code in codes if code not in ALLOWED]
        if response.status_code >= 500:
            found.append(f"status {response.status_code}")
        found += departures(self.schema, document, body)
        data = body.get("data") or {}
        self.answered += any(value is not None for value in data.values())
        self.codes.update(set(codes) or {"no error"})
        self.failures += bool(found)
        for one in found:
            self.wrong.setdefault(one, f"{one}\n{document}\n{response.text[:2_000]}")

    def effects(self) -> int:
        """How many things have been done in the shop, by the audit."""
        body = self.http.post("/graphql", json={"query": "{ audit(first: 1) { totalCount } }"}).json()
        return int(body["data"]["audit"]["totalCount"])

    def told(self) -> str:
        """The figures."""
        shares = ", ".join(f"{code} {number / self.asked:.1%}" for code, number in self.codes.most_common())
        return f"{self.asked:,} requests, {self.answered / self.asked:.0%} answered with data; {shares}; {self.failures} wrong"


@pytest.fixture
def plugins() -> Plugins:
    return PLUGINS


@pytest.fixture
async def talk(database_url: str, tmp_path: Path) -> AsyncIterator[Conversation]:
    key = await key_to(database_url)
    much = str(10**9)
    options = {
        "plugins": "analytics,tiers,loyalty,rewards",
        "country": "MX",
        "rate_capacity": much,
        "rate_restore": much,
        "request_seconds": "60",
    }
    with (
        Server(database_url, tmp_path, **options) as server,
        httpx2.Client(base_url=server.address, headers={"authorization": f"Bearer {key}"}, timeout=120) as http,
    ):
        talk = Conversation(http)
        talk.fill()
        yield talk
        if talk.wrong:
            print(server.log.read_text()[-20_000:])


@pytest.fixture
def values() -> None:
    """What stands for the scalars: some of it sensible, some not."""
    words = one_of(*WORDS), one_of(*WORDS), one_of(*EMAILS, *DAYS)
    text = st.one_of(*words, st.text(max_size=70).map(nodes.String))
    for name, strategy in {
        "String": text,
        "Int": st.sampled_from(INTEGERS).map(nodes.Int),
        "BigInt": st.sampled_from(INTEGERS).map(nodes.Int) | one_of("0", "12000", "-1", str(2**63), "1.5"),
        "Decimal": one_of(*AMOUNTS),
        "DateTime": one_of(*INSTANTS),
        "Date": one_of(*DAYS),
        "EmailAddress": one_of(*EMAILS),
        "PhoneNumber": one_of(*PHONES),
        "CurrencyCode": one_of(*CURRENCIES),
    }.items():
        schemathesis.graphql.scalar(name, strategy)


def run(talk: Conversation, operation: Any, examples: int, number: int) -> None:
    """So many requests of one root field at most."""

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy())
    def ask(case: Any) -> None:
        talk.ask(case.body)

    schemathesis.graphql.scalar("ID", one_of(*talk.ids_for(operation.definition.field_name)))
    ask()


def test_requests(talk: Conversation, values: None, engine: str) -> None:
    schema = schemathesis.graphql.from_path(PRINTED)

    @schema.hook
    def flatmap_body(context: Any, body: graphql.DocumentNode) -> Any:
        return st.sampled_from((True, True, True, False)).map(
            lambda tidy: graphql.visit(body, Tidy()) if tidy else body
        )

    before = talk.effects()
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == len(talk.schema.query_type.fields) + len(talk.schema.mutation_type.fields)
    for number in count():
        for operation in operations:
            run(talk, operation, min(MANY // len(operations) + 1, 50), number)
        if talk.asked >= MANY:
            break
    print(f"\n{engine}: {talk.told()}, {talk.effects() - before:,} changes")
    assert not talk.wrong, "\n\n".join(list(talk.wrong.values())[:10])
    assert talk.answered > talk.asked / 3


SDL = """
type Query { one: Thing! some: [Int!] any: Either }
type Thing { id: ID! kind: Kind at: Int! }
type Other { name: String! }
union Either = Thing | Other
enum Kind { GOOD }
"""


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        ("{ some }", {}),
        ("{ some }", {"data": {}}),
        ("{ some }", {"data": {"some": 1}}),
        ("{ some }", {"data": {"some": [1, None]}}),
        ("{ some }", {"data": {"some": ["1"]}}),
        ("{ some }", {"data": {"some": [1]}, "errors": []}),
        ("{ some }", {"data": {"some": [1]}, "errors": [{"path": ["some", 0]}]}),
        ("{ some }", {"data": {"some": [1]}, "errors": [{"path": ["one", "id"]}]}),
        ("{ some }", {"data": {"some": None}, "more": 1}),
        ("{ one { id } }", {"data": {"one": None}}),
        ("{ one { kind } }", {"data": {"one": {"kind": "BAD"}}}),
        ("{ one { a: id } }", {"data": {"one": {"id": "1"}}}),
        ("{ any { ... on Thing { at } ... on Other { name } } }", {"data": {"any": {"at": 1, "name": "Ana"}}}),
        ("{ any { __typename ... on Other { name } } }", {"data": {"any": {"__typename": "Thing", "name": "Ana"}}}),
    ],
)
def test_departures_are_seen(document: str, answer: dict[str, Any]) -> None:
    assert list(departures(graphql.build_schema(SDL), document, answer))


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        ("{ some one { id ... on Thing { at } one: kind } }", {"some": [], "one": {"id": "1", "at": 1, "one": "GOOD"}}),
        ("{ any { ... on Thing { at } ... on Either { __typename } } }", {"any": {"at": 1, "__typename": "Thing"}}),
        ("{ any { ... on Thing { at } } }", {"any": {}}),
        ("{ some }", {"some": None}),
    ],
)
def test_what_is_as_promised_is_not(document: str, answer: dict[str, Any]) -> None:
    assert not list(departures(graphql.build_schema(SDL), document, {"data": answer}))
