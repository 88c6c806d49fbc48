"""Asking for purchases."""

from functools import partial
from typing import Annotated, Unpack

import strawberry

from regulars_core.primitives.errors import BadInput
from regulars_core.purchases.reads import (
    PurchaseRow,
    page_of_purchases,
    purchase_by_reference,
)
from regulars_core.queries.relations import Relation
from regulars_core.stores.reads import stores_by_ids
from regulars_core.stores.service import MAIN
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.customers.types import searchable
from regulars_schema.fields.pagination import Connection
from regulars_schema.fields.relations import Reader, root_rows
from regulars_schema.fields.store_scope import VIEW, visible_purchases
from regulars_schema.purchases.json_rows import ALL_PURCHASES, PURCHASE, purchase_with
from regulars_schema.purchases.types import Purchase, PurchasesArguments, purchases_page
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import key_of


@root_rows(
    PURCHASE,
    name="purchase",
    needs=VIEW,
    returns=Purchase | None,
    description="One purchase, by id or by what its store knows it by; null if there is none. Of a reference that was voided "
    "and recorded anew the new one.",
    replica=True,
)
def purchase(
    context: RequestContext,
    *,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="The purchase's id.")] = None,
    reference: Annotated[
        str | None, strawberry.argument(description="What its store knows it by, such as the receipt's number.")
    ] = None,
    store_code: Annotated[
        str | None,
        strawberry.argument(
            description="The store that the reference belongs to; if absent, the only store whose purchases the caller sees, and "
            "`MAIN` for a key of the whole shop."
        ),
    ] = None,
    register: Annotated[
        str | None,
        strawberry.argument(
            description="The till that the reference belongs to; absent for one recorded without a till."
        ),
    ] = None,
    session: Annotated[
        str | None,
        strawberry.argument(
            description="The day or shift in which the till gave the reference; absent for one recorded without."
        ),
    ] = None,
) -> Relation | Reader:
    """One purchase. Raises BadInput."""
    if (id is None) is (reference is None):
        raise BadInput("Give either `id` or `reference`.", ("id",))
    if reference is not None:
        return partial(_by_reference, context, store_code, reference, register or "", session or "")
    return purchase_with(key_of(id or "", "purchase", "id", instead="reference"), visible_purchases(context))


async def _by_reference(
    context: RequestContext, store_code: str | None, reference: str, register: str, session: str
) -> PurchaseRow | None:
    store_code = store_code or await _own_store(context) or MAIN
    row = await purchase_by_reference(context.database, store_code, reference, register, session)
    return row if row and context.actor.may(VIEW, row.store_id) else None


async def _own_store(context: RequestContext) -> str | None:
    """The code of the only store whose purchases the caller sees."""
    stores = context.actor.stores(VIEW)
    if stores is None or len(stores) != 1:
        return None
    return next((store.code for store in (await stores_by_ids(context.database, [*stores])).values()), None)


@root_rows(
    PURCHASE,
    name="purchases",
    needs=VIEW,
    returns=Connection[Purchase] | None,
    description="All purchases of the stores that the caller may see, narrowed and ordered as wished.",
    page=True,
    replica=True,
)
def purchases(
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
    **arguments: Unpack[PurchasesArguments],
) -> Relation | Reader:
    """A page of all purchases; those that are searched are read otherwise. Raises BadInput and Forbidden."""
    window, where = purchases_page(context, **arguments)
    if search and search.strip():
        return partial(
            page_of_purchases,
            context.database,
            window,
            where,
            search,
            searchable(context),
            context.shop.settings.country,
        )
    return ALL_PURCHASES.page(window, where)


QUERIES = Extension(Query, [purchase, purchases])
