"""Rewards: promotions, coupons, and the quote that tells what a basket will cost."""

from collections.abc import Sequence
from types import ModuleType

from regulars_core.plugin import App, Permission, PluginOrder, RuleKind, hookimpl
from regulars_rewards import hookspecs
from regulars_rewards.graphql import contribution
from regulars_rewards.offers.box import BOX
from regulars_rewards.permissions import PERMISSIONS
from regulars_rewards.settings import RewardsSettings
from regulars_schema.plugin import Contribution


@hookimpl
def regulars_order() -> PluginOrder:
    return PluginOrder(after=["tiers"])  # a use is kept with the tier that the customer had


@hookimpl
def regulars_models() -> App:
    return App("rewards", "regulars_rewards.models", "regulars_rewards.migrations")


@hookimpl
def regulars_hookspecs() -> ModuleType:
    return hookspecs


@hookimpl
def regulars_settings() -> type[RewardsSettings]:
    return RewardsSettings


@hookimpl
def regulars_schema() -> Contribution:
    return contribution()


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return BOX


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return PERMISSIONS
