"""What the purchases of a day come to: counted from them, and written so that any range of days can be read from it.

How many customers bought in a range of days is no sum of days. It is the number of purchases that have no earlier one of the same
customer in the range; so each day keeps how many of its purchases had the one before so many days earlier, and each range takes
off those that are not its customers' first. In the same way the one before that tells who bought twice.
"""

import struct
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import orjson

_AGAIN, _AGES = struct.Struct("<Iii"), struct.Struct("<Iq")
_NONE = {_AGAIN: (0, 0), _AGES: (0,)}
NO_MORE = "-"
"""Before an id in `odd`: it is to be taken off."""


class Place(NamedTuple):
    """Where purchases are added up: `store` and, of a `division`, a `part` are empty where it is all."""

    division: str
    store: str
    day: int
    part: str


@dataclass(slots=True)
class Cell:
    """What the purchases of one place come to, as `models.Rollup` has it, while they are added up. `again` has for a number of
    days how many purchases came so long after the customer's one before there, and after the one before that; `ages` what came to
    what, by the days since the customer's first one. It may as well be what a place has come to more, or less."""

    noted: int = 0
    total: int = 0
    purchases: int = 0
    counted_total: int = 0
    theirs: int = 0
    firsts: int = 0
    first_two: int = 0
    again: dict[int, list[int]] = field(default_factory=dict)
    their_total: int = 0
    ages: dict[int, int] = field(default_factory=dict)
    discounted: int = 0
    discount: int = 0
    undiscounted: int = 0
    pieces: int = 0
    registered: int = 0
    odd: list[str] = field(default_factory=list)

    def add(self, figures: Sequence[int]) -> None:
        """More purchases: how many were noted, what they came to, how many of them count, and what those came to."""
        noted, total, purchases, counted_total = figures
        self.noted += noted
        self.total += total
        self.purchases += purchases
        self.counted_total += counted_total

    def add_all(self, figures: Sequence[int]) -> None:
        """The same, and what is kept of all purchases alone."""
        self.add(figures[:4])
        their_total, discounted, discount, undiscounted, pieces = figures[4:]
        self.their_total += their_total
        self.discounted += discounted
        self.discount += discount
        self.undiscounted += undiscounted
        self.pieces += pieces

    def after_one(self, days: int | None, number: int) -> None:
        """Purchases by who is known, so many days after the customer's one before, None where there is none."""
        self.theirs += number
        if days is None:
            self.firsts += number
        else:
            self.again.setdefault(days, [0, 0])[0] += number

    def after_two(self, days: int | None, number: int) -> None:
        """The same after the one before that."""
        if days is None:
            self.first_two += number
        else:
            self.again.setdefault(days, [0, 0])[1] += number

    def at_age(self, days: int, spent: int) -> None:
        """What was spent so many days after the customer's first purchase."""
        self.ages[days] = self.ages.get(days, 0) + spent

    def row(self) -> tuple[object, ...]:
        """As it is kept, in the order of COLUMNS behind those of the place."""
        plain = {name: getattr(self, name) for name in COLUMNS[len(Place._fields) :]}
        plain["again"] = _added_up(_AGAIN, self.again)
        plain["ages"] = _added_up(_AGES, {days: [amount] for days, amount in self.ages.items()})
        plain["odd"] = orjson.dumps(sorted(self.odd)).decode() if self.odd else ""
        return tuple(plain.values())


RECORD_BYTES = max(_AGAIN.size, _AGES.size)
"""So long is what `again` and `ages` have of one number of days, at most."""
COLUMNS = (*Place._fields, *(one.name for one in fields(Cell)))
"""Of the table, in the order of `Place` and `Cell.row`."""


def _added_up(record: struct.Struct, by_days: Mapping[int, Sequence[int]]) -> bytes:
    """Records by growing days, each with the sums up to it."""
    sums, written = [0] * (len(record.format) - 2), []
    for days in sorted(by_days):
        sums = [a + b for a, b in zip(sums, by_days[days], strict=True)]
        written.append(record.pack(days, *sums))
    return b"".join(written)


def _within(record: struct.Struct, written: bytes | None, days: int) -> tuple[int, ...]:
    size = len(written or b"") // record.size  # of what is empty SQLite cuts null
    if not written or not size or _days_of(record, written, 0) > days:
        return _NONE[record]
    if _days_of(record, written, size - 1) > days:
        size = bisect_right(range(size), days, key=lambda n: _days_of(record, written, n))
    return record.unpack_from(written, (size - 1) * record.size)[1:]


def _days_of(record: struct.Struct, written: bytes, n: int) -> int:
    return int.from_bytes(written[n * record.size : n * record.size + 4], "little")


def again_within(written: bytes | None, days: int) -> tuple[int, ...]:
    """How many purchases came at most so many days after the customer's one before, and how many after the one before that."""
    return _within(_AGAIN, written, days)


def spent_within(written: bytes | None, days: int) -> int:
    """What those came to who had bought for the first time at most so many days before."""
    return _within(_AGES, written, days)[0]
