"""Finding customers by their attributes."""

from collections.abc import Awaitable, Callable, Sequence

from regulars_core.customers.attributes.definitions import remembered, remembered_since
from regulars_core.customers.attributes.filters import ATTRIBUTE, conditions_of
from regulars_core.customers.attributes.rules import RANGED, Definition, ordinal_meant
from regulars_core.primitives.errors import BadInput
from regulars_core.queries.where import Condition
from regulars_schema.composition.contributions import FilterLeaf
from regulars_schema.customers.attributes.types import SENSITIVE, AttributeComparison
from regulars_schema.customers.types import CustomerWhere
from regulars_schema.request.context import RequestContext

_BOUNDS = ("gte", "lte")
_PARTS = {"in_": "in", "is_known": "isKnown", **{name: name for name in _BOUNDS}}


def _conditions(comparison: AttributeComparison, context: RequestContext) -> Sequence[Condition]:
    """Whatever the shop has declared: nobody is found by a sensitive attribute for who may not see it."""
    given = {name: some.value for own, name in _PARTS.items() if (some := getattr(comparison, own)) is not None}
    if not given:
        raise BadInput("A comparison needs something to compare with.")
    for name, value in given.items():
        if value is None:
            raise BadInput("`null` compares with nothing; leave it out.", (name,))
        if name in _BOUNDS and ordinal_meant(value) is None:
            raise BadInput("This is neither a number nor a day.", (name,))
    return conditions_of(
        context.shop,
        comparison.name,
        among=given.get("in"),
        least=given.get("gte"),
        most=given.get("lte"),
        known=given.get("isKnown"),
        sensitive=context.actor.may(SENSITIVE),
    )


def _doubt(comparison: AttributeComparison, context: RequestContext) -> Callable[[], Awaitable[None]] | None:
    """What asks whether the attribute is declared and can be compared so; None where that is known."""
    known = None if context.anew else remembered(context.shop, comparison.name)
    if known is not None and _wrong(known, comparison) is None and _may(known, context):
        return None

    declared = remembered_since(context.shop)

    async def ask() -> None:
        definition = (await declared()).get(comparison.name)
        if definition is None:
            if context.anew:  # what was stored of it may have been sensitive: nobody knows any more
                context.demand(SENSITIVE)
            raise BadInput("The shop has declared no attribute of this name.", ("name",))
        if definition.is_sensitive:
            context.demand(SENSITIVE)
        if wrong := _wrong(definition, comparison):
            raise wrong

    return ask


def _may(definition: Definition, context: RequestContext) -> bool:
    return not definition.is_sensitive or context.actor.may(SENSITIVE)


def _wrong(definition: Definition, comparison: AttributeComparison) -> BadInput | None:
    """Why an attribute cannot be compared so."""
    bounds = {name: some.value for name in _BOUNDS if (some := getattr(comparison, name)) is not None}
    for name, bound in bounds.items():
        if definition.is_sensitive:
            return BadInput("Of a sensitive attribute there are only `in` and `isKnown`.", (name,))
        if definition.type not in RANGED:
            return BadInput("Only numbers and days are more or less than others.", (name,))
        meant = ordinal_meant(bound or "")
        if meant is None or meant[0] != definition.type:
            wanted = "a number" if definition.type == "NUMBER" else "a day, such as 2026-01-31"
            return BadInput(f"The attribute's values are of another type: this must be {wanted}.", (name,))
    return None


LEAF = FilterLeaf(
    CustomerWhere,
    "attribute",
    AttributeComparison,
    ATTRIBUTE,
    _conditions,
    f"An attribute of the shop's own; a sensitive one needs `{SENSITIVE}`.",
    needs="customers.view_pii",
    doubt=_doubt,
)
