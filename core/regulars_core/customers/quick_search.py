"""Finding customers while somebody types: the few seen last, by one statement whose cost hardly depends on how many there are.

The texts of those seen lately stand apart (`recent_text`). What many have in their names is found by walking those, what few
have by their own trigram index, and only what hardly anybody has by that of all. Its hits come in no order: a few are looked
up one by one; of many, the order of all customers soon shows enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.customers.reads import CUSTOMERS, CustomerRow
from regulars_core.customers.search import texts
from regulars_core.database import Database, Engine
from regulars_core.primitives.clock import NEVER
from regulars_core.queries.where import Values

MAX_QUICK_SEARCH = 50
MAX_UNCOPIED = 1_000
"""Customers seen last whose texts are not copied yet, and read one by one where they stand. If there are more, nobody else is
looked for in the copy."""
MAX_WALK = 250
"""Customers whose texts are read one by one in the copy, before its index is asked."""
MANY_HITS = 300
"""From here on, walking the index of when customers were seen is quicker than asking it for each hit. So it is for 500,000
customers; for fewer of them both are quick."""
_ALL = 1_000_000_000
"""A limit that nothing reaches. Written out, since a planner that does not know a limit expects a tenth of all rows."""

_SINCE, _UNTIL = (f"(SELECT {column} FROM recent_text_span)" for column in ("since", "until"))


@dataclass(frozen=True, slots=True)
class Recency:
    """When customers were last seen: a table with an index of that instant and the customer's id. Of those seen lately by this
    order, texts are copied or not."""

    table: str
    key: str
    at: str
    copied: bool


LAST_SEEN = Recency("customer_stats", "customer_id", "active_at", copied=True)
"""The later of creation and last purchase."""
CREATED = Recency("customer", "id", "created_at", copied=False)


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
        columns: Sequence[str] = texts.NAMES_AND_CONTACT,
        recency: Recency = LAST_SEEN,
    ) -> "QuickSearch | None":
        """The search for what has been typed; None if that can find nobody. Raises BadInput."""
        words = texts.words_of(query, "query")
        if not words or first < 1:
            return None
        source = Source(min(first, MAX_QUICK_SEARCH), include_archived, columns, recency)
        return cls(texts.needles_of(words), source)


@dataclass(frozen=True, slots=True)
class Source:
    """A FROM item: customers `c` beside `found`, which tells when they were seen.

    For the ten seen last in whose names stands `jua`, on PostgreSQL and shortened (each step is materialized; `until` and `since`
    bound the copy):

        WITH uncopied AS (   -- whoever was seen since the copy was renewed: their texts are read where they stand
               SELECT id, at FROM (SELECT … FROM customer_stats WHERE active_at > until ORDER BY active_at DESC LIMIT 1000)
               CROSS JOIN customer_text t CROSS JOIN customer c WHERE strpos(t.names, 'jua') > 0 AND … LIMIT 10),
             near AS (       -- the first texts of the copy are read, if these thousand were all and fewer than ten were right
               SELECT id, at FROM (SELECT … FROM recent_text t WHERE seen_at <= until ORDER BY seen_at DESC LIMIT 250)
               WHERE seen_at >= since AND strpos(t.names, 'jua') > 0 AND … LIMIT 10),
             copy_hits AS (  -- the copy's trigram index is asked, if there are fewer than ten still
               SELECT id, at FROM recent_text t WHERE t.names LIKE '%jua%'),
             copied AS (     -- those of them who were not seen at another time
               SELECT id, at FROM copy_hits WHERE at BETWEEN since AND until AND … ORDER BY at DESC LIMIT 10),
             latest AS (SELECT * FROM uncopied UNION SELECT * FROM near UNION SELECT * FROM copied),
             hits AS (       -- the trigram index of all texts is asked, if the latest are fewer than ten
               SELECT customer_id FROM customer_text t WHERE t.names LIKE '%jua%'),
             few AS (        -- of fewer than 300 hits it is looked up when each was seen
               SELECT id, (SELECT active_at FROM customer_stats WHERE …) AS at FROM hits ORDER BY at DESC LIMIT 10),
             in_order AS (   -- of more, all customers are walked in the order in which they were seen, until ten are hits
               SELECT id, active_at AS at FROM customer_stats WHERE id IN (SELECT … FROM hits) ORDER BY at DESC LIMIT 10)
        SELECT * FROM latest WHERE (SELECT count(*) FROM latest) >= 10
        UNION ALL SELECT * FROM few UNION ALL SELECT * FROM in_order ORDER BY at DESC, id DESC LIMIT 10
    """

    limit: int
    include_archived: bool
    columns: Sequence[str]
    recency: Recency

    def __call__(self, values: Values, *needles: str) -> str:
        """The SQL that looks for these needles, which is the same for as many others."""
        bound, engine = [values.bind(needle) for needle in needles], values.dialect.engine
        within = texts.containing(bound, engine, self.columns)
        hits = texts.matching(bound, engine, self.columns)
        limit, many = self.limit, f"{_number_of('hits')} >= {MANY_HITS}"
        latest = {"uncopied": self._uncopied(within, engine)}
        if self.recency.copied:
            copy_hits = texts.matching(
                bound, engine, self.columns, "recent_text", "t.customer_id AS id, t.seen_at AS at"
            )
            uncopied = f"SELECT 1 FROM {self.recency.table} s WHERE {self._not_in_copy} LIMIT {MAX_UNCOPIED + 1}"
            all_read = f"(SELECT count(*) FROM ({uncopied}) x) <= {MAX_UNCOPIED}"
            not_enough = f"{all_read} AND {_number_of('uncopied')} < {limit}"
            latest |= {
                "near": _if(not_enough, self._near(within, engine)),
                "copy_hits": _if(f"{not_enough} - {_number_of('near')}", f"{copy_hits} LIMIT {_ALL}"),
                "copied": self._copied,
            }
        ctes = latest | {
            "latest": " UNION ".join(f"SELECT * FROM {step}" for step in latest if step != "copy_hits"),
            "hits": _if(f"{_number_of('latest')} < {limit}", f"{hits} LIMIT {_ALL}"),
            "few": _if(f"NOT {many}", self._looked_up),
            "in_order": _if(many, self._in_order),
        }
        enough = f"SELECT * FROM latest WHERE {_number_of('latest')} >= {limit}"
        found = f"{enough} UNION ALL SELECT * FROM few UNION ALL SELECT * FROM in_order"
        written = ", ".join(f"{name} AS MATERIALIZED ({sql})" for name, sql in ctes.items())
        cut = f"SELECT * FROM ({found}) every ORDER BY at DESC, id DESC LIMIT {limit}"
        return f"(WITH {written} {cut}) found JOIN customer c ON c.id = found.id"

    @property
    def _not_in_copy(self) -> str:
        """Whether an entry `s` of the order of all customers is to be read there, for all that is known of the copy."""
        return f"s.{self.recency.at} > {_UNTIL}" if self.recency.copied else "1=1"

    def _uncopied(self, within: str, engine: Engine) -> str:
        """Those of these whose text is right. In this order of joins, to which SQLite keeps if they are CROSS."""
        table, key, at = self.recency.table, self.recency.key, self.recency.at
        source, among = _Latest(table, "s", at, key).read(MAX_UNCOPIED, self._not_in_copy, engine)
        conditions = [*among, f"t.customer_id = s.{key}", f"c.id = s.{key}", within, self._shown("c")]
        return (
            f"SELECT s.{key} AS id, s.{at} AS at FROM {source} CROSS JOIN customer_text t CROSS JOIN customer c"
            f" WHERE {' AND '.join(conditions)} ORDER BY s.{at} DESC, s.{key} DESC LIMIT {self.limit}"
        )

    def _near(self, within: str, engine: Engine) -> str:
        """Those at the copy's beginning whose text is right."""
        copy = _Latest("recent_text", "t", "seen_at", "customer_id")
        # Of what lies between two bounds PostgreSQL expects so little that it would rather sort all of it than walk.
        source, among = copy.read(MAX_WALK, f"t.seen_at <= {_UNTIL}", engine)
        conditions = [*among, f"t.seen_at >= {_SINCE}", within, self._still("t.customer_id", "t.seen_at")]
        return (
            f"SELECT t.customer_id AS id, t.seen_at AS at FROM {source} WHERE {' AND '.join(conditions)}"
            f" ORDER BY t.seen_at DESC, t.customer_id DESC LIMIT {self.limit}"
        )

    @property
    def _copied(self) -> str:
        """Those of the hits in the copy who were seen last."""
        ordered = f"SELECT * FROM copy_hits WHERE {_span('at')} ORDER BY at DESC, id DESC LIMIT {_ALL}"
        return (
            f"SELECT x.id, x.at FROM ({ordered}) x WHERE {self._still('x.id', 'x.at')}"
            f" ORDER BY x.at DESC, x.id DESC LIMIT {self.limit}"
        )

    def _still(self, id_: str, at: str) -> str:
        """Whether a customer in the copy was not seen at another time, and is to be shown."""
        seen = f"SELECT s.{self.recency.at} FROM {self.recency.table} s WHERE s.{self.recency.key} = {id_}"
        return f"({seen}) = {at} AND {self._shown_by_id(id_)}"

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
        shown = "<> 'MERGED'" if self.include_archived else "IN ('ACTIVE', 'SUSPENDED')"
        return f"{alias}.status {shown}"

    def _shown_by_id(self, id_: str) -> str:
        """The same for a planner that must not join, as it would read the whole table for that."""
        return f"(SELECT {self._shown('c')} FROM customer c WHERE c.id = {id_})"


