"""Every field and mutation that the plugins in the box bring, tried with every role, and with keys of one store: no leak."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLNonNull, GraphQLScalarType, get_named_type

import regulars_analytics
import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Actor, Plugins, Shop, plugins_on
from regulars_core.shop.actors import Binding
from regulars_core.shop.permissions import ROLES
from regulars_core.testing import OpenShop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.request.permissions import definition_of, needs_of, permission_of
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.schema.test_permission_matrix import EMPTY_TYPES, fill, refusals
from tests.support.filled_plugins import TEN, fill_loyalty, fill_rewards, fill_tiers, fit, rule, seal
from tests.support.schema_walk import Way, bare, links, nullable, ways

ON = {
    "tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards, "analytics": regulars_analytics,
}  # fmt: skip
NOBODY = "a role that is not there"
BOUND = ("store_terminal", "cashier", "store_manager", "support")
CHANGING = frozenset({
    "LedgerLiability.at", "TierExplanation.at", "TierSimulation.at", "BasketQuote.at", "RuleSimulation.from",
    "RuleSimulation.until", "ReportMetric.isAllowed",
})  # fmt: skip
"""What tells the present, and what it tells of who asks."""
EMPTY_HERE = frozenset({
    "Coupon.customer", "Coupon.expiresAt", "Coupon.reason", "Coupon.rewardSystem", "CreditEntry.explanation",
    "CreditEntry.note", "CreditEntry.reason", "CreditEntry.refund", "CreditEntry.reversedBy", "CreditEntry.reverses",
    "CreditHold.closedAt", "CustomerGroup.creditLimit", "LedgerCheck.samples", "LedgerSeal.previousHash",
    "OfferCheck.obstacles", "OfferObstacle.excludedBy", "OfferObstacle.leaf", "OfferObstacle.missing", "OfferScope.brands",
    "OfferScope.categories", "OfferUse.releasedAt", "OfferUse.reservedUntil", "PointsEntry.note", "PointsEntry.reason",
    "PointsEntry.refund", "PointsEntry.reversedBy", "PointsEntry.reverses", "PointsHold.closedAt", "PointsProgram.endsAt",
    "RuleExplanation.figures", "RuleExplanation.rule", "RuleExplanation.text", "RuleFigure.name", "RuleFigure.value",
    "Retention.churnRate",
    "RuleOutcome.reason", "RuleSimulation.cost", "TierAtRisk.fallsTo", "TierAtRisk.neededToKeep", "TierAtRisk.on",
    "TierCriterion.days", "TierCriterion.failure", "TierCriterion.settings", "TierCriterionReached.until",
    "TierCriterionSetting.name", "TierCriterionSetting.value", "TierGrace.endsAt", "TierGrace.fallsTo", "TierPolicy.endsAt",
    "TierStanding.atRisk", "TierStanding.failedMetric", "TierStanding.grace", "TierStanding.mode", "TierStanding.reason",
    "TierStanding.until",
})  # fmt: skip
"""What has no telling value in this shop: what is looked at stands, nobody is at risk or was assigned a tier by hand, the code
that is asked for is nobody's, and nothing has come back of the purchase."""
TOGETHER = 10
"""How many fields of the root are answered at once."""
_ALSO = re.compile("[Aa]lso needs `([a-z_.]+)`")

pytestmark = pytest.mark.one_executor


class Everything:
    """A shop with the plugins and something of everything in it."""

    def __init__(self, shop: Shop, api: Api, ids: Mapping[str, str]) -> None:
        self.shop, self.api, self.ids = shop, api, ids

    @property
    def schema(self) -> ComposedSchema:
        return self.api.schema

    def by(self, role: str, *stores: str) -> Api:
        """Somebody with a role of the box, in the whole shop or in these stores."""
        binding = Binding.of(self.shop.permissions, role, [one.partition("_")[2] for one in stores] or None)
        return Api(self.schema, self.shop, Actor("key", "till", (binding,)))

    def callers(self) -> Iterator[tuple[str, Api]]:
        """Everybody who tries."""
        for role in (*ROLES, NOBODY):
            yield role, self.by(role)
        for role in BOUND:
            yield f"{role} of a store", self.by(role, self.ids["store"])

    @property
    def arguments(self) -> Mapping[str, str]:
        """Those of root fields, and of others that need some."""
        one, id_ = self.ids, "(id: {})".format
        quote = f'lines: {{ name: "Tea", sku: "T1", unitPrice: "20.00" }}, customerId: "{one["customer"]}", storeCode: "S07"'
        promotion = f'promotion: {{ name: "x", discountRule: {_literal(TEN)} }}'
        coupon = _literal(rule("COUPON", promotion=one["promotion"]))
        system = f'rewardSystem: {{ name: "x", triggerRule: {{ kind: "MANUAL" }}, reward: {coupon} }}'
        points = (
            f'program: {{ rules: [{{ code: "X", name: "X", rule: {_literal(rule("PER_PURCHASE", points="5"))} }}] }}'
        )
        policy = f"policy: {{ tiers: {_literal([{'code': 'A', 'name': 'Gold'}])} }}"
        return {
            "customer": id_(f'"{one["customer"]}"'),
            "customerGroup": id_(f'"{one["group"]}"'),
            "purchase": id_(f'"{one["purchase"]}"'),
            "segment": id_(f'"{one["segment"]}"'),
            "promotion": id_(f'"{one["promotion"]}"'),
            "rewardSystem": id_(f'"{one["rewardsystem"]}"'),
            "coupon": '(code: "SPRING-10")',
            "basketQuote": f'(input: {{ {quote}, couponCodes: ["ANAS-OWN", "NONE-SUCH"] }})',
            "pointsProgramSimulate": f"(input: {{ {points} }})",
            "ledgerBreakage": '(from: "2026-01-01", to: "2030-01-01")',
            "promotionSimulate": f"(input: {{ {promotion} }})",
            "rewardSystemSimulate": f"(input: {{ {system} }})",
            "tierPolicySimulate": f"(input: {{ {policy} }})",
            "Insight.breakdown": "(by: CATEGORY)",
            "Insight.series": "(interval: MONTH)",
        }

    def ways(self) -> Iterator[tuple[str, Way, Any]]:
        """The way to each field that core does not bring."""
        core = {name for name, _, _ in ways(build_schema(), {})}
        return ((name, way, field) for name, way, field in ways(self.schema, self.arguments) if name not in core)


