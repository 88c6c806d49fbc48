"""The limit: what answers the same questions with one fixed statement each, and does nothing else.

    python -m benchmarks.limit --url postgres://… --port 8001

No GraphQL, no permissions, no limits, no plugins; of a purchase neither idempotency key nor audit nor journal. It shows
how much of a request is the database, the web server and the wire.
"""

import argparse
import asyncio
import base64
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import orjson
import uvicorn

from benchmarks.limit_deduct import DEDUCT, deducted
from benchmarks.limit_sql import statements
from regulars_core.database.apps import engine_of, sqlite_path
from regulars_core.primitives.clock import NEVER, now
from regulars_core.primitives.ids import MAIN_STORE_ID, new_id

Fetch = Callable[[str, Sequence[Any]], Awaitable[str]]
_CONNECTIONS = 10
_PRAGMAS = {
    "busy_timeout": 5_000,
    "synchronous": "FULL",
    "cache_size": -16_000,
    "mmap_size": 134_217_728,
    "temp_store": "MEMORY",
    "foreign_keys": "ON",
}
"""Those that Regulars reads and writes with."""
_NEVER = f"({NEVER + 1} - 1)"

_LINES = "unnest($8::uuid[], $9::int[], $10::text[], $11::text[], $12::bigint[]) AS l (id, n, sku, name, total)"
RECORD = f"""
WITH buyer AS (SELECT id FROM customer WHERE code = $1),
bought AS (
    INSERT INTO purchase (id, reference, store_id, customer_id, purchased_at, recorded_at, status, currency,
        prices_include_tax, subtotal, discount, shipping, tax, total, refunded, digest)
    SELECT $2::uuid, $3, $4::uuid, buyer.id, $5::bigint, $5::bigint, 'PAID', 'USD', false, $6::bigint, 0, 0, 0,
        $6::bigint, 0, $7 FROM buyer RETURNING id, reference, total
),
lines AS (
    INSERT INTO purchase_line (id, purchase_id, position, sku, name, quantity, unit_price, discount, total,
        refunded_quantity)
    SELECT l.id, $2::uuid, l.n, l.sku, l.name, 1000000, l.total, 0, l.total, 0 FROM {_LINES}
),
gained AS (
    UPDATE customer_stats s SET total_spent = total_spent + $6::bigint, purchase_count = purchase_count + 1,
        first_purchase_at = CASE WHEN first_purchase_at = {_NEVER} THEN $5::bigint ELSE least(first_purchase_at, $5) END,
        last_purchase_at = greatest(last_purchase_at, $5::bigint), active_at = greatest(active_at, $5::bigint)
    FROM buyer WHERE s.customer_id = buyer.id
)
SELECT json_build_object('data', json_build_object('purchaseRecord', json_build_object('created', true, 'purchase',
    json_build_object('id', 'purchase_' || encode(uuid_send(id), 'hex'), 'reference', reference,
    'total', json_build_object('amount', (total * 0.01)::text)), 'userErrors', '[]'::json)))::text FROM bought
"""


