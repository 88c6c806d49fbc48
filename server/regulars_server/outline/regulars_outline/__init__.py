"""Outline: counts what customers buy."""

from collections.abc import Mapping, Sequence

from regulars_core.plugin import App, Merge, Parts, Permission, PurchaseRow, Shop, erase_held, hookimpl, told_of
from regulars_outline import graphql, service
from regulars_schema.plugin import Contribution


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


@hookimpl
async def purchases_reassigned(shop: Shop, before: Sequence[str | None], after: Sequence[str | None]) -> None:
    await service.move(shop, before, after)


@hookimpl
async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
    return await erase_held(shop.database, service.HOLDINGS, customers)


@hookimpl
async def customers_data(shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:
    return await told_of(shop, service.HOLDINGS, customers)


@hookimpl
async def customers_merged(shop: Shop, merges: Sequence[Merge]) -> None:
    await service.go_over(shop, merges)


@hookimpl
async def customers_unmerged(shop: Shop, merges: Sequence[Merge]) -> None:
    await service.go_back(shop, merges)
