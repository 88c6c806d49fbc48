"""Of whose purchases figures are asked: many subjects at once, by one statement."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from regulars_analytics.levels import Level, Placed
from regulars_analytics.selection import Selection, with_members
from regulars_core.plugin import Dialect, Shop, Span, Values

T = TypeVar("T")

MAX_PARTS = 100
"""Selections that one statement reads at most."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Purchases that are selected; of these, if it is of one customer, that customer's alone."""

    selection: Selection
    customer_id: str | None = None

    @property
    def span(self) -> Span | None:
        """These purchases, if they are those of whole stores, of which it may be kept what they come to."""
        chosen = self.selection
        if self.customer_id is not None or chosen.where is not None:
            return None
        return Span(chosen.first, chosen.before, chosen.stores)


class InsightRow(Placed[Subject]):
    """A set of purchases at its place of an answer."""


def insights(shop: Shop, subjects: Sequence[Subject]) -> Sequence[InsightRow]:
    """Sets of purchases that are asked about together."""
    level = Level(shop, subjects, _with_members)
    return [InsightRow(level, n) for n in range(len(subjects))]


async def _with_members(shop: Shop, subjects: Sequence[Subject]) -> Sequence[Subject]:
    """What is selected, with the members where they are few; what is one selection stays one."""
    by_id = {id(one.selection): one.selection for one in subjects}
    known = dict(zip(by_id, await with_members(shop, list(by_id.values())), strict=True))
    return [replace(one, selection=known[id(one.selection)]) for one in subjects]


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

    def own(self, values: Values) -> str:
        """The purchases `p` of the subjects, where it is said elsewhere whose they are."""
        return replace(self.selection, where=None, by_customer=True).conditions(values)

    def members(self, values: Values, alias: str) -> str:
        """The condition that a row is of one of the customers, where these are not all."""
        return " AND ".join([*self.selection.members_only(values, alias), self.theirs(values, alias)])

    def purchases_with(self, table: str, alias: str, dialect: Dialect) -> str:
        """The FROM item of purchases `p` and what hangs on each of them in a table. Of few customers PostgreSQL is to look it up
        purchase by purchase: it would go through the whole table, since it expects more purchases than they have."""
        if dialect.engine == "sqlite" or (self.customers is None and self.selection.members is None):
            return f"purchase p JOIN {table} {alias} ON {alias}.purchase_id = p.id"
        theirs = f"SELECT t.* FROM {table} t WHERE t.purchase_id = p.id OFFSET 0"
        return f"purchase p CROSS JOIN LATERAL ({theirs}) {alias}"

    def conditions(self, values: Values) -> str:
        """The purchases `p` of the subjects."""
        return f"{self.selection.conditions(values)} AND {self.theirs(values)}"


async def kept_or_asked(
    subjects: Sequence[Subject],
    kept: Callable[[Span], Awaitable[T | None]],
    ask: Callable[[Sequence[Subject]], Awaitable[Sequence[T]]],
) -> Sequence[T]:
    """What is told of each subject: by what is kept where it is of whole stores and that is there, or else by the purchases."""
    told = [None if one.span is None else await kept(one.span) for one in subjects]
    left = [n for n, one in enumerate(told) if one is None]
    found = dict(zip(left, await ask([subjects[n] for n in left]) if left else (), strict=True))
    return [found[n] if one is None else one for n, one in enumerate(told)]


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
        parts.append(Slice(number, replace(subjects[same[0]].selection, by_customer=not is_one), customers))
        for n in same:
            places.setdefault((number, subjects[n].customer_id or ""), []).append(n)
    for begin in range(0, len(parts), MAX_PARTS):
        values = Values(shop.database.dialect, whole=True)
        selects = [select(part, values) for part in parts[begin : begin + MAX_PARTS]]
        for number, owner, *row in await shop.database.rows(" UNION ALL ".join(selects), *values.all):
            for n in places.get((number, str(owner).replace("-", "")), ()):
                found[n].append(row)
    return found
