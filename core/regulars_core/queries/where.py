"""The `where` tree: conditions joined by all, any and not, and how they read in SQL.

A comparison never matches a missing value, and `not` matches it: inside, SQL's NULL is as good as false until a `not`
turns it over with `IS NOT TRUE`. Leaves stand bare everywhere else, so that their indexes stay usable.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.database import Dialect

Condition = tuple[str, Any]
"""An operator and what it compares with: `(">=", 50000)`, `("in", ["ACTIVE"])`."""

OPERATORS = frozenset({"=", ">=", ">", "<", "<="})


class Values:
    """The parameters of one statement, collected as its text is written; `whole` where it reads all rows, as who counts does, and
    not as far as a page goes."""

    def __init__(self, dialect: Dialect, *values: Any, whole: bool = False) -> None:
        self.dialect = dialect
        self.whole = whole
        self.all: list[Any] = list(values)

    def bind(self, value: Any) -> str:
        """Keep a value and answer its placeholder."""
        self.all.append(value)
        return f"${len(self.all)}"

    def among(self, column: str, values: Sequence[Any], kind: str = "text") -> str:
        """A condition that a column is one of the values."""
        self.all.append(list(values))
        return self.dialect.any_of(column, len(self.all), kind)

    def own_plan(self) -> Sequence[str]:
        """A condition that always holds, where PostgreSQL is to plan for these very values each time: it would soon take a plan
        for any values, and not know any more whether few or many have what is asked for. With its value at hand nothing is left
        of the condition; the plan for any values seems dear by it. Who asks for a page gets it from one process: of what
        several walk through ahead of each other most is thrown away."""
        if self.dialect.engine == "sqlite":
            return ()
        return [f"({self.bind(True)}::boolean OR {_DEAR}{'' if self.whole else _BY_ONE})"]


_DEAR = "(SELECT count(*) FROM generate_series(1, 1000000000)) = 0"
_BY_ONE = " OR txid_current_if_assigned() IS NULL"
"""PostgreSQL has a statement done by one process where a function stands in it that several may not call; it is never called."""

LeafSql = Callable[[Sequence[Condition], Values], str]


@dataclass(frozen=True)
class Leaf:
    """One kind of condition in a `where` tree: its name there and how its comparisons read in SQL; `there` is whether that with
    which it compares is there at all, where that may be taken away while a tree of it is stored."""

    name: str
    sql: LeafSql
    there: LeafSql | None = None


@dataclass(frozen=True)
class Where:
    """A node of a `where` tree: `all`, `any`, `not` with its parts, or a leaf with its comparisons."""

    op: str
    parts: tuple["Where", ...] = ()
    leaf: Leaf | None = None
    conditions: tuple[Condition, ...] = ()

    def compile(self, values: Values) -> str:
        """The SQL condition; parameters go to `values`."""
        if self.leaf is not None:
            return f"({self.leaf.sql(self.conditions, values)})"
        inner = [part.compile(values) for part in self.parts]
        if self.op == "not":
            return f"({inner[0]}) IS NOT TRUE"
        joined = (" AND " if self.op == "all" else " OR ").join(inner)
        return f"({joined})" if inner else ("1=1" if self.op == "all" else "1=0")

    def narrows(self, values: Values) -> list[str]:
        """What a list is narrowed by; in a statement with a plan of its own where values are compared."""
        before = len(values.all)
        condition = self.compile(values)
        return [condition, *(values.own_plan() if len(values.all) > before else ())]

    def all_there(self, values: Values) -> str | None:
        """The SQL condition that everything is there with which the tree compares; None where nothing can be missing."""
        if self.leaf is not None:
            return None if self.leaf.there is None else self.leaf.there(self.conditions, values)
        parts = [part.all_there(values) for part in self.parts]
        return " AND ".join(part for part in parts if part is not None) or None


def compared(column: str, kind: str = "text") -> LeafSql:
    """A leaf over a column: ranges, `=` and `in`."""

    def sql(conditions: Sequence[Condition], values: Values) -> str:
        return " AND ".join(_comparison(column, kind, condition, values) for condition in conditions) or "1=1"

    return sql


def one_of(column: str, kind: str = "text") -> LeafSql:
    """A leaf over a column that is one of some values. Where it is one alone, an index that goes on with the order of a list is
    walked in that order."""
    among = compared(column, kind)

    def sql(conditions: Sequence[Condition], values: Values) -> str:
        [(operator, wanted), *others] = conditions
        if operator == "in" and len(wanted) == 1 and not others:
            return f"{column} = {values.bind(wanted[0])}"
        return among(conditions, values)

    return sql


def _comparison(column: str, kind: str, condition: Condition, values: Values) -> str:
    operator, value = condition
    if operator == "in":
        return values.among(column, value, kind)
    if operator not in OPERATORS:
        raise ValueError(f"{operator!r} is no comparison")
    return f"{column} {operator} {values.bind(value)}"


def present(column: str) -> LeafSql:
    """A leaf that asks whether the column has a value."""

    def sql(conditions: Sequence[Condition], values: Values) -> str:
        return f"{column} IS NOT NULL" if all(wanted for _, wanted in conditions) else f"{column} IS NULL"

    return sql


def exists_in(table: str, link: str, leaf: LeafSql) -> LeafSql:
    """A leaf over rows that hang on the one at hand: `EXISTS (SELECT 1 FROM table WHERE link AND …)`."""

    def sql(conditions: Sequence[Condition], values: Values) -> str:
        return f"EXISTS (SELECT 1 FROM {table} WHERE {link} AND {leaf(conditions, values)})"

    return sql
