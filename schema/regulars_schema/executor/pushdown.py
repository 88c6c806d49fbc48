"""What the database can write of an answer by itself: objects that are columns, and relations between them.

A field may say how its objects are found in SQL and what stands for their attributes (`SqlField`). Where a document
asks nothing else of them, however deep, the field gets a `Pushdown`: one statement then writes the JSON of all such fields of a
level, instead of a call for each field and for each one below. A caller who lacks a permission for a part of it, and
arguments that only the field's function understands, go the ordinary way. The answer is the same.

Each thing has two forms, because a plan is kept for all callers. Beside the plan stands what is asked: a Pushdown for a field
that leads to rows, a ColumnSelection for a column of theirs, plain text for what is known already. With a caller and arguments,
`Pushdown.subquery` makes of them what the SQL is written from: a Subquery, a NestedObject or a Column of
`regulars_core.queries.json_rows`.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Any

import orjson
from graphql import GraphQLEnumType
from strawberry.types.field import StrawberryField

from regulars_core.primitives.text import camel
from regulars_core.queries.json_columns import Column, Composite
from regulars_core.queries.json_rows import NestedObject, Subquery
from regulars_core.queries.relations import Relation, RowShape
from regulars_schema.executor.plan import ExecutionField, Leaf, Many, One, Plan, Selection, Shape, selections_in
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import definition_of, needs_of

MAX_SUBQUERIES = 4
"""Subqueries kept of one pushdown: a list's first page and its others; a search for one word, for two, for a number and for an
address."""
MAX_MEMBERS = 250
"""Members that one statement writes at most: of such as amounts they are 60,000 characters of SQL, which take an engine some
30 ms to read. Aliases and fragments can ask for ten times as many in a short document."""


@dataclass(frozen=True, slots=True)
class SqlField:
    """How the objects of a field are found in SQL: rows of a kind, and the relation in which they stand to their
    parents, given a RequestContext and the field's arguments; None where the field's function must be called. The rows of
    the relation may lack attributes of the kind; who asks for those gets them from the function. A field that answers a page
    says so, and one that answers no objects names the attribute whose `value` it answers."""

    kind: RowShape
    relation: Callable[..., Relation | None]
    page: bool = False
    value: str | None = None


def sql_field(relation: Relation, value: str | None = None) -> SqlField:
    """For a relation that depends neither on the caller nor on arguments."""
    return SqlField(relation.kind, lambda _: relation, value=value)


@dataclass(frozen=True, slots=True)
class ColumnSelection:
    """An attribute that is asked for, and what is asked inside of it."""

    attribute: str
    inside: "tuple[tuple[str, str | ColumnSelection], ...]" = ()

    @property
    def size(self) -> int:
        """How many columns it reads, down to the last."""
        return sum(member.size for _, member in self.inside if isinstance(member, ColumnSelection)) or 1

    def of(self, columns: Mapping[str, Column | Composite]) -> Column | NestedObject:
        """What stands for it among these columns."""
        column = columns[self.attribute]
        if not isinstance(column, Composite):
            return column
        return NestedObject(column, [(name, _resolved(member, column.columns)) for name, member in self.inside])


def _resolved(member: str | ColumnSelection, columns: Mapping[str, Column | Composite]) -> Any:
    return member if isinstance(member, str) else member.of(columns)


@dataclass(slots=True, eq=False, repr=False)
class Pushdown:
    """What the database is asked to write for a field: of each object these members, by their names in the answer, if the
    caller holds these permissions; `size` of them, whatever their depth. The objects of a page stand between two pieces of
    text."""

    field: ExecutionField
    sql_field: SqlField
    members: "list[tuple[str, str | ColumnSelection | Pushdown]]" = dataclasses.field(default_factory=list)
    inner: "list[Pushdown]" = dataclasses.field(default_factory=list)
    """Those among the members, in order."""
    needs: set[str] = dataclasses.field(default_factory=set)
    size: int = 1
    before: str = ""
    after: str = ""
    _cached: list[tuple[Relation, Sequence[Subquery], Subquery]] = dataclasses.field(default_factory=list)
    """The latest relations, subqueries inside, and what was made of them: where those are equal again, so is what is to be
    written."""

    def subquery(
        self, context: RequestContext, arguments: Callable[[ExecutionField], dict[str, Any]], values: list[Any]
    ) -> Subquery | None:
        """What to write for this caller; to `values` it adds what its relations were given. None if the field must be asked for
        in the ordinary way. Raises what the arguments raise."""
        relation = self.sql_field.relation(context, **arguments(self.field))
        if relation is None:
            return None
        values += relation.given
        below: list[Subquery] = []
        for pushdown in self.inner:
            subquery = pushdown.subquery(context, arguments, values)
            if subquery is None:
                return None
            below.append(subquery)
        for known, inside, cached in self._cached:
            if known == relation and all(map(is_, inside, below)):
                return cached
        subquery = self._make(relation, below)
        if subquery is not None and not subquery.filtered:
            self._cached = [(relation, below, subquery), *self._cached[: MAX_SUBQUERIES - 1]]
        return subquery

    def _make(self, relation: Relation, below: Sequence[Subquery]) -> Subquery | None:
        columns, waiting = relation.kind.columns, iter(below)
        if self.sql_field.value is not None:
            column = columns.get(self.sql_field.value)
            return Subquery(relation, column) if callable(column) else None
        members: list[tuple[str, Any]] = []
        for name, member in self.members:
            inner: Any = member
            if isinstance(member, Pushdown):
                inner = next(waiting)
            elif isinstance(member, ColumnSelection):
                inner = member.of(columns) if member.attribute in columns else None
            if inner is None:
                return None
            members.append((name, inner))
        return Subquery(relation, members, self.before, self.after)


def pushdowns_of(plan: Plan) -> Mapping[ExecutionField, Pushdown]:
    """The pushdown of every field of a plan that can have one."""
    pushdowns = {}
    waiting, seen = [plan.root], {id(plan.root)}
    while waiting:
        for field in waiting.pop().fields:
            if (pushdown := _pushdown_of(field, frozenset())) is not None:
                pushdowns[field] = pushdown
            below = [one for one in selections_in(field.shape) if id(one) not in seen]
            seen.update(map(id, below))
            waiting += below
    return pushdowns


def _pushdown_of(field: ExecutionField, scope: frozenset[str]) -> Pushdown | None:
    """The pushdown of a field, within a statement that has given away these aliases already."""
    declared = definition_of(field.definition)
    sql = declared.metadata.get("sql_field") if isinstance(declared, StrawberryField) else None
    if sql is None or sql.kind.alias in scope:
        return None
    pushdown = Pushdown(field, sql, needs={needs} if (needs := needs_of(field.definition)) else set())
    shape: Shape | None = field.shape
    if sql.page and isinstance(shape, One):
        shape = _nodes_alone(pushdown, shape.selection)
    item = shape.item if isinstance(shape, Many) else shape
    if not (isinstance(shape, Many) or (shape is not None and shape.nullable)):
        return None  # a row that is not there is written as null
    if sql.value is not None:
        return pushdown if isinstance(item, Leaf) and _is_as_stored(item) else None
    if isinstance(item, One) and _take_members(pushdown, item.selection, scope | sql.kind.aliases):
        return pushdown
    return None


def _nodes_alone(pushdown: Pushdown, page: Selection) -> Shape | None:
    """The shape of a page's `nodes`, if nothing else is asked of it; cursors and counts are nothing that rows have.

    What stands around them is put into the pushdown: `{"__typename":"PurchaseConnection","nodes":` before the list, `}` after.
    """
    if len(page.fields) != 1 or page.fields[0].definition is not page.of.fields["nodes"]:
        return None
    [nodes] = page.fields
    texts = [
        f'"{name}":' + ("" if name == nodes.name else orjson.dumps(known).decode())
        for name, known in page.blank.items()
    ]
    number = list(page.blank).index(nodes.name)
    pushdown.before = "{" + ",".join(texts[: number + 1])
    pushdown.after = ",".join(["", *texts[number + 1 :]]) + "}"
    return nodes.shape


def _take_members(pushdown: Pushdown, selection: Selection, scope: frozenset[str]) -> bool:
    """Put all that is asked of the objects into the pushdown; False if something cannot be, or if it is too much."""
    fields = {field.name: field for field in selection.fields}
    for name, known in selection.blank.items():
        field = fields.get(name)
        if field is None:
            pushdown.members.append((name, orjson.dumps(known).decode()))
            continue
        columns = pushdown.sql_field.kind.columns
        member = _pushdown_of(field, scope) if field.batched else _column_selection(field, columns)
        if member is None:
            return False
        pushdown.members.append((name, member))
        pushdown.size += member.size
        if isinstance(member, Pushdown):
            pushdown.inner.append(member)
            pushdown.needs |= member.needs
        elif field.needs:
            pushdown.needs.add(field.needs)
    return bool(pushdown.members) and pushdown.size <= MAX_MEMBERS


def _column_selection(field: ExecutionField, columns: Mapping[str, Column | Composite]) -> ColumnSelection | None:
    """What a field reads off its parent, if it is a column."""
    declared, shape = definition_of(field.definition), field.shape
    attribute = getattr(declared, "python_name", "")
    if camel(attribute) != field.nodes[0].name.value:
        return None  # a plugin's resolver may be called like an attribute and answer something else
    column = columns.get(attribute)
    if isinstance(column, Composite) and isinstance(shape, One):
        fields = {inner.name: inner for inner in shape.selection.fields}
        inside: list[tuple[str, str | ColumnSelection]] = []
        for name, known in shape.selection.blank.items():
            inner = fields.get(name)
            member = orjson.dumps(known).decode() if inner is None else _column_selection(inner, column.columns)
            if member is None or (inner is not None and inner.needs):
                return None
            inside.append((name, member))
        return ColumnSelection(attribute, tuple(inside)) if inside else None
    if isinstance(shape, Leaf) and column is not None and not isinstance(column, Composite):
        return ColumnSelection(attribute) if _is_as_stored(shape) else None
    return None


def _is_as_stored(leaf: Leaf) -> bool:
    """Whether the API's word for a value is what the database keeps, which an enum may see otherwise."""
    if not isinstance(leaf.of, GraphQLEnumType):
        return True
    return all(name == getattr(one.value, "value", one.value) for name, one in leaf.of.values.items())
