"""What sessions of PostgreSQL's are set to, and whether somebody stands between us and them."""

from collections.abc import Sequence
from typing import Any

from regulars_core.database.database import Database
from regulars_core.database.postgres.connection import SETTINGS_OF_THE_ROLE


async def settings_amiss(database: Database) -> Sequence[str]:
    """The statements that give the role what its sessions should be set to and are not."""
    names = list(SETTINGS_OF_THE_ROLE)
    rows = await database.rows(
        "SELECT n.name, current_setting(n.name), quote_ident(current_user) FROM unnest($1::text[]) AS n(name)", names
    )
    return [
        f"ALTER ROLE {role} SET {name} = '{SETTINGS_OF_THE_ROLE[name]}'"
        for name, value, role in rows
        if value != SETTINGS_OF_THE_ROLE[name]
    ]


async def is_pooled(database: Database) -> bool:
    """Whether whoever answers is another process than the one that was connected to: a pooler gives itself for it. Raises
    Unavailable."""
    engine: Any = database._root
    connection = await engine.acquire()
    well = False
    try:
        row = await connection.fetchrow("SELECT pg_backend_pid()")
        well = True
    finally:
        await engine._pool.release(connection, well=well)
    return bool(row[0] != connection.get_server_pid())
