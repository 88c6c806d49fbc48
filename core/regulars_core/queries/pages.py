"""Pages by keyset: a cursor names the sort key and id of a row, and the next page is whatever comes after that pair.

Order is total (the sort key, then the id), a page costs the same wherever it lies, and rows that come or go elsewhere
never shift it.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import orjson

from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.ids import is_id
from regulars_core.primitives.text import is_clean
from regulars_core.queries.where import Values

T = TypeVar("T")

DEFAULT_SIZE = 20
MAX_SIZE = 100
NOW = "{now}"
"""Stands in the column of a sort key for the instant at which the page is asked for."""
_MAX_CURSOR = 2_000
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class SortKey:
    """What rows can be ordered by: a NOT NULL column that is a number or text, and the id that breaks ties.

    A column that depends on the time may name the present as NOW.
    """

    name: str
    column: str
    tie: str
    kind: type[int] | type[str]


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key and a direction. DESC is exactly ASC reversed."""

    key: SortKey
    descending: bool = False

    @property
    def name(self) -> str:
        return f"{self.key.name} {'DESC' if self.descending else 'ASC'}"


Position = tuple[int | str, str]
"""Where a row stands: its sort key and its id."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which page is wanted: at most `size` rows strictly between two positions, the first of them or the last."""

    order: Order
    size: int
    backward: bool
    after: Position | None
    before: Position | None

    @classmethod
    def of(cls, order: Order, first: int | None, after: str | None, last: int | None, before: str | None) -> "Window":
        """Raises BadInput for arguments that contradict each other and for cursors of another order."""
        if first is not None and last is not None:
            raise BadInput("Give `first` or `last`, not both.", ("last",))
        size, backward = (last, True) if last is not None else (DEFAULT_SIZE if first is None else first, False)
        if not 0 <= size <= MAX_SIZE:
            raise BadInput(
                f"A page has 0 to {MAX_SIZE} entries; {size} were asked for.", ("last" if backward else "first",)
            )
        if NOW in order.key.column:
            order = replace(order, key=replace(order.key, column=order.key.column.replace(NOW, str(now()))))
        return cls(
            order,
            size,
            backward,
            None if after is None else _position(order, after, "after"),
            None if before is None else _position(order, before, "before"),
        )

    @property
    def way(self) -> str:
        """The direction in which the database walks."""
        return "DESC" if self.order.descending is not self.backward else "ASC"

    def order_by(self) -> str:
        """The ORDER BY list of the walk."""
        key = self.order.key
        return f"{key.column} {self.way}, {key.tie} {self.way}"

    @property
    def between(self) -> "Between":
        """That rows lie between the cursors, whatever these are."""
        return Between(self.order, self.after is not None, self.before is not None)

    @property
    def positions(self) -> tuple[int | str, ...]:
        """What the cursors hold."""
        return (*(self.after or ()), *(self.before or ()))

    def conditions(self, values: Values) -> list[str]:
        """That a row lies strictly between the cursors."""
        return self.between.conditions(values, *self.positions)


@dataclass(frozen=True, slots=True)
class Between:
    """That a row lies strictly after a cursor, before one, or both."""

    order: Order
    after: bool
    before: bool

    def conditions(self, values: Values, *positions: int | str) -> list[str]:
        """The conditions as row values, which both engines seek in an index, for the positions that the cursors hold."""
        conditions, column = [], f"({self.order.key.column}, {self.order.key.tie})"
        # A cursor may hold any 64-bit number, also where the column is narrower.
        kind = "::bigint" if self.order.key.kind is int else ""
        ends = [ahead for ahead, bound in ((True, self.after), (False, self.before)) if bound]
        for number, ahead in enumerate(ends):
            sign = ">" if ahead is not self.order.descending else "<"
            key, tie = map(values.bind, positions[2 * number : 2 * number + 2])
            conditions.append(f"{column} {sign} ({key}{kind}, {tie})")
            if "(" in self.order.key.column:  # SQLite seeks an expression that it finds by itself alone
                conditions.append(f"{self.order.key.column} {sign}= {key}{kind}")
        return conditions


def _position(order: Order, cursor: str, argument: str) -> Position:
    broken = BadInput("This is not a cursor of this list.", (argument,))
    if len(cursor) > _MAX_CURSOR:
        raise broken
    try:
        parts = orjson.loads(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise broken from error
    match parts:
        case [str(made_for), key, str(tie)] if is_id(tie) and _is_key(key, order.key.kind):
            if made_for != order.name:
                raise BadInput(f"This cursor belongs to the order {made_for[:60]}, not {order.name}.", (argument,))
            return key, tie
        case [str(made_for), _, str(tie)] if is_id(tie) and made_for != order.name:
            raise BadInput(f"This cursor belongs to another order, not {order.name}.", (argument,))
    raise broken


def _is_key(key: Any, kind: type[int] | type[str]) -> bool:
    if kind is int:
        return type(key) is int and key in _INT64
    return isinstance(key, str) and is_clean(key)


def cursor_of(order: Order, position: Position) -> str:
    """The opaque text that leads back to a position in an order."""
    return base64.urlsafe_b64encode(orjson.dumps([order.name, *position])).decode()


Counter = Callable[[], Awaitable[Mapping[str, int]]]
"""Counts all rows that a level's pages are cut from: parent id → count."""


@dataclass(slots=True)
class Edge(Generic[T]):
    """An entry of a page and the cursor that leads back to it."""

    cursor: str
    node: T


@dataclass(slots=True)
class PageInfo:
    """Where a page stands in its list, in the words of Relay's specification of cursor connections."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(slots=True)
class Page(Generic[T]):
    """A page of rows, where each stands, and whether there is more on either side.

    `owner` is the id of the row whose list this is ("" at the root); `count` answers the lengths of the whole lists of
    all owners of the level in one statement.
    """

    order: Order
    rows: Sequence[T]
    positions: Sequence[Position]
    has_next: bool
    has_previous: bool
    count: Counter
    owner: str = ""

    @property
    def nodes(self) -> Sequence[T]:
        """The entries alone."""
        return self.rows

    @property
    def edges(self) -> list[Edge[T]]:
        """The entries with their cursors."""
        return [Edge(cursor_of(self.order, at), row) for row, at in zip(self.rows, self.positions, strict=True)]

    @property
    def page_info(self) -> PageInfo:
        """Where this page stands."""
        ends = (
            [cursor_of(self.order, at) for at in (self.positions[0], self.positions[-1])] if self.rows else [None] * 2
        )
        return PageInfo(self.has_next, self.has_previous, ends[0], ends[1])

    @classmethod
    def cut(cls, window: Window, rows: Sequence[tuple[T, Position]], count: Counter, owner: str = "") -> "Page[T]":
        """The page out of the rows of the walk, one more than wanted if there is one."""
        more, shown = len(rows) > window.size, list(rows[: window.size])
        if window.backward:
            shown.reverse()
        return cls(
            window.order,
            [row for row, _ in shown],
            [position for _, position in shown],
            has_next=window.before is not None if window.backward else more,
            has_previous=more if window.backward else window.after is not None,
            count=count,
            owner=owner,
        )


@dataclass(slots=True)
class Once:
    """A counter that asks the database once, however many pages of a level ask it."""

    counter: Counter
    _answer: Mapping[str, int] | None = field(default=None)

    async def __call__(self) -> Mapping[str, int]:
        if self._answer is None:
            self._answer = await self.counter()
        return self._answer
