"""Loyalty: store credit and points on one double-entry ledger, in which every entry explains itself."""

from collections.abc import Sequence
from types import ModuleType

from regulars_core.plugin import App, Permission, RuleKind, hookimpl
from regulars_loyalty import hookspecs
from regulars_loyalty.graphql import contribution
from regulars_loyalty.permissions import PERMISSIONS
from regulars_loyalty.points.box import BOX
from regulars_loyalty.settings import LoyaltySettings
from regulars_schema.plugin import Contribution


@hookimpl
def regulars_models() -> App:
    return App("loyalty", "regulars_loyalty.models", "regulars_loyalty.migrations")


@hookimpl
def regulars_hookspecs() -> ModuleType:
    return hookspecs


@hookimpl
def regulars_settings() -> type[LoyaltySettings]:
    return LoyaltySettings


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return BOX


@hookimpl
def regulars_schema() -> Contribution:
    return contribution()
