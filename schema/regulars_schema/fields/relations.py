"""Fields over rows that one description finds: a relation, which is read for all parents at once or written by the database.

    related(GROUP_OF, name="group", returns=CustomerGroup | None, description="…")

    @root_rows(CUSTOMER, name="customer", returns=Customer | None, description="…")
    def customer(context: RequestContext, *, id: strawberry.ID) -> Relation:
        return customer_with("c.id", key_of(id, "customer", "id"))

Which of the two ways an answer goes is for the executor to say: the database writes what the selection asks of rows alone.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from strawberry.types.field import StrawberryField

from regulars_core.queries.pages import Page, Window
from regulars_core.queries.relations import Relation, RowShape, rows_alone, rows_of
from regulars_core.queries.where import Where
from regulars_schema.executor.pushdown import SqlField
from regulars_schema.fields.doubts import is_doubtful, settled
from regulars_schema.fields.resolvers import Declaration, batch_field, root_field
from regulars_schema.request.context import Asked, GraphQLContext, RequestContext

Reader = Callable[[], Awaitable[Any]]
"""What reads the rows of a root field that no relation describes."""
PageOf = Callable[..., tuple[Window, Where | None]]
"""Which page the arguments of a field ask for, and under which conditions: `def page(context, *, first=None, …)`."""


def related(
    relation: Relation,
    *,
    name: str,
    returns: Any,
    description: str,
    needs: str | None = None,
    value: str | None = None,
    replica: bool | None = None,
) -> StrawberryField:
    """A field whose objects are the rows that hang on each parent by a relation; or one attribute of them, the `value`. Whether
    a `replica` may answer it is said as in `batched`."""

    async def read(parents: Sequence[Any], context: RequestContext) -> Sequence[Any]:
        return await rows_of(context.database, relation, parents)

    sql_field = SqlField(relation.kind, lambda _: relation, value=value)
    return batch_field(read, Declaration(name, returns, description, needs, sql_field=sql_field, replica=replica), read)


def related_pages(
    relation: Relation, page: PageOf, *, name: str, returns: Any, description: str, needs: str | None = None
) -> StrawberryField:
    """A field that answers a page of the rows that hang on each parent by a relation. Its arguments are those of `page`."""

    def wanted(context: RequestContext, **arguments: Any) -> Relation:
        return relation.page(*page(context, **arguments))

    async def read(parents: Sequence[Any], context: RequestContext, **arguments: Any) -> Sequence[Page[Any]]:
        known = await settled(arguments)
        return await rows_of(context.database, wanted(context, **known), parents)

    sql_field = SqlField(relation.kind, _written(wanted), page=True)
    return batch_field(read, Declaration(name, returns, description, needs, sql_field=sql_field), page)


def root_rows(
    shape: RowShape,
    *,
    name: str,
    returns: Any,
    description: str,
    needs: str | None = None,
    page: bool = False,
    replica: bool = False,
) -> Callable[[Callable[..., Relation | Reader]], StrawberryField]:
    """A field of the query whose objects are rows of a shape. The function below it decides by its arguments which: it answers a
    relation that hangs on nothing, or a function that reads them. A field that answers a page says so, and so does one that a
    `replica` may answer."""

    def declare(wanted: Callable[..., Relation | Reader]) -> StrawberryField:
        async def read(context: RequestContext, arguments: dict[str, Any]) -> Any:
            rows = wanted(context, **await settled(arguments))
            return await (rows_alone(context.database, rows) if isinstance(rows, Relation) else rows())

        async def answer(context: GraphQLContext, _: Any, __: str, arguments: dict[str, Any], ___: Asked) -> Any:
            return await context.request.in_time(lambda: read(context.request, arguments))

        sql_field = SqlField(shape, _written(wanted), page)
        declared = Declaration(name, returns, description, needs, sql_field=sql_field, replica=replica)
        return root_field(answer, declared, wanted)

    return declare


def _written(wanted: Callable[..., Relation | Reader]) -> Callable[..., Relation | None]:
    """What the database can write of what is wanted."""

    def relation(context: RequestContext, **arguments: Any) -> Relation | None:
        if is_doubtful(arguments):
            return None
        rows = wanted(context, **arguments)
        return rows if isinstance(rows, Relation) and rows.can_be_written else None

    return relation