def _literal(value: Any) -> str:
    """A value as a document writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name}: {_literal(one)}" for name, one in value.items()) + " }"
    return "[" + ", ".join(map(_literal, value)) + "]" if isinstance(value, list) else f'"{value}"'


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has their tables."""
    return plugins_on(ON)


@pytest.fixture
async def everything(open_shop: OpenShop) -> Everything:
    shop = await open_shop(plugins=plugins_on(ON))
    api = Api.of(shop)
    await fill_tiers(api)
    ids = (await fill(api)).ids
    ids |= await fill_loyalty(api, ids["customer"])
    ids |= await fill_rewards(api, ids["customer"], ids["store"])
    await seal(api)
    await fit(api)
    return Everything(shop, api, ids)


@dataclass(frozen=True)
class Level:
    """Fields of one type, which are asked together on the way to it; `also` are what some need beside what they say first."""

    before: Way
    fields: Mapping[str, tuple[Way, Any]]
    also: Mapping[str, Sequence[str]]

    @property
    def document(self) -> str:
        written = " ".join(way.steps[-1][0] + bare(field) for way, field in self.fields.values())
        return self.before.document(f" {{ {written} }}")

    def lacking(self, caller: Api) -> Mapping[str, Sequence[str]]:
        """The fields that are refused, and by which permissions."""
        needed = {
            name: [*([way.steps[-1][2]] if way.steps[-1][2] else ()), *self.also[name]]
            for name, (way, _) in self.fields.items()
        }
        lacking = {name: [one for one in each if not caller.actor.may(one)] for name, each in needed.items()}
        return {name: each for name, each in lacking.items() if each}


def levels(everything: Everything) -> Sequence[Level]:
    """All that there is to ask, together by type."""
    described = {
        f"{type_.name}.{name}": _ALSO.findall(field.description or "")
        for type_, name, field in links(everything.schema)
    }
    found: dict[tuple[str, Way, int], dict[str, tuple[Way, Any]]] = {}
    for n, (name, way, field) in enumerate(everything.ways()):
        part = n // TOGETHER if len(way.steps) == 1 else 0
        found.setdefault((name.partition(".")[0], Way(way.steps[:-1]), part), {})[name] = (way, field)
    return [
        Level(before, fields, {name: described[name] for name in fields}) for (_, before, _), fields in found.items()
    ]


async def test_every_field_with_every_role(everything: Everything) -> None:
    all_levels = levels(everything)
    assert sum(len(one.fields) for one in all_levels) > 500
    wholes = [await everything.api.data(one.document) for one in all_levels]
    silent = {
        name
        for level, whole in zip(all_levels, wholes, strict=True)
        for name, (way, _) in level.fields.items()
        if not any(part not in (None, [], "") for part in way.found(whole))
    }
    assert {name for name in silent if not name.startswith(EMPTY_TYPES)} == EMPTY_HERE
    for who, caller in everything.callers():
        counts = [await try_level(level, whole, who, caller) for level, whole in zip(all_levels, wholes, strict=True)]
        assert (sum(counts) == 0) is (who == "administrator"), who


