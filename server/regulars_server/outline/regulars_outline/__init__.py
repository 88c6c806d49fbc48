"""Outline: counts what customers buy."""

from collections.abc import Sequence

from regulars_core.database import App
from regulars_core.hookspecs import hookimpl
from regulars_core.purchases.reads import PurchaseRow
from regulars_core.shop.permissions import Permission
from regulars_core.shop.shop import Shop
from regulars_outline import graphql, service
from regulars_schema.composition.contributions import Contribution


@hookimpl
def regulars_models() -> App:
    return App("outline", "regulars_outline.models", "regulars_outline.migrations")


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return [Permission(graphql.VIEW, "See how often customers have bought.", ("cashier", "store_manager"))]


@hookimpl
def regulars_schema() -> Contribution:
    return graphql.contribution()


@hookimpl
async def purchases_recorded(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    await service.count(shop, purchases)
