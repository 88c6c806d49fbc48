"""Scores of recency, frequency and value, and what the three say together: pure, and in SQL over `customer_stats s`.

Every score is 1 and one more for each edge that is reached: the upper four fifths of all who ever bought, or the shop's bands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from regulars_core.plugin import Values


class RfmKind(StrEnum):
    """Kinds of customers, the best first."""

    CHAMPION = "CHAMPION"
    LOYAL = "LOYAL"
    PROMISING = "PROMISING"
    NEW = "NEW"
    OCCASIONAL = "OCCASIONAL"
    AT_RISK = "AT_RISK"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class Edges:
    """What the last purchase, the number of purchases and what was spent must be at least for 2, 3, 4 and 5: an instant, a
    number, minor units."""

    recency: Sequence[int]
    frequency: Sequence[int]
    monetary: Sequence[int]


@dataclass(frozen=True, slots=True)
class Scores:
    """1 to 5 each."""

    recency: int
    frequency: int
    monetary: int

    @property
    def kind(self) -> RfmKind:
        """The first kind whose conditions hold."""
        r, f, m = self.recency, self.frequency, self.monetary
        if r >= 4 and f >= 4 and m >= 4:
            return RfmKind.CHAMPION
        if f >= 4:
            return RfmKind.LOYAL
        if r <= 2 and f >= 3:
            return RfmKind.AT_RISK
        if r >= 4 and f == 1:
            return RfmKind.NEW
        if r >= 3 and f <= 3:
            return RfmKind.PROMISING
        if r == 1 and f <= 2:
            return RfmKind.LOST
        return RfmKind.OCCASIONAL


def scores(edges: Edges, last_at: int, count: int, spent: int) -> Scores:
    """The scores of somebody who last bought then, so often, for so much."""

    def score(value: int, least: Sequence[int]) -> int:
        return 1 + sum(value >= edge for edge in least)

    return Scores(score(last_at, edges.recency), score(count, edges.frequency), score(spent, edges.monetary))


_COLUMNS = ("s.last_purchase_at", "s.purchase_count", "s.total_spent")
"""Of what recency, frequency and value are scores."""
ALL_SCORES = [Scores(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)]


def sql_code(edges: Edges, values: Values) -> str:
    """The three scores of a customer who has bought, as a number such as 532."""
    return sql_code_of(
        [[values.bind(edge) for edge in own] for own in (edges.recency, edges.frequency, edges.monetary)]
    )


def sql_code_of(edges: Sequence[Sequence[str]]) -> str:
    """The same by the expressions for the edges."""

    def score(column: str, least: Sequence[str]) -> str:
        reached = " ".join(f"WHEN {column} < {edge} THEN {n}" for n, edge in enumerate(least, 1))
        return f"(CASE {reached} ELSE 5 END)"

    recency, frequency, monetary = map(score, _COLUMNS, edges)
    return f"({recency} * 100 + {frequency} * 10 + {monetary})"


def codes_of(kinds: Sequence[RfmKind]) -> Sequence[int]:
    """The numbers of these kinds."""
    return [one.recency * 100 + one.frequency * 10 + one.monetary for one in ALL_SCORES if one.kind in kinds]
