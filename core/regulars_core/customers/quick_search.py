"""Finding customers while somebody types: the few seen last, by one statement whose cost hardly depends on how many there are.

What many have in their names is found by walking those seen last; what few have, by the trigram index. How many have it
nobody knows before, so a short walk tells: if a long one would find enough at the same rate, it is gone; if not, the index is
asked. Its hits come in no order. A few are looked up one by one; of many, the order of all customers soon shows enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.clock import NEVER
from regulars_core.customers import searching
from regulars_core.customers.reads import CUSTOMERS, CustomerRow
from regulars_core.database import Database
from regulars_core.filtering import Values

LARGEST_QUICK_SEARCH = 50
SHORT_WALK = 400
LONG_WALK = 1_600
"""Customers seen last whose texts are read one by one, before the index is asked."""
MANY_HITS = 300
"""From here on, walking the index of when customers were seen is quicker than asking it for each hit. So it is for 500,000
customers; for fewer of them both are quick."""
_ALL = 1_000_000_000
"""A limit that nothing reaches. Written out, since a planner that does not know a limit expects a tenth of all rows."""


@dataclass(frozen=True, slots=True)
class Recency:
    """When customers were last seen: a table with an index of that instant and the customer's id."""

    table: str
    key: str
    at: str


LAST_SEEN = Recency("customer_stats", "customer_id", "active_at")
"""The later of creation and last purchase."""
CREATED = Recency("customer", "id", "created_at")


@dataclass(frozen=True, slots=True)
class QuickSearch:
    """What is looked for: customers in these columns of whose texts all needles are found, of those the `limit` seen last.
    There is a needle, a column, and a limit of 1 to 50."""

    needles: Sequence[str]
    source: "Source"

    order = "found.at DESC, found.id DESC"
    """The order in which the source is to be read."""

    @classmethod
    def of(
        cls,
        query: str,
        first: int,
        include_archived: bool,
        columns: Sequence[str] = searching.NAMES_AND_CONTACT,
        recency: Recency = LAST_SEEN,
    ) -> "QuickSearch | None":
        """The search for what has been typed; None if that can find nobody. Raises BadInput."""
        words = searching.words_of(query, "query")
        if not words or first < 1:
            return None
        source = Source(min(first, LARGEST_QUICK_SEARCH), include_archived, columns, recency)
        return cls(searching.needles_of(words), source)


@dataclass(frozen=True, slots=True)
class Source:
    """A FROM item: customers `c` beside `found`, which tells when they were seen."""

    limit: int
    include_archived: bool
    columns: Sequence[str]
    recency: Recency

    def __call__(self, values: Values, *needles: str) -> str:
        """The SQL that looks for these needles, which is the same for as many others."""
        bound, engine = [values.bind(needle) for needle in needles], values.dialect.engine
        within = searching.containing(bound, engine, self.columns)
        hits = searching.matching(bound, engine, self.columns)
        near, latest, limit = "(SELECT count(*) FROM near)", "(SELECT count(*) FROM latest)", self.limit
        promising = f"{near} < {limit} AND {near} * {LONG_WALK // SHORT_WALK} >= {limit}"
        far = self._walk(SHORT_WALK, LONG_WALK, within, values)
        many = f"(SELECT count(*) FROM hits) >= {MANY_HITS}"
        ctes = {
            "near": self._walk(0, SHORT_WALK, within, values),
            "far": _if(promising, far),
            "latest": "SELECT * FROM near UNION ALL SELECT * FROM far",
            "hits": _if(f"{latest} < {limit}", f"{hits} LIMIT {_ALL}"),
            "few": _if(f"NOT {many}", self._looked_up),
            "in_order": _if(many, self._in_order),
        }
        found = f"SELECT * FROM latest WHERE {latest} >= {limit} UNION ALL SELECT * FROM few UNION ALL SELECT * FROM in_order"
        written = ", ".join(f"{name} AS MATERIALIZED ({sql})" for name, sql in ctes.items())
        cut = f"SELECT * FROM ({found}) every ORDER BY at DESC, id DESC LIMIT {limit}"
        return f"(WITH {written} {cut}) found JOIN customer c ON c.id = found.id"

    def _walk(self, start: int, end: int, within: str, values: Values) -> str:
        """Those of the customers seen last, from one place to another, whose text is right; in this order of joins, which
        SQLite keeps to if they are CROSS, and if nothing stands between the index and the first of them."""
        table, key, at = self.recency.table, self.recency.key, self.recency.at
        source, conditions = f"{table} s", [f"t.customer_id = s.{key}", f"c.id = s.{key}", within, self._shown("c")]
        if values.dialect.engine == "postgres":
            order = f"ORDER BY {at} DESC, {key} DESC LIMIT {end - start} OFFSET {start}"
            source = f"(SELECT {key}, {at} FROM {table} {order}) s"
        else:
            earliest = f"SELECT {at} FROM {table} ORDER BY {at} DESC LIMIT 1 OFFSET"
            conditions.append(f"s.{at} >= coalesce(({earliest} {end}), {NEVER + 1} - 1)")
            if start:
                conditions.append(f"s.{at} < ({earliest} {start})")
        return (
            f"SELECT s.{key} AS id, s.{at} AS at FROM {source} CROSS JOIN customer_text t CROSS JOIN customer c"
            f" WHERE {' AND '.join(conditions)} ORDER BY s.{at} DESC, s.{key} DESC LIMIT {self.limit}"
        )

    @property
    def _looked_up(self) -> str:
        """When each hit was seen; and only as many of those seen last are read as it takes to find enough."""
        table, key, at = self.recency.table, self.recency.key, self.recency.at
        seen = f"SELECT h.customer_id AS id, (SELECT s.{at} FROM {table} s WHERE s.{key} = h.customer_id) AS at FROM hits h"
        ordered = f"(SELECT * FROM ({seen}) x ORDER BY at DESC, id DESC LIMIT {_ALL}) x"
        return (
            f"SELECT x.id, x.at FROM {ordered} WHERE {self._shown_by_id('x.id')}"
            f" ORDER BY x.at DESC, x.id DESC LIMIT {self.limit}"
        )

    @property
    def _in_order(self) -> str:
        """Those seen last that are hits."""
        table, key, at = self.recency.table, self.recency.key, self.recency.at
        return (
            f"SELECT s.{key} AS id, s.{at} AS at FROM {table} s WHERE (s.{key} IN (SELECT customer_id FROM hits)) IS TRUE"
            f" AND {self._shown_by_id(f's.{key}')} ORDER BY s.{at} DESC, s.{key} DESC LIMIT {self.limit}"
        )

    def _shown(self, alias: str) -> str:
        return "1=1" if self.include_archived else f"{alias}.status IN ('ACTIVE', 'SUSPENDED')"

    def _shown_by_id(self, id_: str) -> str:
        """The same for a planner that must not join, as it would read the whole table for that."""
        return f"(SELECT {self._shown('c')} FROM customer c WHERE c.id = {id_})"


def _if(condition: str, select: str) -> str:
    """A query with a limit of its own that is not even begun unless a condition holds which is about no row of it."""
    return f"SELECT * FROM ({select}) x LIMIT CASE WHEN {condition} THEN {_ALL} ELSE 0 END"


async def quick_search(database: Database, search: QuickSearch | None) -> Sequence[CustomerRow]:
    """The customers that are found, those seen last first."""
    if search is None:
        return []
    values = Values(database.dialect)
    source = search.source(values, *search.needles)
    found = await database.rows(f"SELECT {CUSTOMERS.column_list} FROM {source} ORDER BY {search.order}", *values.all)
    return [CustomerRow(*row) for row in found]
