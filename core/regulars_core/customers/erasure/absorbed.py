"""Which records are one person's, because they were merged."""

from collections.abc import Mapping, Sequence

from regulars_core.database import Database


async def survivors_of(database: Database, customer_ids: Sequence[str]) -> Mapping[str, str]:
    """The record into which each of these was merged in the end, by its id; the record itself where it was not. No record is
    merged into another one yet."""
    del database
    return {id_: id_ for id_ in customer_ids}


async def absorbed_by(database: Database, customer_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The records that were merged into each of these, by its id, those that were merged into them too. No record is yet."""
    del database
    return dict.fromkeys(customer_ids, ())


async def forget_undo(database: Database, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """Empty what is kept to undo a merge of these, in the caller's transaction; how many rows, by their table. Nothing is
    kept yet."""
    del database, customer_ids
    return {}
