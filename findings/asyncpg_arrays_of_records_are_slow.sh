#!/usr/bin/env bash
# asyncpg reads rows that are packed into an array several times more slowly than the same rows, and than the same as JSON.
#
# Expected: one row that holds an array of 30,000 records takes about what 30,000 rows take, at most twice: it is the same values in
#   the same binary form, and one row's overhead less. To gather what belongs together (the lines of each purchase) in the statement
#   is what SQL has arrays for.
# Seen: about six times as long; with texts among the columns, seven. As one JSON text, parsed by json, whole numbers take no longer
#   than as rows.
# With: asyncpg 0.32.0, PostgreSQL 15 (its programs must be installed), Python 3.11. Ratios of the best of five, with wide margins.
# Source: https://magicstack.github.io/asyncpg/current/usage.html#type-conversion
set -euo pipefail

folder=$(mktemp -d)
programs=$(pg_config --bindir)
as=()
if [[ $(id -u) == 0 ]]; then
    as=(runuser -u postgres --)
    chown postgres "$folder"
fi
cd "$folder"
trap '"${as[@]}" "$programs/pg_ctl" -D "$folder/data" -m immediate stop > /dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check asyncpg==0.32.0
"${as[@]}" "$programs/initdb" -D "$folder/data" -U postgres -A trust > /dev/null
"${as[@]}" "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$folder'" start > /dev/null

cat > packed.py <<'PY'
import asyncio
import json
import sys
import time

import asyncpg

LINES = "SELECT " + ", ".join(f"n + {column} AS c{column}" for column in range(14)) + " FROM generate_series(1, 30000) n"


async def main() -> None:
    connection = await asyncpg.connect(host=sys.argv[1], user="postgres", database="postgres")

    async def best(sql: str, *, parsed: bool = False) -> float:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            rows = await connection.fetch(sql)
            if parsed:
                json.loads(rows[0][0])
            times.append(time.perf_counter() - began)
        return min(times)

    rows = await best(LINES)
    array = await best(f"SELECT ARRAY(SELECT q FROM ({LINES}) q)")
    text = await best(f"SELECT json_agg(q) FROM ({LINES}) q", parsed=True)
    print(f"as rows 1.0, as an array of records {array / rows:.1f}, as one JSON text {text / rows:.1f}")
    assert array > 3 * rows
    assert array > 2 * text
    await connection.close()


asyncio.run(main())
PY
venv/bin/python packed.py "$folder"
