"""A copy of the texts of the customers seen last, with an index of its own, which a quick search reads before it asks that of
all: so what it costs does not depend on how many customers there are.

The copy's span is what it is complete for: each customer last seen from `since` to `until` is in it, with that instant and the
customer's text. Whoever was seen after `until` is none of its business until it is renewed, which a job does, so that a sale
writes nothing for it. The rest is done by triggers, in the transaction that makes it necessary: a text that changes changes in
the copy, and who turns out to have been seen within the span, by a late receipt or a void, is put there. A row with another
instant than the customer's statistics is of no account.
"""

from collections.abc import AsyncIterator, Sequence
from functools import partial

from regulars_core.database import Database
from regulars_core.primitives.clock import NEVER, Instant, now

COPIED = 20_000
"""Customers in the copy: a word that one in two thousand has is found in it ten times."""
SETTLED_AFTER_MS = 30_000
"""After so long every visit is committed that was recorded as one of the present."""
_BATCH = 250
"""Customers who are put there at once: a sale to one of them waits as long, some 15 ms on PostgreSQL."""
_LISTED = 4
"""Batches after which PostgreSQL's index is brought up to date."""
_LOOKED_AT = 5_000  # customers whom a verification compares in one statement
_NOTABLE = 500
"""From so many new rows on, statistics of the copy are worth being made anew."""


async def renew(database: Database, number: int = COPIED) -> None:
    """Let the copy's span be that of so many customers seen last, up to half a minute ago. Whoever stops it half-way leaves the
    span as it was or, if it is to begin earlier, an empty one; and a copy that is right for it."""
    since, until = await _span(database, number)

    async def begin() -> None:
        # What is put there before the end of this must be kept by the triggers. A span that begins earlier than the
        # old one, because customers were removed, is not to be believed until it is filled.
        await database.run(
            f"UPDATE recent_text_span SET until = CASE WHEN $1 < since THEN {NEVER + 1} - 1 ELSE until END,"
            f" since = {database.dialect.least('since', '$1')}",
            since,
        )

    async def end() -> None:
        # Who was busy then, and who was seen within the span since we looked, of which SQLite's triggers did not know.
        await _put(database, await _missing(database, since, until), since, until)
        # Another process may have been quicker, and has removed what was before its span.
        if await database.run(
            "UPDATE recent_text_span SET since = $1, until = $2 WHERE until <= $3", since, until, until
        ):
            await database.run("DELETE FROM recent_text WHERE seen_at < $1", since)

    await database.transaction(begin)
    missing = await _missing(database, since, until)
    for batch, start in enumerate(range(0, len(missing), _BATCH), 1):
        ids = missing[start : start + _BATCH]
        await database.transaction(partial(_put, database, ids, since, until, skip=" SKIP LOCKED"))
        if batch % _LISTED == 0:
            await _index(database)
    await _index(database)
    await database.transaction(end)
    if len(missing) > _NOTABLE:
        # Whoever searched before has plans for a smaller copy, which would read all of this one.
        await database.transaction(partial(database.run, "ANALYZE recent_text"))


async def _span(database: Database, number: int) -> tuple[Instant, Instant]:
    """What the span is to be. By the database's clock, where the triggers go by that."""
    present = str(now())
    if database.engine == "postgres":
        present = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
    row = await database.row(
        "SELECT coalesce((SELECT active_at FROM customer_stats ORDER BY active_at DESC LIMIT 1 OFFSET $1),"
        f" {NEVER + 1} - 1), {present} - {SETTLED_AFTER_MS}",
        number - 1,
    )
    assert row is not None
    return row[0], row[1]


async def _missing(database: Database, since: Instant, until: Instant) -> Sequence[str]:
    rows = await database.rows(
        "SELECT s.customer_id FROM customer_stats s WHERE s.active_at BETWEEN $1 AND $2 AND NOT EXISTS"
        " (SELECT 1 FROM recent_text r WHERE r.customer_id = s.customer_id AND r.seen_at = s.active_at)"
        " ORDER BY s.customer_id",
        since,
        until,
    )
    return [row[0] for row in rows]


async def _put(database: Database, ids: Sequence[str], since: Instant, until: Instant, skip: str = "") -> None:
    """Put customers into the copy, as far as they belong into the span. They are locked first: what is changed about them
    meanwhile is seen, or comes later. Whoever skips those that somebody else is changing makes nobody wait for that."""
    locked = database.dialect.lock_rows
    await database.run(
        "INSERT INTO recent_text (customer_id, seen_at, names, contact) SELECT * FROM ("
        "SELECT s.customer_id, s.active_at, t.names, t.contact FROM customer_stats s"
        f" JOIN customer_text t ON t.customer_id = s.customer_id WHERE {database.dialect.among('s.customer_id', 1)}"
        f" AND s.active_at BETWEEN $2 AND $3 ORDER BY s.customer_id{locked and locked + skip}) x WHERE 1=1"
        " ON CONFLICT (customer_id) DO UPDATE SET seen_at = excluded.seen_at",
        ids,
        since,
        until,
    )


async def _index(database: Database) -> None:
    """PostgreSQL's trigram indexes take many rows at once for a fifth of what it takes for each, but first they only list them,
    and every search reads that list. Whoever does not own them leaves it to the autovacuum."""
    if database.engine == "postgres":
        flush = (
            "SELECT gin_clean_pending_list(oid::regclass) FROM pg_class WHERE oid = ANY (ARRAY["
            "'recent_text_names', 'recent_text_contact']::regclass[]) AND pg_has_role(relowner, 'USAGE')"
        )
        await database.transaction(partial(database.rows, flush))


async def differences(database: Database) -> AsyncIterator[str]:
    """The ids of customers of whom the copy does not say what it should; some thousands are looked at in one statement."""
    last = "0" * 32
    some = "SELECT customer_id FROM customer_stats WHERE customer_id > $1 ORDER BY customer_id LIMIT $2"
    among = "customer_id > $1 AND {0}.customer_id <= $2"
    while ids := [row[0] for row in await database.rows(some, last, _LOOKED_AT)]:
        rows = await database.rows(
            "SELECT s.customer_id FROM customer_stats s"
            f" JOIN customer_text t ON t.customer_id = s.customer_id AND t.{among.format('t')}"
            f" LEFT JOIN recent_text r ON r.customer_id = s.customer_id AND r.{among.format('r')}"
            f" WHERE s.{among.format('s')} AND (r.names <> t.names OR r.contact <> t.contact"
            " OR EXISTS (SELECT 1 FROM recent_text_span p"
            " WHERE s.active_at BETWEEN p.since AND p.until AND (r.seen_at IS NULL OR r.seen_at <> s.active_at)))"
            " ORDER BY s.customer_id",
            last,
            ids[-1],
        )
        for row in rows:
            yield row[0]
        last = ids[-1]
