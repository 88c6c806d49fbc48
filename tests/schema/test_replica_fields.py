"""Which fields a replica may answer: none that is decided by."""

import re
from collections.abc import Iterator

from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type

from regulars_core.start import plugins_wanted
from regulars_schema.executor.planner import may_read_replica
from regulars_schema.schema import schema_of

ROOTS = {
    "audit", "cohorts", "customer", "customerDuplicates", "customerGroup", "customerGroups", "customerSearch",
    "customers", "dashboard", "exportLog", "insight", "notes", "promotionResponse", "purchase", "purchases",
    "retention", "rfmDistribution", "segment", "segments", "stores", "tierDistribution", "tierPerformance",
    "vocabulary",
}  # fmt: skip
"""Lists, histories, searches and figures."""
DECISIONS = {
    "BasketAdjustments", "BasketQuote", "Consent", "Coupon", "CouponBatch", "CreditAccount", "CreditEntry",
    "CreditHold", "CreditLot", "CustomerCheck", "OfferStanding", "PointsAccount", "PointsEntry", "PointsHold",
    "PointsLot", "PointsProgram", "Promotion", "RewardProgress", "RewardSystem", "TierPolicy", "TierStanding",
    "Verification", "Viewer",
}  # fmt: skip
"""What a till, a person or a program decides by: balances, limits, quotes, terms, what is still to be had, who may what."""
_BY_NAME = re.compile(
    r"balance|available|limit|credit|points|coupon|offer|quote|hold|verification|consent", re.IGNORECASE
)


def test_a_replica_answers_nothing_that_is_decided_by() -> None:
    schema = schema_of(plugins_wanted(None))._schema
    assert schema.query_type is not None
    roots = {name for name, field in schema.query_type.fields.items() if may_read_replica(field, is_root=True)}
    assert roots == ROOTS
    reached, places = {"Query"}, set[str]()
    for type_ in (waiting := [schema.query_type]):
        for name, field in type_.fields.items():
            if not may_read_replica(field, is_root=type_ is schema.query_type):
                continue
            places.add(f"{type_.name}.{name}")
            for target in _objects(schema, get_named_type(field.type)):
                if target.name not in reached:
                    reached.add(target.name)
                    waiting.append(target)
    assert schema.type_map.keys() >= DECISIONS
    assert reached & DECISIONS == set()
    # What a segment's conditions can no longer be asked of, since the plugin is off.
    assert {place for place in places if _BY_NAME.search(place.partition(".")[2])} == {"Segment.unavailable"}


def _objects(schema: object, named: object) -> Iterator[GraphQLObjectType]:
    if isinstance(named, GraphQLInterfaceType):
        yield from schema.get_possible_types(named)  # type: ignore[attr-defined]
    elif isinstance(named, GraphQLObjectType):
        yield named
