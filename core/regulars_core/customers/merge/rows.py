"""Rows that went over to a survivor: noted when they go, and given back when the merge is undone."""

from collections.abc import Mapping, Sequence

from regulars_core.database import Database

PURCHASE, NOTE, ALIAS = "PURCHASE", "NOTE", "ALIAS"


async def move_all(database: Database, merge_id: str, kind: str, table: str, column: str, survivor_id: str) -> None:
    """Give all rows of a table whose `column` names somebody whom the merge absorbs to the survivor, and note whose they were."""
    absorbed = "SELECT customer_id FROM customer_merge_absorbed WHERE merge_id = $1"
    await database.run(
        "INSERT INTO customer_merge_row (merge_id, kind, row_id, owner_id, is_returned)"
        f" SELECT $1, $2, id, {column}, {_FALSE[database.engine]} FROM {table} WHERE {column} IN ({absorbed})",
        merge_id,
        kind,
    )
    await database.run(f"UPDATE {table} SET {column} = $2 WHERE {column} IN ({absorbed})", merge_id, survivor_id)


async def give_back(database: Database, merge_id: str, kind: str, table: str, column: str, survivor_id: str) -> None:
    """Give back what a merge has moved, as far as it is the survivor's still."""
    engine = database.engine
    # One by one by its key: of rows that were noted just now PostgreSQL knows no number, and would look through everything that
    # the survivor has for each of them.
    it = f"SELECT x.{column} FROM {table} x WHERE x.id = customer_merge_row.row_id{_AS_IT_STANDS[engine]}"
    theirs = f"SELECT 1 FROM ({it}) t WHERE t.{column} = $3"
    await database.run(
        f"UPDATE customer_merge_row SET is_returned = {_TRUE[engine]} WHERE merge_id = $1 AND kind = $2 AND EXISTS ({theirs})",
        merge_id,
        kind,
        survivor_id,
    )
    await database.run(
        f"UPDATE {table} SET {column} = r.owner_id FROM customer_merge_row r"
        f" WHERE r.merge_id = $1 AND r.kind = $2 AND r.is_returned AND r.row_id = {table}.id",
        merge_id,
        kind,
    )


_AS_IT_STANDS = {"postgres": " OFFSET 0", "sqlite": ""}
_TRUE = {"postgres": "TRUE", "sqlite": "1"}
_FALSE = {"postgres": "FALSE", "sqlite": "0"}


async def noted(
    database: Database, merge_ids: Sequence[str], kind: str, *, returned: bool = False
) -> Mapping[str, Mapping[str, str]]:
    """Of each merge whose each row of a kind was before it; with `returned`, of those that were given back alone."""
    found: dict[str, dict[str, str]] = {merge_id: {} for merge_id in merge_ids}
    if found:
        only = " AND is_returned" if returned else ""
        for merge_id, row_id, owner in await database.rows(
            "SELECT merge_id, row_id, owner_id FROM customer_merge_row"
            f" WHERE kind = $2 AND {database.dialect.among('merge_id', 1)}{only} ORDER BY row_id",
            list(found),
            kind,
        ):
            found[merge_id][row_id] = owner
    return found
