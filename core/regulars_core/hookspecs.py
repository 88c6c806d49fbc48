"""Every place where a plugin may join in.

A hook's colour is in its signature. `def` is a declaration: called once, when the application is put together. `async
def` is an event: awaited inside the transaction of whoever changed something, one plugin after another, so what a plugin
writes stands or falls with the change. An event that raises Refused undoes the change and is told to the caller.

A hook takes as many of its arguments as it likes, by name.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from regulars_core.customers.reads import CustomerRow
    from regulars_core.database import App
    from regulars_core.jobs import Job
    from regulars_core.purchases.reads import PurchaseRow
    from regulars_core.shop import Shop

PROJECT = "regulars"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def regulars_models() -> "App":  # type: ignore[empty-body]
    """The plugin's own tables: one Tortoise app with its migrations, run by `regulars migrate` after core's."""


@hookspec
def regulars_schema() -> "Any":
    """What the plugin adds to the GraphQL schema: a `regulars_schema.composition.Contribution` under its own name."""


@hookspec
def regulars_jobs() -> "Sequence[Job]":  # type: ignore[empty-body]
    """Work of the plugin's own that comes round again by itself."""


@hookspec
async def customers_registered(shop: "Shop", customers: "Sequence[CustomerRow]") -> None:
    """Customers were registered: one by a form or at a till, a thousand by an import."""


@hookspec
async def customers_changed(shop: "Shop", customer_ids: Sequence[str]) -> None:
    """Details, group, tags, addresses or status of customers were changed."""


@hookspec
async def purchases_recorded(shop: "Shop", purchases: "Sequence[PurchaseRow]") -> None:
    """Purchases were recorded, and their customers' statistics contain them already. A purchase may have no customer."""


@hookspec
async def purchases_refunded(shop: "Shop", purchase_ids: Sequence[str], refund_ids: Sequence[str]) -> None:
    """Money was given back for purchases; `refund_ids[n]` belongs to `purchase_ids[n]`."""


@hookspec
async def purchases_voided(shop: "Shop", purchase_ids: Sequence[str]) -> None:
    """Purchases were undone as if they had not been."""