def _cents(amount: str) -> int:
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def recorded(given: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of RECORD."""
    lines = given["lines"]
    totals = [_cents(line["unitPrice"]) for line in lines]
    names = [[line[name] for line in lines] for name in ("sku", "name")]
    return (
        given["customerCode"], new_id(), given["reference"], MAIN_STORE_ID, now(), sum(totals), "0" * 64,
        [new_id() for _ in lines], [*range(len(lines))], *names, totals,
    )  # fmt: skip


def read_values(operation: str, variables: Mapping[str, Any], engine: str) -> tuple[Any, ...]:
    """The values of a read's statement."""
    if operation == "Q1":
        return (variables["code"],)
    if operation == "Q3":
        return (variables["text"].rjust(3),)
    if variables["after"] is None:
        return (2**62, "f" * 32)
    return tuple(orjson.loads(base64.urlsafe_b64decode(variables["after"]))[1:])


class Limit:
    """The application. `/Q1` … `/M1` take what the clients of Regulars send to `/graphql`."""

    def __init__(self, url: str) -> None:
        self._url, self._engine = url, engine_of(url)
        self._statements = statements(self._engine)
        self._pool: Any = None
        self._threads = ThreadPoolExecutor(_CONNECTIONS if self._engine == "postgres" else 4)
        self._writing = ThreadPoolExecutor(1)
        self._spare: list[sqlite3.Connection] = []

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        operation = scope["path"][1:]
        answer = (await self._answer(operation, orjson.loads(body)["variables"]) if body else "{}").encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        if self._engine == "postgres":
            settings = {"jit": "off", "timezone": "UTC"}
            self._pool = await asyncpg.create_pool(
                self._url, min_size=_CONNECTIONS, max_size=_CONNECTIONS, server_settings=settings, reset=_as_it_is
            )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._pool:
            await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, operation: str, variables: Mapping[str, Any]) -> str:
        if self._pool:
            if operation == "M1":
                return str(await self._pool.fetchval(RECORD, *recorded(variables["input"])))
            if operation == "D1":
                return str(await self._pool.fetchval(DEDUCT, *deducted(variables["input"])))
            values = read_values(operation, variables, self._engine)
            return str(await self._pool.fetchval(self._statements[operation], *values))
        loop = asyncio.get_running_loop()
        if operation == "M1":
            return await loop.run_in_executor(self._writing, self._record, recorded(variables["input"]))
        values = read_values(operation, variables, self._engine)
        return await loop.run_in_executor(self._threads, self._read, self._statements[operation], values)

    def _connection(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            sqlite_path(self._url), isolation_level=None, check_same_thread=False, cached_statements=128
        )
        for pragma, value in _PRAGMAS.items():
            connection.execute(f"PRAGMA {pragma} = {value}")
        return connection

    def _read(self, sql: str, values: tuple[Any, ...]) -> str:
        connection = self._spare.pop() if self._spare else self._connection()
        try:
            return str(connection.execute(sql, values).fetchone()[0])
        finally:
            self._spare.append(connection)

    def _record(self, values: tuple[Any, ...]) -> str:
        """SQLite writes nothing inside a WITH, so these are three statements in a transaction."""
        code, id_, reference, store, at, total, digest, ids, places, skus, names, totals = values
        connection = self._spare.pop() if self._spare else self._connection()
        with_at = {"id": id_, "reference": reference, "store": store, "at": at, "total": total, "digest": digest}
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO purchase (id, reference, store_id, customer_id, purchased_at, recorded_at, status, currency,"
            " prices_include_tax, subtotal, discount, shipping, tax, total, refunded, digest) SELECT :id, :reference,"
            " :store, id, :at, :at, 'PAID', 'USD', false, :total, 0, 0, 0, :total, 0, :digest FROM customer"
            " WHERE code = :code",
            {**with_at, "code": code},
        )
        connection.executemany(
            "INSERT INTO purchase_line (id, purchase_id, position, sku, name, quantity, unit_price, discount, total,"
            " refunded_quantity) VALUES (?, ?, ?, ?, ?, 1000000, ?, 0, ?, 0)",
            [(line[0], id_, *line[1:], line[-1]) for line in zip(ids, places, skus, names, totals, strict=True)],
        )
        connection.execute(
            "UPDATE customer_stats SET total_spent = total_spent + :total, purchase_count = purchase_count + 1,"
            f" first_purchase_at = CASE WHEN first_purchase_at = {_NEVER} THEN :at ELSE min(first_purchase_at, :at) END,"
            " last_purchase_at = max(last_purchase_at, :at), active_at = max(active_at, :at)"
            " WHERE customer_id = (SELECT id FROM customer WHERE code = :code)",
            {"total": total, "at": at, "code": code},
        )
        connection.execute("COMMIT")
        self._spare.append(connection)
        bought = {
            "id": f"purchase_{id_}",
            "reference": reference,
            "total": {"amount": f"{total // 100}.{total % 100:02}"},
        }
        answer = {"created": True, "purchase": bought, "userErrors": []}
        return orjson.dumps({"data": {"purchaseRecord": answer}}).decode()


async def _as_it_is(_: Any) -> None:
    """Give a connection back without a reset, as Regulars does."""


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    uvicorn.run(
        Limit(chosen.url), host="127.0.0.1", port=chosen.port, ws="none", log_config=None, access_log=False,
        server_header=False, date_header=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
