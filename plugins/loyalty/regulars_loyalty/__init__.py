"""Loyalty: store credit and points on one double-entry ledger, in which every entry explains itself."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from regulars_core.plugin import App, GroupRow, Permission, Shop, hookimpl
from regulars_loyalty import hookspecs
from regulars_loyalty.graphql import contribution
from regulars_loyalty.graphql.group_limits import take_limits
from regulars_loyalty.permissions import PERMISSIONS
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
def regulars_schema() -> Contribution:
    return contribution()


@hookimpl
async def groups_created(shop: Shop, groups: Sequence[GroupRow], extras: Sequence[Mapping[str, Any]]) -> None:
    await take_limits(shop, groups, extras)


@hookimpl
async def groups_changed(shop: Shop, groups: Sequence[GroupRow], extras: Sequence[Mapping[str, Any]]) -> None:
    await take_limits(shop, groups, extras)
