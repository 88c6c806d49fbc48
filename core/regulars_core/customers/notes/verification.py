"""Proving that notes are as urgent as they are listed."""

from collections.abc import AsyncIterator

from regulars_core.customers.notes.rules import URGENCY
from regulars_core.database import Database


async def differences(database: Database) -> AsyncIterator[str]:
    """Notes that are ordered by another urgency than their priority and time give, and those that are done and open at once."""
    wrong = f"urgency <> {URGENCY}"
    rows = await database.rows(
        f"SELECT id, {wrong} FROM customer_note WHERE {wrong} OR (is_open = $1 AND done_at IS NOT NULL) ORDER BY id LIMIT 100",
        True,
    )
    for id_, is_misplaced in rows:
        yield f"note_{id_}: {'its place in the order of urgency is wrong' if is_misplaced else 'it is done, and open'}"
