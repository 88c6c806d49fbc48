#!/usr/bin/env bash
# A value that asyncpg cannot send keeps a session of PgBouncer's for a client that does nothing any more.
#
# Expected: a statement whose value is of the wrong type fails in the program, by a DataError, before anything was done; PgBouncer in
#   transaction mode has the session back, since nobody is in a transaction, and others go on. statement_cache_size=0 is what both
#   projects say this mode needs, and it is set.
# Seen: PostgreSQL has parsed the statement by then. asyncpg asks it to by Parse, Describe and Flush, and sends the Sync that would end
#   that together with the values, which never come. For PgBouncer the session is at work until the client says something else. So it
#   stays for a connection that is kept, and for one that goes back into a pool whose reset query is empty, there being no session to
#   reset: a few mistyped values, and every other client waits for query_wait_timeout, two minutes. The next statement on that
#   connection, whichever it is, gives the session back.
# With: asyncpg 0.32.0, PgBouncer 1.18.0, PostgreSQL 15 (the programs of both must be installed), Python 3.11.
# Source: https://www.postgresql.org/docs/15/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
set -euo pipefail

folder=$(mktemp -d)
programs=$(pg_config --bindir)
as=()
if [[ $(id -u) == 0 ]]; then
    as=(runuser -u postgres --)
    chown postgres "$folder"
fi
cd "$folder"
pooler=
trap '[[ -z $pooler ]] || kill "$pooler" || true; "${as[@]}" "$programs/pg_ctl" -D "$folder/data" -m immediate stop > /dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check asyncpg==0.32.0
"${as[@]}" "$programs/initdb" -D "$folder/data" -U postgres -A trust > /dev/null
"${as[@]}" "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$folder'" start > /dev/null

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
echo '"postgres" ""' > users
cat > pooler.ini <<INI
[databases]
postgres = host=$folder
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = trust
auth_file = $folder/users
pool_mode = transaction
default_pool_size = 1
INI
PATH=$PATH:/usr/sbin
"${as[@]}" pgbouncer -q pooler.ini 2> pooler.log &
pooler=$!
until "$programs/pg_isready" -q -h 127.0.0.1 -p "$port"; do sleep 0.1; done

cat > kept.py <<'PY'
import asyncio
import sys

import asyncpg


class Short(asyncpg.Connection):
    def get_reset_query(self) -> str:
        return ""


async def main() -> None:
    options = {"host": "127.0.0.1", "port": sys.argv[1], "user": "postgres", "statement_cache_size": 0}
    pool = await asyncpg.create_pool(**options, min_size=1, max_size=1, connection_class=Short)
    other = await asyncpg.connect(**options)

    async def waits() -> bool:
        try:
            return await other.fetchval("SELECT 1", timeout=3) != 1
        except TimeoutError:
            return True

    assert not await waits()
    try:
        await pool.fetchval("SELECT 1 / $1::int", 0)
    except asyncpg.DivisionByZeroError:
        after_an_error = await waits()
    try:
        await pool.fetchval("SELECT $1::int", "seven")
    except asyncpg.DataError as error:
        print(error)
    kept = await waits()
    other.terminate()
    await pool.execute("SELECT 1")
    other = await asyncpg.connect(**options)
    given_back = not await waits()
    print(f"others wait: after an error of PostgreSQL's {after_an_error}, after one of asyncpg's {kept}, after the next statement {not given_back}")
    assert (after_an_error, kept, given_back) == (False, True, True)
    await other.close()
    await pool.close()


asyncio.run(main())
PY
venv/bin/python kept.py "$port"
