"""The header by which a client says how far it has seen, and is told how far it has written.

    Regulars-Position: 16/B374D848

Where there is a replica, who sends the header is answered from no earlier than that, and by a mutation is told the position after
it. Who sends none is answered from no earlier than now, for which the primary is asked; `0/0` is content with anything.
"""

import asyncio
from collections.abc import Mapping

from regulars_core.database import Database, Unavailable
from regulars_core.database.replica import bytes_of, position_of
from regulars_server.http.errors import HttpError

HEADER = "Regulars-Position"
_SECONDS = 1.0


def position_in(headers: Mapping[str, str], database: Database) -> str | None:
    """The position that a request brings, if it does and there is a replica. Raises HttpError for what is none."""
    sent = headers.get(HEADER.lower())
    if sent is None or database.replica is None:
        return None
    try:
        bytes_of(sent)
    except ValueError as error:
        raise HttpError(400, "BAD_REQUEST", f"{HEADER}: {error}") from None
    return sent


async def position_header(database: Database) -> list[tuple[bytes, bytes]]:
    """The header of an answer to who has written. Nothing where the primary does not say it in time: what was asked for is done,
    and a client that sends no position sees it, too."""
    try:
        async with asyncio.timeout(_SECONDS):
            return [(HEADER.lower().encode(), (await position_of(database)).encode())]
    except (Unavailable, TimeoutError):
        return []
