"""Finding customers while somebody types: the few seen last, by one statement whose cost hardly depends on how many there are.

The texts of those seen lately stand apart (`recent_text`). What many have in their names is found by walking those, what few
have by their own trigram index, and only what hardly anybody has by that of all. Its hits come in no order: a few are looked
up one by one; of many, the order of all customers soon shows enough.
Who has the very code, address, number or unique attribute that was typed stands before all of them, and who is called almost
so behind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from regulars_core.customers.reads import CUSTOMERS, CustomerRow
from regulars_core.customers.search import exact, texts
from regulars_core.customers.search.spellings import LEAST_FOUND, guesses_of, spelled
from regulars_core.customers.search.typed import Shape, read
from regulars_core.database import Database, Dialect, Engine
from regulars_core.primitives.clock import NEVER
from regulars_core.queries.where import Values

MAX_QUICK_SEARCH = 50
MAX_UNCOPIED = 1_000
"""Customers seen last whose texts are not copied yet, and read one by one where they stand. If there are more, nobody else is
looked for in the copy."""
MAX_WALK, MAX_WALK_FOR_FEW = 1_000, 50
"""Customers whose texts are read one by one in the copy, before its index is asked: the beginning of a name is soon found often
enough, several words or a number are hardly ever."""
MANY_HITS = 300
"""From here on, walking the index of when customers were seen is quicker than asking it for each hit. So it is for 500,000
customers; for fewer of them both are quick."""
_ALL = 1_000_000_000
"""A limit that nothing reaches. Written out, since a planner that does not know a limit expects a tenth of all rows."""

_CALLED_SO, _CALLED_ALMOST_SO = 4, 5
"""Their places, behind those of who has the very thing that was typed."""

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


Visits = Callable[[Sequence[str]], str]
"""The SELECT of who was seen lately in the stores that these placeholders stand for: `id`, and `at`, when that was last."""
MAX_STORES = 100
"""Stores of which visits are looked at; who asks for more is told by `Recency` alone."""


@dataclass(frozen=True, slots=True)
class QuickSearch:
    """What is looked for: customers who have the very code, e-mail address, phone number or unique attribute, and those in these
    columns of whose texts what was typed is found, of each the `limit` seen last; and if these are hardly any, those who are
    called almost so.
    There is a needle, a column, and a limit of 1 to 50. `given` is what the source is to be called with."""

    given: Sequence[Any]
    source: "Source"

    order = "found.place, found.at DESC, found.id DESC"
    """The order in which the source is to be read."""

    @classmethod
    def of(
        cls,
        query: str,
        first: int,
        include_archived: bool,
        columns: Sequence[str] = texts.NAMES_AND_CONTACT,
        recency: Recency = LAST_SEEN,
        *,
        country: str = "US",
        by_contact: bool | None = None,
        visits: "Visits | None" = None,
        stores: Sequence[str] = (),
    ) -> "QuickSearch | None":
        """The search for what has been typed, in a shop of this country; None if that can find nobody. `by_contact`: whether a
        whole e-mail address or phone number may find somebody; as the columns say, if it is not told. Whoever `visits` tells of
        in these stores was seen then, if that was later. Raises BadInput."""
        typed = read(query, country, "query")
        if not typed.parts or first < 1:
            return None
        by_attribute = "contact" in columns
        whole = exact.values_of(
            typed, by_contact=by_attribute if by_contact is None else by_contact, by_attribute=by_attribute
        )
        if code := exact.code_begun(typed):
            # Or `cust` would be found in every code, and the digits in somebody's telephone number.
            typed = replace(typed, parts=[[[code]]])
        guesses = guesses_of(typed)
        seen_in = stores if visits is not None and len(stores) <= MAX_STORES else ()
        source = Source(
            limit=min(first, MAX_QUICK_SEARCH),
            include_archived=include_archived,
            columns=columns,
            recency=recency,
            shape=typed.shape,
            whole=tuple(whole),
            guessed=tuple(guess.parts for guess in guesses),
            walk=MAX_WALK if len(typed.parts) == 1 and typed.parts[0][0][0].isalpha() else MAX_WALK_FOR_FEW,
            visits=visits if seen_in else None,
            stores=len(seen_in),
        )
        likely = [value for guess in guesses for value in (guess.word, guess.keys)]
        whole_values = (value for values in whole.values() for value in values)
        return cls([*whole_values, *typed.needles, *likely, *seen_in], source)


@dataclass(frozen=True, slots=True)
class Source:
    """A FROM item: customers `c` beside `found`, which tells when they were seen.

    For the ten seen last in whose names stands `jua`, on PostgreSQL and shortened (each step is materialized; `until` and `since`
    bound the copy):

        WITH uncopied AS (   -- whoever was seen since the copy was renewed: their texts are read where they stand
               SELECT id, at FROM (SELECT … FROM customer_stats WHERE active_at > until ORDER BY active_at DESC LIMIT 1000)
               CROSS JOIN customer_text t CROSS JOIN customer c WHERE strpos(t.names, 'jua') > 0 AND … LIMIT 10),
             near AS (       -- the first texts of the copy are read, if these thousand were all and fewer than ten were right
               SELECT id, at FROM (SELECT … FROM recent_text t WHERE seen_at <= until ORDER BY seen_at DESC LIMIT 1000)
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

    Beside these there are `whole`, those who have the very code, address or number, each looked up by its index; and, if what
    was typed may be mistyped, `almost`, those who are called almost so, with `few_almost` and `almost_in_order` behind it as
    `few` and `in_order` stand behind `hits`: begun only where hardly anybody was found. All of them have a `place`, which
    comes before the instant.
    """

    limit: int
    include_archived: bool
    columns: Sequence[str]
    recency: Recency
    shape: Shape
    whole: tuple[str, ...]
    """What all of it may be, as `exact` has it."""
    guessed: tuple[tuple[int, ...], ...]
    """Which parts of it may be mistyped."""
    walk: int
    """How many texts are read before an index is asked."""
    visits: Visits | None = None
    stores: int = 0
    """In how many stores visits count."""

    def __call__(self, values: Values, *given: Any) -> str:
        """The SQL that looks for what was given, in these stores if visits count; it is the same for as many others."""
        placeholders, engine = [values.bind(value) for value in given], values.dialect.engine
        bound, stores = iter(placeholders[: len(given) - self.stores]), placeholders[len(given) - self.stores :]
        whole = {kind: list(islice(bound, exact.VALUES[kind])) for kind in self.whole}
        needles = list(islice(bound, sum(sum(part.counts) for part in self.shape)))
        within = texts.containing(self.shape, needles, engine, self.columns)
        # Out of the planner's sight, which would weigh each needle by what it knows of all texts: dearer than the search is.
        hidden = [f"(SELECT {needle}::text)" for needle in needles] if engine == "postgres" else needles
        hits = texts.matching(self.shape, hidden, engine, self.columns)
        limit = self.limit
        latest = {"uncopied": self._uncopied(within, engine)}
        if self.recency.copied:
            copy_hits = texts.matching(
                self.shape, hidden, engine, self.columns, "recent_text", "t.customer_id AS id, t.seen_at AS at"
            )
            not_enough = f"(SELECT number FROM not_in_copy) <= {MAX_UNCOPIED} AND {_number_of('uncopied')} < {limit}"
            latest |= {
                "near": _if(not_enough, self._near(within, engine)),
                "copy_hits": _if(f"{not_enough} - {_number_of('near')}", f"{copy_hits} LIMIT {_ALL}"),
                "copied": self._copied,
            }
        ctes = {"not_in_copy": self._number_not_in_copy} if self.recency.copied else {}
        ctes |= latest | {
            "latest": " UNION ".join(f"SELECT * FROM {step}" for step in latest if step != "copy_hits"),
            "hits": _if(f"{_number_of('latest')} < {limit}", f"{hits} LIMIT {_ALL}"),
            **self._in_turn("hits", "few", "in_order"),
        }
        enough = f"SELECT * FROM latest WHERE {_number_of('latest')} >= {limit}"
        called_so = f"{enough} UNION ALL SELECT * FROM few UNION ALL SELECT * FROM in_order"
        if self.visits is not None:
            # Beside those who are first without them, and of both when they were seen later.
            ctes["visited"] = self._visited(self.visits(stores), within, values.dialect)
            called_so = f"SELECT id, max(at) AS at FROM ({called_so} UNION ALL SELECT * FROM visited) seen GROUP BY id"
        found = {_CALLED_SO: f"({called_so})"}
        if whole:
            ctes["whole"] = self._whole(exact.matching(whole, engine))
        if self.guessed:
            ctes |= self._almost(values, hidden, list(bound), found[_CALLED_SO])
            found[_CALLED_ALMOST_SO] = "(SELECT * FROM few_almost UNION ALL SELECT * FROM almost_in_order)"
        written = ", ".join(f"{name} AS MATERIALIZED ({sql})" for name, sql in ctes.items())
        every = [f"SELECT id, at, {place} AS place FROM {sql} x" for place, sql in found.items()]
        every += ["SELECT id, at, place FROM whole"] if whole else []
        cut = (
            f"SELECT id, max(at) AS at, min(place) AS place FROM ({' UNION ALL '.join(every)}) every GROUP BY id"
            f" ORDER BY 3, 2 DESC, 1 DESC LIMIT {limit}"
        )
        return f"(WITH {written} {cut}) found JOIN customer c ON c.id = found.id"

    def _whole(self, matching: str) -> str:
        """Those who have what was typed, whole, and when they were seen; some of them twice, if it may be two things."""
        seen = f"(SELECT s.{self.recency.at} FROM {self.recency.table} s WHERE s.{self.recency.key} = x.id)"
        return f"SELECT x.id, {seen} AS at, x.place FROM ({matching}) x WHERE {self._shown_by_id('x.id')}"

    def _almost(self, values: Values, needles: Sequence[str], guessed: Sequence[str], found: str) -> dict[str, str]:
        """Those who are called almost so, where hardly anybody is called so and nobody has it whole."""
        branches = [
            spelled(values, self.shape, needles, parts, guessed[2 * n], guessed[2 * n + 1], self.columns)
            for n, parts in enumerate(self.guessed)
        ]
        enough = LEAST_FOUND if len(self.shape) == 1 else 1
        condition = f"(SELECT count(*) FROM {found} x) < {min(enough, self.limit)}"
        if self.whole:
            condition += " AND NOT EXISTS (SELECT 1 FROM whole)"
        return {
            "almost": _if(condition, " UNION ".join(branches)),
            **self._in_turn("almost", "few_almost", "almost_in_order"),
        }

    def _in_turn(self, hits: str, few: str, in_order: str) -> dict[str, str]:
        """Of these hits those seen last, by one of two ways."""
        many = f"{_number_of(hits)} >= {MANY_HITS}"
        return {few: _if(f"NOT {many}", self._looked_up(hits)), in_order: _if(many, self._in_order(hits))}

    @property
    def _not_in_copy(self) -> str:
        """Whether an entry `s` of the order of all customers is to be read there, for all that is known of the copy."""
        return f"s.{self.recency.at} > {_UNTIL}" if self.recency.copied else "1=1"

    @property
    def _number_not_in_copy(self) -> str:
        """How many were seen last that are not in the copy, as far as it matters. In the order of the index: PostgreSQL, which
        does not know the bound when it plans, expects a third of all behind it, and would read the whole table for a few."""
        at, key = self.recency.at, self.recency.key
        some = f"SELECT 1 FROM {self.recency.table} s WHERE {self._not_in_copy} ORDER BY s.{at} DESC, s.{key} DESC"
        return f"SELECT count(*) AS number FROM ({some} LIMIT {MAX_UNCOPIED + 1}) x"

    def _uncopied(self, within: str, engine: Engine) -> str:
        """Those of these whose text is right. In this order of joins, to which SQLite keeps if they are CROSS."""
        table, key, at = self.recency.table, self.recency.key, self.recency.at
        source, among = _Latest(table, "s", at, key).read(MAX_UNCOPIED, self._not_in_copy, engine)
        conditions = [*among, f"t.customer_id = s.{key}", f"c.id = s.{key}", within, self._shown("c")]
        return (
            f"SELECT s.{key} AS id, s.{at} AS at FROM {source} CROSS JOIN customer_text t CROSS JOIN customer c"
            f" WHERE {' AND '.join(conditions)} ORDER BY s.{at} DESC, s.{key} DESC LIMIT {self.limit}"
        )

    def _visited(self, visits: str, within: str, dialect: Dialect) -> str:
        """Those who were seen lately in some stores whose text is right."""
        at = dialect.greatest("v.at", "c.created_at")
        conditions = ["t.customer_id = v.id", "c.id = v.id", within, self._shown("c")]
        return (
            f"SELECT v.id, {at} AS at FROM ({visits}) v CROSS JOIN customer_text t CROSS JOIN customer c"
            f" WHERE {' AND '.join(conditions)} ORDER BY 2 DESC, 1 DESC LIMIT {self.limit}"
        )

    def _near(self, within: str, engine: Engine) -> str:
        """Those at the copy's beginning whose text is right."""
        copy = _Latest("recent_text", "t", "seen_at", "customer_id")
        # Of what lies between two bounds PostgreSQL expects so little that it would rather sort all of it than walk.
        source, among = copy.read(self.walk, f"t.seen_at <= {_UNTIL}", engine)
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

    def _looked_up(self, hits: str) -> str:
        """When each hit was seen; and only as many of those seen last are read as it takes to find enough."""
        table, key, at = self.recency.table, self.recency.key, self.recency.at
        seen = f"SELECT h.customer_id AS id, (SELECT s.{at} FROM {table} s WHERE s.{key} = h.customer_id) AS at FROM {hits} h"
        ordered = f"(SELECT * FROM ({seen}) x ORDER BY at DESC, id DESC LIMIT {_ALL}) x"
        return (
            f"SELECT x.id, x.at FROM {ordered} WHERE {self._shown_by_id('x.id')}"
            f" ORDER BY x.at DESC, x.id DESC LIMIT {self.limit}"
        )

    def _in_order(self, hits: str) -> str:
        """Those seen last that are hits."""
        table, key, at = self.recency.table, self.recency.key, self.recency.at
        return (
            f"SELECT s.{key} AS id, s.{at} AS at FROM {table} s WHERE (s.{key} IN (SELECT customer_id FROM {hits})) IS TRUE"
            f" AND {self._shown_by_id(f's.{key}')} ORDER BY s.{at} DESC, s.{key} DESC LIMIT {self.limit}"
        )

    def _shown(self, alias: str) -> str:
        shown = "'ACTIVE', 'SUSPENDED', 'INACTIVE'" if self.include_archived else "'ACTIVE', 'SUSPENDED'"
        return f"{alias}.status IN ({shown})"

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
    source = search.source(values, *search.given)
    rows = await database.rows(f"SELECT {CUSTOMERS.column_list} FROM {source} ORDER BY {search.order}", *values.all)
    return [CustomerRow(*row) for row in rows]
