"""Taking customers out in files."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import orjson
import strawberry

from regulars_core.audiences.named import SEGMENT as IN_SEGMENT
from regulars_core.audit import changed
from regulars_core.customers.filters import not_gone
from regulars_core.customers.reads import SORT_KEYS
from regulars_core.exports.columns import ExportColumn, Subject, export_columns
from regulars_core.exports.tasks import EXPORT, Wanted, request_export
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import BadInput
from regulars_core.queries.pages import Order
from regulars_core.queries.where import Leaf, Where
from regulars_schema.composition.contributions import Extension, Mutation
from regulars_schema.composition.known_schema import schema_asked
from regulars_schema.customers.types import CustomerOrderBy, CustomerWhere
from regulars_schema.fields.declarations import mutation
from regulars_schema.fields.doubts import each_settled
from regulars_schema.fields.filters import DayRangeInput, on_days
from regulars_schema.fields.sort_orders import order_of
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.fields.stored_trees import empty_places, impersonal, needs_of_tree, read_by
from regulars_schema.fields.where_trees import GivenWhere
from regulars_schema.inputs.idempotent import IdempotentInput, required_key
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.shop.bulk_jobs import BulkJob
from regulars_schema.types.ids import key_of

LEAVES_THE_SHOP = "data leaves the shop"
PURCHASE_DAYS = "purchaseDays"
"""Stands beside conditions, where it is told what narrowed an export, for the days whose purchases its figures count."""
_BY_CODE = Order(SORT_KEYS["CODE"])


async def chosen_columns(
    context: RequestContext, of: Subject, names: Sequence[str] | None, checks: Checks
) -> Sequence[ExportColumn]:
    """The columns that were chosen, each once; without any, the default ones that the caller may take out. Checks are told
    UNKNOWN_COLUMN of each that is not there. Raises Forbidden for one that the caller may not take out."""
    there = await export_columns(context.shop, of)
    if not names:
        return [one for one in there.values() if one.is_default and one.is_allowed(context.actor)]
    chosen = dict.fromkeys(names)
    for n, name in enumerate(names):
        if name not in there:
            checks.fail("UNKNOWN_COLUMN", "There is no such column; `exportColumns` lists them.", "columns", str(n))
    found = [there[name] for name in chosen if name in there]
    for column in found:
        context.demand(column.needs, shop_wide=column.shop_wide)
    return found


def told_conditions(where: Where, checks: Checks) -> Any:
    """What conditions narrow by, as JSON without what may be personal. Checks are told EMPTY_FILTER of a node that has none."""
    if not isinstance(where, GivenWhere):
        raise TypeError("an export is narrowed by what was given")
    for place in empty_places(where.written()):
        checks.fail("EMPTY_FILTER", "There is no condition here, so it would hold for everything.", "where", *place)
    return impersonal(where.type, where.value)


def stores_told_of(context: RequestContext) -> frozenset[str] | None:
    """The stores whose purchases an export tells of: where the caller both sees them and takes customers out; None for all."""
    scopes = [stores for stores in map(context.actor.stores, (EXPORT, VIEW)) if stores is not None]
    return frozenset.intersection(*scopes) if scopes else None


def noted(columns: Iterable[ExportColumn], narrowed_by: str | None) -> None:
    """Say for the audit what is taken out: of whom, and no value of anybody."""
    changed({"columns": (None, [column.name for column in columns]), "narrowedBy": (None, narrowed_by)})


def _of_stores(stores: Iterable[str]) -> Where:
    """Customers who were registered in one of these stores, or have bought there."""
    ids = sorted(stores)
    leaf = Leaf(
        "ofStores",
        lambda _, values: (
            f"({values.among('c.origin_store_id', ids, 'uuid')} OR EXISTS (SELECT 1 FROM purchase p"
            f" WHERE p.customer_id = c.id AND {values.among('p.store_id', ids, 'uuid')}))"
        ),
    )
    return Where("leaf", leaf=leaf)


@strawberry.input(description="Customers to take out; exactly one of where, segmentId and everyone.")
class CustomersExportInput(IdempotentInput):
    """Input of customersExport."""

    where: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="Those for whom these conditions hold, at least one."
    )
    everyone: strawberry.Maybe[bool | None] = strawberry.field(
        description="True: all customers who are neither merged nor erased."
    )
    segment_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description="Those in this segment.")
    columns: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="The columns, in this order; the default ones if absent."
    )
    order_by: strawberry.Maybe[CustomerOrderBy | None] = strawberry.field(description="The order; by code if absent.")
    purchase_days: strawberry.Maybe[DayRangeInput | None] = strawberry.field(
        description="The days whose purchases the figures count; all if absent."
    )
    idempotency_key: str = required_key(LEAVES_THE_SHOP)  # type: ignore[assignment]


@strawberry.type(description="What customersExport answers.")
class CustomersExportPayload(Payload):
    """Payload of customersExport."""

    bulk_job: BulkJob | None = strawberry.field(default=None, description="The work.")


@mutation(
    name="customersExport",
    needs=EXPORT,
    description="Writes customers into a CSV file; for a key that is bound to stores, those who were registered or have bought "
    "there. Codes: `REQUIRED`, `EMPTY_FILTER`, `UNKNOWN_COLUMN`, `NOT_FOUND`, `TOO_MANY_JOBS`. Needs for each column and "
    "condition what reading it needs.",
)
async def customers_export(
    context: RequestContext,
    *,
    input: Annotated[CustomersExportInput, strawberry.argument(description="Whom, and what of them.")],
) -> CustomersExportPayload:
    """Ask for an export of customers."""
    context.demand("customers.view")
    checks, given, segment = Checks(), value_or_none(input.where), value_or_none(input.segment_id)
    if [given is not None, segment is not None, bool(value_or_none(input.everyone))].count(True) != 1:
        checks.fail("REQUIRED", "Give exactly one of where, segmentId and everyone.", "where")
    elif segment is not None:
        given = await _in_segment(segment, checks, context)
    told = None if given is None else told_conditions(given, checks)
    columns = await chosen_columns(context, "CUSTOMERS", value_or_none(input.columns), checks)
    tree: Any = given
    order_by: Any = value_or_none(input.order_by)
    order = order_of(order_by, _BY_CODE, context)
    purchase_days = value_or_none(input.purchase_days)
    days = _days(context, purchase_days)
    checks.refuse()
    if purchase_days is not None:
        told = {**(told or {}), PURCHASE_DAYS: _told_days(purchase_days)}
    narrowed_by = None if told is None else orjson.dumps(told).decode()
    where, scope = not_gone(given), context.actor.stores(EXPORT)
    if scope is not None:
        where = Where("all", (where, _of_stores(scope)))
    wanted = Wanted("CUSTOMERS", columns, where, narrowed_by, order, stores_told_of(context), days)
    needs = ["customers.view"]
    if tree is not None:
        needs += needs_of_tree(CustomerWhere, tree, context)
    if order_by is not None:
        needs += read_by(order_by.field, context)
    row: Any = await request_export(context.shop, wanted, context.actor, needs)
    noted(columns, narrowed_by)
    return CustomersExportPayload(bulk_job=row)


async def _in_segment(segment: str, checks: Checks, context: RequestContext) -> Any:
    """Those in a segment, as conditions that name it would have it. Checks are told NOT_FOUND. Raises Forbidden, and what else
    conditions raise that cannot be asked."""
    key_of(segment, "segment", "segmentId")
    [tree] = await each_settled(CustomerWhere, [{IN_SEGMENT: {"in": [segment]}}], schema_asked(context.shop), context)
    if isinstance(tree, BadInput):
        checks.fail("NOT_FOUND", "There is no segment with this id.", "segmentId")
        return None
    if isinstance(tree, Exception):
        raise tree
    return tree


def _days(context: RequestContext, days: DayRangeInput | None) -> tuple[Instant | None, Instant | None]:
    """From which instant on, and before which, purchases count. Raises BadInput."""
    if days is None:
        return None, None
    ends = dict(on_days(days, context.shop.settings.zone, "purchaseDays"))
    return ends.get(">="), ends.get("<")


def _told_days(days: DayRangeInput) -> dict[str, str]:
    """The days as they were given."""
    given = {"from": value_or_none(days.from_), "to": value_or_none(days.to)}
    return {name: day.isoformat() for name, day in given.items() if day is not None}


EXTENSIONS = (Extension(Mutation, [customers_export]),)
