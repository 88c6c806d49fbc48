"""A plugin whose fields never end, over statements of the database that never do."""

import strawberry

from regulars_core.hookspecs import hookimpl
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, Query
from regulars_schema.fields.declarations import mutation, root
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload

SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgres": "SELECT pg_sleep(60)",
}


@strawberry.type(description="What a slow mutation answers.")
class SlowPayload(Payload):
    done: bool = strawberry.field(default=False, description="Whether it was.")


@strawberry.input(description="What a slow mutation takes.")
class SlowInput(IdempotentInput):
    name: str = strawberry.field(description="The name that it gives to a store.")
    wait: bool = strawberry.field(description="Whether it never ends.")


async def slow(context: RequestContext) -> int:
    [row] = await context.database.rows(SLOW[context.database.engine])
    return int(row[0] or 0)


async def broken(context: RequestContext) -> int:
    raise LookupError("Ana's number is +52 55 1234 5678")


async def write(context: RequestContext, *, input: SlowInput) -> SlowPayload:
    await context.database.run("UPDATE store SET name = $1 WHERE code = 'MAIN'", input.name)
    if input.wait:
        await slow(context)
    return SlowPayload(done=True)


@hookimpl
def regulars_schema() -> Contribution:
    """The fields."""
    fields = [
        root(slow, name="slow", returns=int | None, description="Never ends."),
        root(broken, name="broken", returns=int | None, description="Breaks."),
    ]
    mutations = [mutation(write, name="slowWrite", description="Writes, and may never end.")]
    return Contribution("slow", extensions=[Extension(Query, fields), Extension(Mutation, mutations)])