def _if(condition: str, select: str) -> str:
    """A query with a limit of its own that is not even begun unless a condition holds which is about no row of it."""
    return f"SELECT * FROM ({select}) x LIMIT CASE WHEN {condition} THEN {_ALL} ELSE 0 END"


def _number_of(step: str) -> str:
    return f"(SELECT count(*) FROM {step})"


def _span(at: str) -> str:
    return f"{at} BETWEEN {_SINCE} AND {_UNTIL}"


@dataclass(frozen=True, slots=True)
class _Latest:
    """The first rows of a table, under an alias, in the order of an instant and a key."""

    table: str
    alias: str
    at: str
    key: str

    def read(self, number: int, among: str, engine: Engine) -> tuple[str, Sequence[str]]:
        """A FROM item and conditions for so many of those among which they are. SQLite must find nothing between an index and
        what is joined to it, or it reads them all."""
        at, key = f"{self.alias}.{self.at}", f"{self.alias}.{self.key}"
        source = f"{self.table} {self.alias}"
        if engine == "postgres":
            rows = f"SELECT * FROM {source} WHERE {among} ORDER BY {at} DESC, {key} DESC LIMIT {number}"
            return f"({rows}) {self.alias}", []
        earliest = f"(SELECT {at} FROM {source} WHERE {among} ORDER BY {at} DESC LIMIT 1 OFFSET {number})"
        return source, [among, f"{at} >= coalesce({earliest}, {NEVER + 1} - 1)"]


async def quick_search(database: Database, search: QuickSearch | None) -> Sequence[CustomerRow]:
    """The customers that are found, those seen last first."""
    if search is None:
        return []
    values = Values(database.dialect)
    source = search.source(values, *search.needles)
    rows = await database.rows(f"SELECT {CUSTOMERS.column_list} FROM {source} ORDER BY {search.order}", *values.all)
    return [CustomerRow(*row) for row in rows]
