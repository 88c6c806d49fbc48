"""What was read and is audited: written down once for a request, when its answer is known and before it is sent."""

from collections.abc import Iterator

from regulars_core.audit import Change, writing
from regulars_core.database import StoppedForLength, Unavailable, Write
from regulars_core.primitives.errors import TimedOut, logged
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.types.ids import global_id


async def write_reads(context: GraphQLContext) -> None:
    """Write down what the request has noted by `note_read`. Raises Unavailable where that cannot be done: nobody sees what is not
    written down. But what a mutation has done is told in any case, the first time and again, and the log says what is missing.
    """
    request = context.request
    if not request.audited:
        return
    database, written = request.database, list(_rows(request))
    try:
        await request.in_time(lambda: database.transaction(lambda: database.defer(written)))
    except Exception as error:
        if context.operation[0] == "mutation":
            logged(error, "the audit of what was read")
        elif isinstance(error, Unavailable | StoppedForLength | TimedOut):
            raise Unavailable("What was read could not be written down in the audit.") from error
        else:
            raise


def _rows(request: RequestContext) -> Iterator[Write]:
    """A row for each permission that was used: about the one object that was read, or with the ids of all."""
    for (permission, kind), keys in request.audited.items():
        several: dict[str, Change] = {f"{kind}Ids": (None, " ".join(global_id(kind, key) for key in keys))}
        yield writing(
            key=(request.actor.key_id, request.actor.name),
            action=permission,
            entities=[(kind, key) for key in keys] if len(keys) == 1 else [],
            changes={} if len(keys) == 1 else several,
            request_id=request.request_id,
        )
