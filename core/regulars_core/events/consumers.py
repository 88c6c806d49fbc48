"""After the commit: who wants to hear of what has happened, outside of anybody's transaction.

A consumer is told of the journal's entries at least once, in the order in which they were committed, from the moment on at which
it was first there. Its place is kept; whoever is killed goes on from there, and is told again of what had been told but not been
noted. Mail, webhooks and other systems hang here, never inside a transaction.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence

from regulars_core.events.journal import JournalEntry
from regulars_core.events.replay import begin_cursor, entries_after, give_positions
from regulars_core.jobs.jobs import Job
from regulars_core.shop.shop import Shop

_OF_JOB = "job:"  # before the name of a consumer that has a place in the journal; plugins have theirs without
MAX_NAME = 40 - len(_OF_JOB)
"""Characters of a consumer's name."""
Consume = Callable[[Shop, Sequence[JournalEntry]], Awaitable[None]]
"""What is told of entries, some at a time."""


def consumer(name: str, description: str, events: Collection[str], consume: Consume, every_seconds: int = 10) -> Job:
    """A job that tells `consume` of these events after they were committed; a plugin lists it among its jobs.

    `name` is the job's, such as `birthday-mail`, and the consumer's place goes by it: whoever is called otherwise begins
    anew. What `consume` raises is logged, and the same entries are told again later; none behind them is told before. From then
    on they are told one by one until they are taken: those before one that fails are told twice, and not for ever. It gets ids
    alone: rows are read as they are by then, and may be gone. `every_seconds` is how long it may take until it is told. Raises
    ValueError for a name that is too long.
    """
    if len(name) > MAX_NAME:
        raise ValueError(f"The name of a consumer has at most {MAX_NAME} characters: '{name}' has {len(name)}.")

    cursor, one_by_one = f"{_OF_JOB}{name}", False

    async def tell(shop: Shop) -> None:
        nonlocal one_by_one
        await give_positions(shop)
        await shop.database.transaction(lambda: begin_cursor(shop, cursor))
        place = await _place(shop, cursor)
        while entries := await entries_after(shop.database, place):
            for some in [[entry] for entry in entries] if one_by_one else [entries]:
                wanted = [entry for entry in some if entry.event in events]
                try:
                    await consume(shop, wanted) if wanted else None
                except Exception:
                    one_by_one = True
                    raise
                place = some[-1].position
                await _note(shop, cursor, place)
            one_by_one = False

    return Job(name, description, every_seconds, tell)


async def _place(shop: Shop, cursor: str) -> int:
    row = await shop.database.row("SELECT position FROM journal_cursor WHERE plugin = $1", cursor)
    return int(row[0]) if row else 0


async def _note(shop: Shop, cursor: str, place: int) -> None:
    forward = "UPDATE journal_cursor SET position = $2 WHERE plugin = $1 AND position < $2"
    await shop.database.transaction(lambda: shop.database.run(forward, cursor, place))
