"""Rules in the language of the API: as they are shown, and as clients give them."""

from collections.abc import Sequence

import strawberry

from regulars_core.primitives.checks import Checks
from regulars_core.rules import stored
from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.shop_rules import checked_rule, try_rule
from regulars_core.shop.shop import Shop
from regulars_schema.fields.nodes import backed_by
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.permissions import requires


@requires(None)
@strawberry.type(description="One value of a setting of a rule.")
class RuleSetting:
    """Over stored.RuleSetting."""

    is_type_of = backed_by(stored.RuleSetting)
    name: str = strawberry.field(description="The setting's name.")
    value: str = strawberry.field(description="The value as text, in the form of the setting's type.")


@requires(None)
@strawberry.type(
    description="A rule as a shop has set it: a kind with its settings. One shape for everything that rules decide: points, "
    "rewards, conditions, discounts."
)
class Rule:
    """Over stored.ShownRule."""

    is_type_of = backed_by(stored.ShownRule)
    description: str = strawberry.field(description="The rule in words, such as `1 point per 10.00`.")
    is_available: bool = strawberry.field(
        description="Whether the plugin that brings the kind is on; a rule whose plugin is off is kept and never applies."
    )
    kind: str = strawberry.field(description="The kind, as `ruleKinds` lists it, such as `PER_AMOUNT`.")
    settings: list[RuleSetting] = strawberry.field(
        description="What the kind was told, defaults included; a list is its name several times."
    )


@strawberry.input(description="One value of a setting; a list is its name several times.")
class RuleSettingInput:
    """Input form of RuleSetting."""

    name: str = strawberry.field(description="The setting's name, as the kind lists it.")
    value: str = strawberry.field(
        description="The value as text, in the form of the setting's type: `10.50`, `true`, `2026-01-31`."
    )


@strawberry.input(description="A rule to set: a kind with its settings.")
class RuleInput:
    """Input form of Rule."""

    kind: str = strawberry.field(description="The kind, as `ruleKinds` lists it.")
    settings: strawberry.Maybe[list[RuleSettingInput] | None] = strawberry.field(
        description="What the kind is told; what is absent has its default."
    )


async def rule_in(
    shop: Shop,
    use: str,
    given: RuleInput,
    checks: Checks,
    *path: str,
    examples: Sequence[Sequence[PurchaseFact]] = (),
) -> stored.UsableRule | None:
    """The rule of a use that a client gives, once it keeps the laws, which are tried on `examples` too. What is wrong is told to
    `checks` behind `path`, and then there is none: UNKNOWN_KIND, INVALID_RULE, TOO_MANY, TOO_LONG, RULE_BREAKS_LAW."""
    pairs = (stored.RuleSetting(one.name, one.value) for one in value_or_none(given.settings) or ())
    rule = checked_rule(shop, use, stored.StoredRule(given.kind, tuple(pairs)), checks, *path)
    return rule if rule and await try_rule(shop, rule, checks, *path, examples=examples) else None
