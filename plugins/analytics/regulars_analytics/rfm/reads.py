"""Reading who is of which kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_analytics.rfm.edges import KEPT, current_edges, edges_of_bands, kept_edges
from regulars_analytics.rfm.scores import Edges, RfmKind, Scores, codes_of, scores, sql_code, sql_code_of
from regulars_core.plugin import GONE, Condition, Leaf, Shop, Values, Where

LEAF = "rfm"


@dataclass(frozen=True, slots=True)
class Share:
    """How many customers are of a kind, and what they have spent in all, in minor units."""

    kind: RfmKind
    customers: int
    spent: int


async def scores_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, Scores]:
    """The scores of those of these customers who have bought and are still there, by id."""
    edges, dialect = await current_edges(shop), shop.database.dialect
    rows = await shop.database.read(
        "SELECT s.customer_id, s.last_purchase_at, s.purchase_count, s.total_spent FROM customer_stats s"
        " JOIN customer c ON c.id = s.customer_id WHERE s.purchase_count > 0"
        f" AND {dialect.among('s.customer_id', 1)} AND NOT ({dialect.any_of('c.status', 2)})",
        list(customer_ids),
        list(GONE),
    )
    return {row[0]: scores(edges, *row[1:]) for row in rows}


async def distribution(shop: Shop, where: Where | None) -> Sequence[Share]:
    """How many are of each kind, the best first, of those for whom conditions hold."""
    values = Values(shop.database.dialect, whole=True)
    code = sql_code(await current_edges(shop), values)
    conditions = ["s.purchase_count > 0", f"NOT ({values.among('c.status', GONE)})"]
    if where is not None:
        conditions.append(where.compile(values))
    rows = await shop.database.read(
        f"SELECT {code} AS code, count(*), CAST(sum(s.total_spent) AS BIGINT) FROM customer c"
        f" JOIN customer_stats s ON s.customer_id = c.id WHERE {' AND '.join(conditions)} GROUP BY 1",
        *values.all,
    )
    customers, spent = dict.fromkeys(RfmKind, 0), dict.fromkeys(RfmKind, 0)
    for number, count, total in rows:
        kind = Scores(number // 100, number // 10 % 10, number % 10).kind
        customers[kind] += count
        spent[kind] += total
    return [Share(kind, customers[kind], spent[kind]) for kind in RfmKind]


def of_kinds(edges: Edges, kinds: Sequence[RfmKind]) -> Where:
    """The condition that a customer is of one of these kinds."""

    def sql(conditions: Sequence[Condition], values: Values) -> str:
        return _is_of(dict(conditions)["in"], sql_code(edges, values))

    return Where("leaf", leaf=Leaf(LEAF, sql), conditions=(("in", list(kinds)),))


def of_kinds_as_kept(conditions: Sequence[Condition], values: Values) -> str:
    """The same by the shop's bands, which the conditions bring, or else by the fifths that are kept; nobody is of any kind
    before these are found."""
    asked = dict(conditions)
    kinds, bands = [RfmKind(name) for name in asked["in"]], asked["bands"]
    if bands is not None:
        return _is_of(kinds, sql_code(edges_of_bands(*bands), values))
    return f"{KEPT} AND {_is_of(kinds, sql_code_of(kept_edges(values.dialect)))}"


def _is_of(kinds: Sequence[RfmKind], code: str) -> str:
    numbers = ", ".join(str(number) for number in codes_of(kinds)) or "0"
    return f"s.purchase_count > 0 AND {code} IN ({numbers})"
