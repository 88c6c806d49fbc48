"""Kinds of rules in the language of the API."""

from decimal import Decimal
from enum import Enum

import strawberry

from regulars_core.rules.settings import SettingType
from regulars_schema.request.permissions import requires


@strawberry.enum(description="The form of a setting's values, which are always sent as text.")
class RuleSettingType(Enum):
    """Over settings.SettingType."""

    BOOLEAN = strawberry.enum_value(SettingType.BOOLEAN.value, description="`true` or `false`.")
    CHOICE = strawberry.enum_value(SettingType.CHOICE.value, description="One of the choices.")
    DATE = strawberry.enum_value(SettingType.DATE.value, description="A calendar day such as `2026-01-31`.")
    DECIMAL = strawberry.enum_value(SettingType.DECIMAL.value, description="Plain digits such as `1.5`.")
    MONEY = strawberry.enum_value(
        SettingType.MONEY.value, description="An amount in the shop's currency, such as `10.50`."
    )
    TEXT = strawberry.enum_value(SettingType.TEXT.value, description="Any text.")
    TIME = strawberry.enum_value(
        SettingType.TIME.value, description="A time of day where the shop is, such as `22:00`."
    )
    WHOLE_NUMBER = strawberry.enum_value(SettingType.WHOLE_NUMBER.value, description="A whole number such as `10`.")


@requires(None)
@strawberry.type(description="Something that may be chosen for a setting.")
class RuleSettingChoice:
    """Over settings.SettingChoice."""

    description: str = strawberry.field(description="What people call it.")
    value: str = strawberry.field(description="What to send.")


@requires(None)
@strawberry.type(description="Something that a kind of rule wants to be told.")
class RuleKindSetting:
    """Over settings.SettingForm."""

    choices: list[RuleSettingChoice] | None = strawberry.field(
        description="What may be chosen, as it is now; empty where anything of the type may be written. "
        "Null where the caller may not see it."
    )
    default_value: str | None = strawberry.field(description="The value if absent; null where there is none.")
    description: str = strawberry.field(description="What it means, in a sentence.")
    is_list: bool = strawberry.field(description="Whether several values may be given.")
    is_required: bool = strawberry.field(description="Whether it must be given.")
    maximum: Decimal | None = strawberry.field(description="The largest value, for numbers and money.")
    minimum: Decimal | None = strawberry.field(description="The smallest value, for numbers and money.")
    name: str = strawberry.field(description="Its name.")
    type: RuleSettingType = strawberry.field(description="The form of its values.")


USES = (
    "What it is for: `POINTS_RULE`, `REWARD_TRIGGER`, `REWARD`, `OFFER_CONDITION`, `OFFER_DISCOUNT`, `TIER_CRITERION`, "
    "or what a plugin names."
)


@requires(None)
@strawberry.type(description="A kind of rule that may be used, with what a form needs to ask for.")
class RuleKind:
    """Over kinds.RuleKind."""

    description: str = strawberry.field(description="What rules of this kind do, in a sentence.")
    kind: str = strawberry.field(description="Its name, such as `PER_AMOUNT`; unique in its use.")
    plugin: str = strawberry.field(description="The plugin that brings it.")
    settings: list[RuleKindSetting] = strawberry.field(
        description="What it wants to be told, in the order in which a form asks."
    )
    use: str = strawberry.field(description=USES)
