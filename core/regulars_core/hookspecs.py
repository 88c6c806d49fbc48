"""Every place where a plugin may join in.

A hook's colour is in its signature. `def` is a declaration: called when the application is put together. `async def` is
an event: awaited inside the transaction of whoever changed something, one plugin after another, so what a plugin writes
stands or falls with the change. An event that raises Refused undoes the change and is told to the caller; the batch of an
import is then run again row by row.

Events bring a sequence: one row from a mutation, a thousand from an import. A plugin that was off is told later, once, of
what it missed; rows are then as they are by that time, except that a recorded purchase is always as it was recorded.

`extras` are what inputs carried in the fields that the plugin has added to them (`Contribution.inputs`): one mapping for
each row, in the same order, from the name of a field to its value. A field that was absent is not in it, one that was null
is None; every plugin sees its own alone. They are empty in an import, for a customer who is registered at the till along
with a purchase, and where a plugin is told later of what it missed: the journal keeps ids and nothing that was typed. A
value that cannot be is refused with a path beginning at the field: `Problem("OUT_OF_RANGE", "…", ("remindDaysBefore",))`.

A hook takes as many of its arguments as it likes, by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.database import App, Database
from regulars_core.jobs.jobs import Job
from regulars_core.plugins.host import EventKind, hookimpl, hookspec
from regulars_core.purchases.reads import PurchaseRow, RefundRow, purchases_by_ids, refunds_by_ids
from regulars_core.shop.permissions import Permission
from regulars_core.shop.shop import Shop
from regulars_core.verification import Verification

__all__ = ["EVENTS", "hookimpl", "hookspec"]


async def _as_recorded(database: Database, ids: Sequence[str]) -> Mapping[str, PurchaseRow]:
    """Purchases as they were before anything was given back."""
    rows = await purchases_by_ids(database, ids)
    return {id_: replace(row, status="PAID", refunded_minor=0) for id_, row in rows.items()}


EVENTS: Mapping[str, EventKind] = {
    "customers_registered": EventKind("customers", customers_by_ids),
    "customers_changed": EventKind("customers", customers_by_ids),
    "purchases_recorded": EventKind("purchases", _as_recorded),
    "purchases_refunded": EventKind("refunds", refunds_by_ids),
    "purchases_voided": EventKind("purchases", purchases_by_ids),
}
"""What each event of core's brings."""


@hookspec
def regulars_settings() -> type[Any]:  # type: ignore[empty-body]
    """What a shop may decide about the plugin: a pydantic model, whose fields become `REGULARS_<PLUGIN>_<FIELD>`.

    Read with `shop.settings.of(TheModel)`. Values come as text; a field that is a list splits its text in a validator.

    For example:

        class BirthdaySettings(BaseModel):
            days_ahead: int = Field(7, ge=0, description="How many days before a birthday to get ready.")


        @hookimpl
        def regulars_settings() -> type[BirthdaySettings]:
            return BirthdaySettings
    """


@hookspec
def regulars_models() -> App:  # type: ignore[empty-body]
    """The plugin's own tables: one Tortoise app, labelled with the plugin's name, whose migrations `regulars migrate` runs.

    For example:

        @hookimpl
        def regulars_models() -> App:
            return App("birthday", "regulars_birthday.models", "regulars_birthday.migrations")
    """


@hookspec
def regulars_schema() -> Any:
    """What the plugin adds to the GraphQL schema: a `regulars_schema.plugin.Contribution` under its own name.

    Fields and mutations, types, filter leaves, sort keys, node kinds, error types, and fields of the inputs that are open:
    `CustomerCreateInput`, `CustomerUpdateInput` and `PurchaseRecordInput`. A field of an input may always be absent, so that
    clients go on that know nothing of the plugin; it counts under an idempotency key, and arrives among the `extras` of the
    event. A name that somebody else has taken stops the start, and both owners are named.

    For example:

        REMIND = InputField(CustomerCreateInput, "remindDaysBefore", int, "How many days before the birthday to remind.")


        @hookimpl
        def regulars_schema() -> Contribution:
            return Contribution("birthday", extensions=[Extension(Customer, [GREETINGS])], inputs=[REMIND])
    """


