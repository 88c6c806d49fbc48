"""A schema with fields that fail in every way in which a field can: the plugin of a bad author."""

from collections.abc import Sequence
from typing import Any

import strawberry

from regulars_core.customers.reads import CustomerRow
from regulars_core.groups.reads import GroupRow
from regulars_core.primitives.errors import BadInput, Forbidden
from regulars_core.purchases.reads import LineRow, PurchaseRow
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Contribution, Extension
from regulars_schema.customers.types import Customer, CustomerGroup, CustomerStatus
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.pagination import First
from regulars_schema.purchases.types import Purchase, PurchaseLine
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.schema import build_schema

Rows = Sequence[Any]


@strawberry.interface(description="One of two types, told by number.")
class Strange:
    """What `strange` answers."""

    name: str = strawberry.field(description="Sometimes null, where null may not be.")


@requires(None)
@strawberry.type(description="Made of attributes, some of which are not there.")
class Odd(Strange):
    """A Thing with an odd number."""

    maybe: str | None = strawberry.field(description="Sometimes missing.")

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        """By its number; what has none makes it raise."""
        return bool(value.number % 2)

    @strawberry.field(description="Worked out from the object; fails for some.")
    def twice(self) -> int:
        """Raises for every third."""
        return 2 * (6 // (self.number % 3))  # type: ignore[attr-defined]

    @strawberry.field(description="The same object again.")
    def again(self) -> "Odd":
        """Itself."""
        return self


@requires(None)
@strawberry.type(description="The other member.")
class Even(Strange):
    """A Thing with an even number."""

    number: int = strawberry.field(description="Its number.")

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        """By its number."""
        return isinstance(value, Thing) and value.number % 2 == 0


class Thing:
    """An object of one of these types, without being an instance of its class."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = None if number % 5 == 0 else f"n{number}"
        if number % 4 == 1:
            self.maybe = "is there"


def number_of(row: Any) -> int:
    """A number that a row always has."""
    return int(row.id[-4:], 16)


async def sometimes(rows: Rows, _: RequestContext) -> Rows:
    """An exception for every third."""
    return [ValueError(f"three: {number_of(row)}") if number_of(row) % 3 == 0 else number_of(row) for row in rows]


async def sometimes_null(rows: Rows, _: RequestContext) -> Rows:
    """Null for every seventh."""
    return [None if number_of(row) % 7 == 0 else number_of(row) for row in rows]


async def never(rows: Rows, _: RequestContext) -> Rows:
    """Raises for all."""
    raise BadInput("Not today.", ("today",))


async def short(rows: Rows, _: RequestContext) -> Rows:
    """One value too few."""
    return [1] * (len(rows) - 1)


async def wrong(rows: Rows, _: RequestContext) -> Rows:
    """Not what the type says, for some."""
    return ["x" if number_of(row) % 2 else 2**40 for row in rows]


class Broken:
    """A list that breaks whenever it is read."""

    def __iter__(self) -> Any:
        yield 1
        raise RuntimeError("broken")


async def numbers(rows: Rows, _: RequestContext) -> Rows:
    """Lists with holes, no lists, and lists that break while they are read."""

    made: list[Any] = [[1, None, 3], [], (1, 2), None, 7, [1, ValueError("item")], {4}]
    return [Broken() if number_of(row) % 11 == 0 else made[number_of(row) % len(made)] for row in rows]


async def nested(rows: Rows, _: RequestContext) -> Rows:
    """Lists of lists."""
    made: list[Any] = [[[1], [2, 3]], [None, [4]], [[5, None]], [[]], [ValueError("inner"), [6]]]
    return [made[number_of(row) % len(made)] for row in rows]


async def itself(rows: Rows, _: RequestContext) -> Rows:
    """The row itself, or something that is no row."""
    return [object() if number_of(row) % 13 == 0 else row for row in rows]


async def shared(rows: Rows, _: RequestContext) -> Rows:
    """The first row for all of them."""
    return [rows[0]] * len(rows)


async def crowd(rows: Rows, _: RequestContext) -> Rows:
    """All rows, for each of the first three; the others have nobody."""
    return [list(rows)[:4] if number < 3 else [] for number, _row in enumerate(rows)]


async def odd(rows: Rows, _: RequestContext) -> Rows:
    """Things."""
    return [None if number_of(row) % 9 == 0 else Thing(number_of(row)) for row in rows]


async def strange(rows: Rows, _: RequestContext) -> Rows:
    """Things, and what has no number."""
    return [object() if number_of(row) % 6 == 0 else Thing(number_of(row)) for row in rows]


async def strangers(rows: Rows, _: RequestContext) -> Rows:
    """Lists of things, one of them twice and one of them null."""
    one = Thing(3)
    return [[one, Thing(number_of(row)), None, one, Thing(4)] for row in rows]


async def status(rows: Rows, _: RequestContext) -> Rows:
    """Enum members, their values, and none of both."""
    made: list[Any] = [CustomerStatus.ACTIVE, "INACTIVE", "ASLEEP", None]
    return [made[number_of(row) % len(made)] for row in rows]


async def picky(rows: Rows, _: RequestContext, *, first: First = None) -> Rows:
    """Needs a permission for some arguments, and for some rows."""
    if first == 3:
        raise Forbidden("audit.view")
    return [Forbidden("notes.view") if first == 2 and number_of(row) % 2 else first for row in rows]


def _fields(type_: Any) -> Extension:
    told = [
        (sometimes, "sometimes", int | None),
        (sometimes, "sometimesStrict", int),
        (sometimes_null, "sometimesNull", int),
        (never, "never", int | None),
        (never, "neverStrict", int),
        (short, "short", int | None),
        (wrong, "wrong", int | None),
        (numbers, "numbers", list[int] | None),
        (numbers, "numbersOrNot", list[int | None] | None),
        (nested, "nested", list[list[int]] | None),
        (nested, "nestedOrNot", list[list[int] | None]),
        (itself, "itself", type_),
        (strange, "strange", Strange),
        (strange, "maybeStrange", Strange | None),
        (strangers, "strangers", list[Strange | None]),
        (strangers, "strictStrangers", list[Strange] | None),
        (shared, "shared", type_ | None),
        (crowd, "crowd", list[type_]),  # type: ignore[valid-type]
        (odd, "odd", Odd),
        (odd, "maybeOdd", Odd | None),
        (status, "oddStatus", CustomerStatus | None),
    ]
    fields = [batched(function, name=name, returns=returns, description="Odd.") for function, name, returns in told]
    hidden = batched(sometimes, name="hidden", returns=int | None, needs="audit.view", description="Not for everybody.")
    picky_ = batched(picky, name="picky", returns=int | None, description="Refuses some of its arguments.")
    return Extension(type_, [*fields, hidden, picky_])


ROWS = {Customer: CustomerRow, CustomerGroup: GroupRow, Purchase: PurchaseRow, PurchaseLine: LineRow}


def faulty_schema() -> ComposedSchema:
    """Core with these fields on most of its types."""
    return build_schema([Contribution("faulty", extensions=[_fields(type_) for type_ in ROWS], types=[Odd, Even])])
