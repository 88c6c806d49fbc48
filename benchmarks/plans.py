"""How the engines walk: the plan of every statement that a read runs, in a form that does not change from run to run."""

import re
from collections.abc import Sequence
from typing import Any

from regulars_core.database import Database, Dialect

_VALUES = re.compile(r"'[^']*'(::[\w\" ]+(\[\])?)?|\b\d{6,}\b|'\{[^}]*\}'")


class Watched:
    """A database that answers as usual and keeps the statements it was asked, for explaining them afterwards."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.dialect: Dialect = database.dialect
        self.engine = database.engine
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    async def rows(self, sql: str, *values: Any) -> Sequence[Any]:
        """As Database.rows."""
        self.asked.append((sql, values))
        return await self.database.rows(sql, *values)

    async def row(self, sql: str, *values: Any) -> Any | None:
        """As Database.row."""
        found = await self.rows(sql, *values)
        return found[0] if found else None

    async def explained(self) -> list[str]:
        """The plans of what was asked since the last time, one text for each statement."""
        asked, self.asked = self.asked, []
        return [await plan(self.database, sql, values) for sql, values in asked]


async def plan(database: Database, sql: str, values: Sequence[Any]) -> str:
    """The plan of one statement, without costs and values."""
    if database.engine == "postgres":
        lines = [row[0] for row in await database.rows(f"EXPLAIN (COSTS OFF) {sql}", *values)]
    else:
        depth: dict[int, int] = {0: 0}
        lines = []
        for id_, parent, _, detail in await database.rows(f"EXPLAIN QUERY PLAN {sql}", *values):
            depth[id_] = depth[parent] + 1
            lines.append("  " * depth[parent] + detail)
    return "\n".join(_VALUES.sub("…", line) for line in lines)
