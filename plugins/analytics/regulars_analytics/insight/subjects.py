"""Of whose purchases figures are asked: many subjects at once, by one statement."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_analytics.levels import Level, Placed
from regulars_analytics.selection import Selection
from regulars_core.plugin import Shop, Values

MAX_PARTS = 100
"""Selections that one statement reads at most."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Purchases that are selected; of these, if it is of one customer, that customer's alone."""

    selection: Selection
    customer_id: str | None = None


class InsightRow(Placed[Subject]):
    """A set of purchases at its place of an answer."""


def insights(shop: Shop, subjects: Sequence[Subject]) -> Sequence[InsightRow]:
    """Sets of purchases that are asked about together."""
    level = Level(shop, subjects)
    return [InsightRow(level, n) for n in range(len(subjects))]


@dataclass(frozen=True, slots=True)
class Slice:
    """What one SELECT of a statement is about: the subjects of one selection, whose customers it has or who are only one.

    `owner` is the expression that tells the subjects apart, null where there is one.
    """

    number: int
    selection: Selection
    customers: Sequence[str] | None

    def owner(self, alias: str = "p") -> str:
        """The customer that a row belongs to; a constant where the subject is no customer."""
        return "''" if self.customers is None else f"CAST({alias}.customer_id AS TEXT)"

    def theirs(self, values: Values, alias: str = "p") -> str:
        """A condition: the row belongs to one of the subjects."""
        return self._among(values).format(customer_id=f"{alias}.customer_id") or "1=1"

    def per_customer(self, values: Values) -> str:
        """The SELECT of what each customer of the subjects bought, as `Selection.per_customer` has it."""
        return self.selection.per_customer(values, self._among(values))

    def firsts(self, values: Values) -> str:
        """The SELECT of when each customer of the subjects bought first, as `Selection.firsts` has it."""
        return self.selection.firsts(values, self._among(values))

    def _among(self, values: Values) -> str:
        if self.customers is None:
            return ""
        values.bind(list(self.customers))
        return values.dialect.among("{customer_id}", len(values.all))

    def conditions(self, values: Values) -> str:
        """The purchases `p` of the subjects."""
        return f"{self.selection.conditions(values)} AND {self.theirs(values)}"


Select = Callable[[Slice, Values], str]
"""What writes the SELECT of a part. Its first two columns are the number of the part and the owner."""


async def asked(shop: Shop, subjects: Sequence[Subject], select: Select) -> Sequence[list[Any]]:
    """The rows that belong to each subject, without the two columns by which they were told apart."""
    found: list[list[Any]] = [[] for _ in subjects]
    alike: dict[tuple[int, bool], list[int]] = {}
    for n, one in enumerate(subjects):
        alike.setdefault((id(one.selection), one.customer_id is None), []).append(n)
    parts: list[Slice] = []
    places: dict[tuple[int, str], list[int]] = {}
    for number, (same, (_, is_one)) in enumerate(zip(alike.values(), alike, strict=True)):
        customers = None if is_one else sorted({str(subjects[n].customer_id) for n in same})
        parts.append(Slice(number, subjects[same[0]].selection, customers))
        for n in same:
            places.setdefault((number, subjects[n].customer_id or ""), []).append(n)
    for begin in range(0, len(parts), MAX_PARTS):
        values = Values(shop.database.dialect, whole=True)
        selects = [select(part, values) for part in parts[begin : begin + MAX_PARTS]]
        for number, owner, *row in await shop.database.rows(" UNION ALL ".join(selects), *values.all):
            for n in places.get((number, str(owner).replace("-", "")), ()):
                found[n].append(row)
    return found