@hookspec
def regulars_permissions() -> Sequence[Permission]:  # type: ignore[empty-body]
    """Permissions of the plugin's own: dotted names, each with the roles in the box that hold it.

    Administrators hold them all, and a shop's own roles can. Whatever a field, filter or kind of object `needs` must be
    declared here, or in core. One that is `shop_wide` does not count for keys that are bound to stores.

    For example:

        @hookimpl
        def regulars_permissions() -> Sequence[Permission]:
            return [Permission("birthday.greet", "Greet customers.", roles=("cashier", "store_manager"))]
    """


@hookspec
def regulars_jobs() -> Sequence[Job]:  # type: ignore[empty-body]
    """Periodic work of the plugin's own, each job run once in its period however many processes there are.

    It may be cancelled at any await, and is run again then; so it goes by what is in the database.

    For example:

        @hookimpl
        def regulars_jobs() -> Sequence[Job]:
            return [Job("greet", "Greets whose birthday it is.", 3_600, greet)]
    """


@hookspec
def regulars_commands() -> Any:
    """Commands of the plugin's own, as a `typer.Typer`; they hang under `regulars <plugin>`.

    For example:

        commands = typer.Typer(help="Birthdays.", no_args_is_help=True)


        @commands.command()
        def count() -> None:
            typer.echo(in_shop(count_greetings))  # regulars_core.shop.commands.in_shop opens the shop and closes it


        @hookimpl
        def regulars_commands() -> typer.Typer:
            return commands
    """


@hookspec
def regulars_hookspecs() -> Any:
    """Hooks that the plugin itself offers to others: a module of functions under `@hookspec`.

    Their names begin with the plugin's. Others implement them with `@hookimpl(optionalhook=True)`, so that they can be on
    without it.

    For example:

        @hookimpl
        def regulars_hookspecs() -> ModuleType:
            return hookspecs  # async def birthday_greeted(shop: Shop, greetings: Sequence[Greeting]) -> None: ...
    """


@hookspec
def regulars_verifications() -> Sequence[Verification]:  # type: ignore[empty-body]
    """What the plugin stores twice, and how each is counted again: `regulars verify` prints whatever differs.

    For example:

        @hookimpl
        def regulars_verifications() -> Sequence[Verification]:
            return [Verification("greetings", "Counts of greetings equal the greetings.", miscounted)]
    """


@hookspec
async def customers_registered(
    shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]
) -> None:
    """Customers were registered: one by a form or at a till, a thousand by an import.

    `extras` are those of `customerCreate`. Where it finds an existing customer, nobody is registered and nothing announced:
    what it carried for plugins is ignored, as is everything else that it says of the customer.

    For example:

        @hookimpl
        async def customers_registered(
            shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]
        ) -> None:
            days = [extra.get("remindDaysBefore") for extra in extras]
            await keep(shop, zip(customers, days, strict=True))
    """


@hookspec
async def customers_changed(shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]) -> None:
    """Details, group, tags, addresses or status of customers were changed; the rows are those of after.

    `extras` are those of `customerUpdate`. Where it carries any it is announced even if nothing of core's has changed; the
    customer's version grows only with what is core's.

    For example:

        @hookimpl
        async def customers_changed(shop: Shop, customers: Sequence[CustomerRow]) -> None:
            await keep_birthdays(shop, customers)
    """


@hookspec
async def purchases_recorded(shop: Shop, purchases: Sequence[PurchaseRow], extras: Sequence[Mapping[str, Any]]) -> None:
    """Purchases were recorded, and their customers' statistics contain them already. A purchase may have no customer.

    The rows of these statistics are locked until the transaction ends, as they are for refunds and voids.

    `extras` are those of `purchaseRecord`. The same reference with the same content records nothing and announces nothing,
    whatever it carries for plugins: what a purchase is, core alone decides.

    For example:

        @hookimpl
        async def purchases_recorded(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
            await post_points(shop, [purchase for purchase in purchases if purchase.customer_id])
    """


@hookspec
async def purchases_refunded(shop: Shop, refunds: Sequence[RefundRow]) -> None:
    """Money was given back, and the statistics of customers contain it already.

    For example:

        @hookimpl
        async def purchases_refunded(shop: Shop, refunds: Sequence[RefundRow]) -> None:
            await take_points_back(shop, refunds)
    """


@hookspec
async def purchases_voided(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    """Purchases were voided: they count as if they had never been made.

    For example:

        @hookimpl
        async def purchases_voided(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
            await forget_points(shop, [purchase.id for purchase in purchases])
    """
