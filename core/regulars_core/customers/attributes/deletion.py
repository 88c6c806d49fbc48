"""Taking a declared attribute away: at once where few customers have a value of it, and by a bulk job where they are many."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from regulars_core import audit
from regulars_core.audit import changed
from regulars_core.bulk.reads import BulkJobRow
from regulars_core.bulk.service import open_bulk_job, request_bulk_job
from regulars_core.bulk.tasks import BulkBatch, BulkStep, BulkTask, Input
from regulars_core.customers.attributes.declarations import values_there
from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.database import Database
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.queries.locks import lock_where
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

MAX_AT_ONCE = 1_000
"""Values that go within an answer."""
TASK = "ATTRIBUTE_DELETE"
UsersOf = Callable[[Shop, str], Awaitable[Sequence[str]]]
"""Who asks for the attribute of a name, as people call them: `regulars_core.audiences.usage.users_of`, which stands above."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of it: so many values have gone with the attribute, or a job will take it away."""

    count: int
    job: BulkJobRow | None = None


async def delete_attribute(
    shop: Shop, name: str, users_of: UsersOf, by: Actor, *, with_values: bool = False
) -> Deletion:
    """Take a declared attribute away. Where many customers have a value of it, a job takes these, and then the attribute: until
    then it is there, and can be given; asked again meanwhile, it is the same job. Raises Refused: NOT_FOUND, ATTRIBUTE_IN_USE,
    and VALUES_EXIST unless they are to go with it."""
    database = shop.database

    async def work() -> Deletion:
        rows = await lock_where(database, TABLE, "name = $1", [name], ("id",))
        if not rows:
            raise Refused(Problem("NOT_FOUND", "The shop has declared no attribute of this name.", ("name",)))
        id_, problems = rows[0][0], await _in_use(shop, name, users_of)
        count = await values_there(database, id_)
        if count and not with_values:
            have = "A customer has a value of it." if count == 1 else f"{count} customers have values of it."
            problems.append(Problem("VALUES_EXIST", have, ("deleteValues",)))
        if problems:
            raise Refused(*problems)
        if count > MAX_AT_ONCE:
            given = {"attribute": id_}
            job = await open_bulk_job(database, TASK, given) or await request_bulk_job(shop, TASK, given, by)
            return Deletion(0, job)
        await _delete_values(database, id_, MAX_AT_ONCE)
        await database.run(f"DELETE FROM {TABLE} WHERE id = $1", id_)
        changed({"name": (name, None)})
        return Deletion(count)

    return await database.transaction(work)


async def _in_use(shop: Shop, name: str, users_of: UsersOf) -> list[Problem]:
    users = await users_of(shop, name)
    return [Problem("ATTRIBUTE_IN_USE", f"It is asked for by: {', '.join(users)}.", ("name",))] if users else []


async def _delete_values(database: Database, definition_id: str, most: int) -> int:
    some = "SELECT id FROM customer_attribute WHERE definition_id = $1 ORDER BY value_key, customer_id LIMIT $2"
    return await database.run(f"DELETE FROM customer_attribute WHERE id IN ({some})", definition_id, most)


def deletion_task(users_of: UsersOf) -> BulkTask:
    """The bulk task."""

    async def step(shop: Shop, batch: BulkBatch) -> BulkStep:
        """Take some values away; after the last one the attribute goes, unless something asks for it by now."""
        database, id_ = shop.database, batch.input["attribute"]
        rows = await lock_where(database, TABLE, "id = $1", [id_], ("name",))
        if not rows:
            return BulkStep(None)
        if problems := await _in_use(shop, rows[0][0], users_of):
            raise Refused(*problems)
        if gone := await _delete_values(database, id_, batch.most):
            return BulkStep("values", gone, {"changed": gone})
        await database.run(f"DELETE FROM {TABLE} WHERE id = $1", id_)
        about = {"name": (rows[0][0], None)}
        await database.defer(
            [audit.writing(key=batch.key, action="customerAttributeDelete", entities=[], changes=about)]
        )
        return BulkStep(None)

    async def total(shop: Shop, given: Input) -> int | None:
        return await values_there(shop.database, given["attribute"])

    return BulkTask(TASK, "Takes the values of an attribute away, and then the attribute.", step, total)