async def try_level(level: Level, whole: Any, who: str, caller: Api) -> int:
    """Ask for the fields of a type; how many are refused, each alone, at its path, and by the permission that it names."""
    answer, at, is_bound = (
        await caller.ask(level.document),
        level.before.refused_at(caller.actor.may),
        " of a store" in who,
    )
    told = refusals(answer)
    if at is not None:
        path = [step[1] for step in level.before.steps[: at + 1]]
        [(permission, place)] = told  # which is further up where a step also needs something else
        assert place == path[: len(place)], (who, level.document)
        assert not caller.actor.may(permission), (who, level.document)
        assert permission == level.before.steps[at][2] or place != path, (who, level.document)
        assert set(level.before.found(answer.data, len(place))) == {None}, (who, level.document)
        return len(level.fields)
    if told and all(one is None for one in level.before.found(answer.data)):  # one on the way also needs something else
        assert is_bound or not caller.actor.may(told[0][0]), (who, level.document)  # in the whole shop, too
        return len(level.fields)
    lacking = level.lacking(caller)
    for name, (way, _) in level.fields.items():
        path = [step[1] for step in way.steps]
        refused = [permission for permission, place in told if place == path]
        if name in lacking:
            assert refused, (who, name)
            assert is_bound or set(refused) <= set(lacking[name]), (who, name)
            assert all(one is None for one in way.found(answer.data)), (who, name)
        elif is_bound:
            assert_no_more_than(way.found(answer.data), way.found(whole), name)
        else:
            assert not refused, (who, name)
            assert name in CHANGING or way.found(answer.data) == way.found(whole), (who, name)
    return len(lacking)


def assert_no_more_than(told: list[Any], whole: list[Any], name: str) -> None:
    """Who is bound to a store is told nothing that the whole shop is not."""
    known = [str(one) for one in whole]
    counted = name in CHANGING or name.endswith((".totalCount", ".cursor"))
    assert counted or all(one is None or str(one) in known for one in told), (name, told, whole)


async def test_every_kind_of_node_with_every_role(everything: Everything) -> None:
    nodes = {kind: one for kind, one in everything.schema.nodes.items() if kind in everything.ids}
    assert {"promotion", "coupon", "rewardsystem", "rewardentry", "offeruse", "pointsentry", "credithold"} <= set(nodes)
    document = "query($id: ID!) { node(id: $id) { id __typename } }"
    for who, caller in everything.callers():
        for kind, node in nodes.items():
            answer = await caller.ask(document, id=everything.ids[kind])
            if node.is_node and node.needs and not caller.actor.may(node.needs):
                assert (answer.data, refusals(answer)) == ({"node": None}, [(node.needs, ["node"])]), (who, kind)
            elif " of a store" not in who:
                assert answer.errors == [], (who, kind)


def test_every_field_stands_under_a_permission_that_there_is(everything: Everything) -> None:
    """A type says who may see it, and what needs a permission says so and is nullable."""
    known = set(everything.shop.permissions.all)
    for type_, name, field in links(everything.schema):
        needs, stands = needs_of(field), permission_of(definition_of(type_))
        assert {needs, stands} <= {None, *known}, f"{type_.name}.{name}"
        if needs:
            assert nullable(field), f"{type_.name}.{name}"
            assert f" Needs `{needs}`" in (field.description or ""), f"{type_.name}.{name}"
        if type_.name.endswith("Payload") and needs is None and name != "userErrors":
            told = {"Boolean", "Int", "ID", "String", "BulkJob", "Warning"}
            told |= {"DateTime"} if type_.name in {"FileLinkCreatePayload", "UploadCreatePayload"} else set()
            assert get_named_type(field.type).name in told, f"{type_.name}.{name}"


SAMPLES = {
    "String": "x", "Int": 1, "Float": 1, "Boolean": True, "Decimal": "1.00", "BigInt": "1", "ID": "customer_" + "0" * 32,
    "DateTime": "2998-01-01T00:00:00Z", "Date": "2026-01-01", "CurrencyCode": "USD",
}  # fmt: skip


def sample(type_: Any, name: str = "") -> Any:
    """A value that an input takes, as little as it must have."""
    if isinstance(type_, GraphQLNonNull):
        return sample(type_.of_type, name)
    if hasattr(type_, "of_type"):
        return [sample(type_.of_type, name)]
    if isinstance(type_, GraphQLInputObjectType):
        return {key: sample(one.type, key) for key, one in type_.fields.items() if isinstance(one.type, GraphQLNonNull)}
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    assert isinstance(type_, GraphQLScalarType)
    return SAMPLES[type_.name]


async def test_every_mutation_with_every_role(everything: Everything) -> None:
    """Who lacks its permission is refused before anything is done; who has it is told what is wrong with what was given."""
    mutations = everything.schema._schema.mutation_type
    core = build_schema()._schema.mutation_type
    assert mutations is not None
    assert core is not None
    added = {name: field for name, field in mutations.fields.items() if name not in core.fields}
    assert {"creditAdd", "pointsRedeem", "couponIssue", "rewardGrant", "rewardSystemCreate", "tierAssign"} <= set(added)
    before = await everything.shop.database.rows("SELECT count(*) FROM audit")
    for who, caller in everything.callers():
        for name, field in added.items():
            needs, kind = needs_of(field), get_named_type(field.args["input"].type)
            assert needs is not None, name
            document = f"mutation($input: {kind.name}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
            answer = await caller.ask(document, input=sample(kind))
            if not caller.actor.may(needs):
                assert (answer.data, refusals(answer)) == ({name: None}, [(needs, [name])]), (who, name)
            elif " of a store" not in who:
                assert "FORBIDDEN" not in answer.codes, (who, name)
                assert "INTERNAL" not in str(answer.codes), (who, name, answer.errors)
    assert len(added) > 25
    assert before != []
