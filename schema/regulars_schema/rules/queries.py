"""Asking which kinds of rules there are."""

from typing import Annotated

import strawberry

from regulars_core.rules import kinds
from regulars_core.rules.registry import rule_kinds
from regulars_core.rules.settings import SettingForm, described
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.fields.declarations import root
from regulars_schema.request.context import RequestContext
from regulars_schema.rules.types import RuleKind, RuleKindSetting, RuleSettingChoice, RuleSettingType

Use = Annotated[str | None, strawberry.argument(description="Only kinds for this use, such as `OFFER_DISCOUNT`.")]


@root(
    name="ruleKinds",
    returns=list[RuleKind] | None,
    description="The kinds of rules that may be used, of the box and of all plugins that are on, by use and name. "
    "Any key may ask.",
)
async def known_kinds(context: RequestContext, *, use: Use = None) -> list[RuleKind]:
    """No statement: kinds are of the program, not of the database."""
    return [_kind(kind, owner, context.shop.currency) for owner, kind in rule_kinds(context.shop).listed(use)]


def _kind(kind: kinds.RuleKind, owner: str, currency: str) -> RuleKind:
    return RuleKind(
        description=kind.description,
        kind=kind.name,
        plugin=owner,
        settings=[_setting(form) for form in described(kind.settings, currency)],
        use=kind.use,
    )


def _setting(form: SettingForm) -> RuleKindSetting:
    return RuleKindSetting(
        choices=[RuleSettingChoice(description=one.description, value=one.value) for one in form.choices],
        default_value=",".join(form.default) if form.default else None,
        description=form.description,
        is_list=form.is_list,
        is_required=form.is_required,
        maximum=form.maximum,
        minimum=form.minimum,
        name=form.name,
        type=RuleSettingType(form.type.value),
    )


QUERIES = Extension(Query, [known_kinds])
