"""Asking for purchases."""

from typing import Annotated, Unpack

import strawberry

from regulars_core.primitives.errors import BadInput
from regulars_core.purchases.reads import (
    PurchaseRow,
    page_of_purchases,
    purchase_by_reference,
    purchases_by_ids,
)
from regulars_core.queries.json_rows import Relation
from regulars_core.queries.pages import Page
from regulars_core.stores.service import MAIN
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.customers.types import searchable
from regulars_schema.executor.pushdown import SqlField
from regulars_schema.fields.declarations import root
from regulars_schema.fields.pagination import Connection
from regulars_schema.fields.store_scope import VIEW, visible_purchases
from regulars_schema.purchases.json_rows import PURCHASE, PURCHASES, purchase_with
from regulars_schema.purchases.types import Purchase, PurchasesArguments, purchases_asked
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import key_of


async def purchase(
    context: RequestContext,
    *,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="The purchase's id.")] = None,
    reference: Annotated[
        str | None, strawberry.argument(description="What its store knows it by, such as the receipt's number.")
    ] = None,
    store_code: Annotated[
        str | None, strawberry.argument(description="The store that the reference belongs to; `MAIN` if absent.")
    ] = None,
) -> PurchaseRow | None:
    """One purchase."""
    if (id is None) is (reference is None):
        raise BadInput("Give either `id` or `reference`.", ("id",))
    if reference is not None:
        found = await purchase_by_reference(context.database, store_code or MAIN, reference)
        return found if found and context.actor.may(VIEW, found.store_id) else None
    key = key_of(id or "", "purchase", "id")
    return (await purchases_by_ids(context.database, [key], visible_purchases(context))).get(key)


def _one(
    context: RequestContext, *, id: str | None = None, reference: str | None = None, store_code: str | None = None
) -> Relation | None:
    """The same purchase, for the database to write, if it is known by its id."""
    return (
        None
        if id is None or reference is not None
        else purchase_with(key_of(id, "purchase", "id"), visible_purchases(context))
    )


async def purchases(
    context: RequestContext,
    *,
    search: Annotated[
        str | None,
        strawberry.argument(
            description="Only purchases of customers in whose name, code, e-mail or phone all of these words are found, and "
            "the one with exactly this reference. Customers are looked for by who holds `customers.view`, their e-mail and "
            "phone looked into for who holds `customers.view_pii`."
        ),
    ] = None,
    **asked: Unpack[PurchasesArguments],
) -> Page[PurchaseRow]:
    """A page of all purchases."""
    wanted, narrowed = purchases_asked(context, **asked)
    return await page_of_purchases(context.database, wanted, narrowed, search, searchable(context))


def _page(
    context: RequestContext, *, search: str | None = None, **asked: Unpack[PurchasesArguments]
) -> Relation | None:
    """The same page, for the database to write, unless it has to search for it."""
    return None if search and search.strip() else PURCHASES.page(*purchases_asked(context, **asked))


QUERIES = Extension(
    Query,
    [
        root(
            purchase,
            name="purchase",
            needs=VIEW,
            returns=Purchase | None,
            description="One purchase, by id or by its store's reference; null if there is none.",
            sql_field=SqlField(PURCHASE, _one),
        ),
        root(
            purchases,
            name="purchases",
            needs=VIEW,
            returns=Connection[Purchase] | None,
            description="All purchases of the stores that the caller may see, narrowed and ordered as wished.",
            sql_field=SqlField(PURCHASE, _page, page=True),
        ),
    ],
)
