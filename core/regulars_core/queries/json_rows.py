"""Rows that the database itself writes as JSON, so that nothing has to be made of them on their way into an answer.

Out of relations and of what is wanted of their rows, `written` makes one statement for all that hangs on some parents:

    SELECT (SELECT '{"name":' || … || '}' FROM customer_group g WHERE g.id = k.group_id), (SELECT '[' || …)
    FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[])) WITH ORDINALITY AS k (id, group_id, n) ORDER BY k.n
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.database import Database
from regulars_core.queries.json_columns import Column, Composite
from regulars_core.queries.relations import PARENTS, Relation
from regulars_core.queries.where import Values


@dataclass(frozen=True, slots=True)
class NestedObject:
    """An attribute with attributes of its own, and which of those are wanted."""

    composite: Composite
    members: "Members"


@dataclass(frozen=True, slots=True)
class Subquery:
    """A relation, and what is wanted of each of its rows: an object, or one column alone; written between two pieces of JSON
    text."""

    relation: Relation
    wanted: "Members | Column"
    before: str = ""
    after: str = ""
    texts: dict[tuple[str, str, frozenset[str], int], str] = field(default_factory=dict, compare=False, repr=False)
    """Its SQL: by engine, the parent's alias, the aliases in scope, and how many values are before its own."""

    binds: int = field(init=False)
    """How many given values it takes, with all that hangs on it."""
    filtered: bool = field(init=False)
    """Whether its relation is, or one of those that hang on it."""

    def __post_init__(self) -> None:
        members = () if callable(self.wanted) else self.wanted
        inner = [member for _, member in members if isinstance(member, Subquery)]
        object.__setattr__(self, "binds", self.relation.takes + sum(one.binds for one in inner))
        object.__setattr__(self, "filtered", self.relation.filtered or any(one.filtered for one in inner))


Members = Sequence[tuple[str, "str | Column | NestedObject | Subquery"]]
"""What is wanted of an object, by its name in the answer; plain text is JSON as it stands."""


async def written(
    database: Database, parents: Sequence[Any], wanted: Sequence[Subquery], given: Sequence[Any]
) -> list[list[str]]:
    """The JSON text of what hangs on each parent, a column for each of what is wanted; by one statement. What hangs on nothing
    is the same for each, so one parent will do.

    The values that relations were given are told apart, those of each relation before those of what hangs on it: what is
    wanted is kept from request to request, and may have been made for other ones.
    """
    keys = list(dict.fromkeys(hanging.relation.key for hanging in wanted if hanging.relation.column))
    if not keys:
        writer = _Writer(Values(database.dialect), given)
        columns = [writer.hanging(hanging, "", frozenset()) for hanging in wanted]
        found = await database.rows(f"SELECT {', '.join(columns)}", *writer.values.all)
        return [list(column) for column in zip(*found, strict=True)]
    of_parents = [[getattr(parent, key) for key in keys] for parent in parents]
    source, ids = database.dialect.records(keys, of_parents)
    writer = _Writer(Values(database.dialect, *ids), given)
    columns = [writer.hanging(hanging, PARENTS, frozenset()) for hanging in wanted]
    found = await database.rows(f"SELECT {', '.join(columns)} FROM {source} ORDER BY {PARENTS}.n", *writer.values.all)
    return [list(column) for column in zip(*found, strict=True)]


@dataclass(slots=True)
class _Writer:
    """The SQL of one statement."""

    values: Values
    given: Sequence[Any]
    taken: int = 0
    """How many of the given values have been bound."""

    def hanging(self, hanging: Subquery, parent: str, scope: frozenset[str]) -> str:
        """A subquery for one parent, of whose tables the aliases are in scope."""
        before, taken = len(self.values.all), self.taken
        place = (self.values.dialect.engine, parent, scope, before)
        sql = hanging.texts.get(place)
        if sql is None:
            sql = self._subquery(hanging, parent, scope)
            if self.values.all[before:] == self.given[taken : self.taken]:
                hanging.texts[place] = sql
        else:
            self.values.all += self._take(hanging.binds)
        return sql

    def _take(self, number: int) -> Sequence[Any]:
        self.taken += number
        return self.given[self.taken - number : self.taken]

    def _subquery(self, hanging: Subquery, parent: str, scope: frozenset[str]) -> str:
        relation, kind = hanging.relation, hanging.relation.kind
        joined = "".join(f" {join}" for alias, join in kind.joins.items() if alias not in scope)
        given = self._take(relation.takes)
        linked = [f"{relation.column} = {parent}.{relation.key}"] if relation.column else []
        if relation.source:
            source, own = relation.source(self.values, *given), relation.conditions(self.values)
        else:
            source, own = kind.table, relation.conditions(self.values, *given)
        narrowed = " AND ".join([*linked, *own])
        wanted = hanging.wanted
        member = wanted(self.values) if callable(wanted) else self._object(wanted, kind.alias, scope | kind.aliases)
        rows = f"FROM {source}{joined}{f' WHERE {narrowed}' if narrowed else ''}"
        if relation.order is None:
            return f"coalesce((SELECT {member} {rows}), 'null')"
        rows += f" ORDER BY {relation.order}"
        if relation.limit is not None:  # cut first: SQLite would write the JSON of every row that it sorts
            limit = self.values.bind(relation.limit) if relation.filtered else relation.limit
            cut = f"SELECT {kind.alias}.* {rows} LIMIT {limit}"
            rows = f"FROM ({cut}) {kind.alias}{joined} ORDER BY {relation.order}"
        together = "string_agg" if self.values.dialect.engine == "postgres" else "group_concat"
        before, after = _literal(f"{hanging.before}["), _literal(f"]{hanging.after}")
        return (
            f"(SELECT {before} || coalesce({together}(x.j, ','), '') || {after} FROM (SELECT {member} AS j {rows}) x)"
        )

    def _object(self, members: Members, alias: str, scope: frozenset[str]) -> str:
        pieces, plain = [], "{"
        for number_, (name, member) in enumerate(members):
            plain += f'{"," if number_ else ""}"{name}":'
            if isinstance(member, str):
                plain += member
            else:
                pieces += [_literal(plain), f"({self._member(member, alias, scope)})"]
                plain = ""
        return " || ".join([*pieces, _literal(plain + "}")])

    def _member(self, member: Column | NestedObject | Subquery, alias: str, scope: frozenset[str]) -> str:
        if isinstance(member, Subquery):
            return self.hanging(member, alias, scope)
        if isinstance(member, NestedObject):
            inner = self._object(member.members, alias, scope)
            return f"CASE WHEN {member.composite.null} THEN 'null' ELSE {inner} END"
        return member(self.values)


def _literal(plain: str) -> str:
    return "'" + plain.replace("'", "''") + "'"
