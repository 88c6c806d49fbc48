"""What is known of customers by their notes, and stays so without these."""

from collections.abc import Collection

from regulars_core.database import Database
from regulars_core.queries.locks import lock_where


async def keep_heard(database: Database, note_ids: Collection[str]) -> None:
    """Let whom these notes are about count as heard of when they were last changed, in the caller's transaction, which deletes
    them: or a customer who wrote lately would be due for erasure, since the notes are gone. Nobody's version moves. To be
    called before the notes are locked, as a merge locks them after customers."""
    ids = sorted(note_ids)
    if not ids:
        return
    notes = f"customer_note n WHERE {database.dialect.among('n.id', 1)}"
    if len(ids) > 1:  # one is locked by being changed, many are in their order
        await lock_where(database, "customer", f"id IN (SELECT n.customer_id FROM {notes})", [ids])
    theirs = f"FROM {notes} AND n.customer_id = customer.id AND n.updated_at > customer.updated_at"
    await database.run(
        f"UPDATE customer SET updated_at = (SELECT max(n.updated_at) {theirs})"
        f" WHERE id IN (SELECT n.customer_id FROM {notes}) AND EXISTS (SELECT 1 {theirs})",
        ids,
    )
