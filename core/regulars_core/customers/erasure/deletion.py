"""Deleting a customer: only one that nothing refers to, such as one registered by mistake."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from regulars_core.audit import changed
from regulars_core.customers.changes import locked_customer
from regulars_core.customers.erasure.holders import Holders
from regulars_core.customers.erasure.reads import scheduled_erasures
from regulars_core.customers.erasure.requests import close
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.queries.locks import lock
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class CustomerReferenced(Problem):
    """Something refers to the customer: how much of it, by kind."""

    counts: Mapping[str, int] = field(default_factory=dict)


async def delete_customer(shop: Shop, customer_id: str, expected: int | None = None) -> None:
    """Delete a customer; what plugins keep of one that nothing refers to goes with it. An erasure that was scheduled is
    cancelled.

    Raises Refused: NOT_FOUND, VERSION_CONFLICT, CUSTOMER_REFERENCED. Raises CatchingUp while a plugin that is asked is behind.
    """
    holders = await Holders.of(shop)

    async def work() -> None:
        database = shop.database
        if database.engine == "postgres":
            # Stronger than our locks otherwise are: nobody may refer to the customer between the count and the end.
            await database.rows("SELECT 1 FROM customer WHERE id = $1 FOR UPDATE", customer_id)
        key = (await locked_customer(shop, customer_id, expected=expected))["id"]
        if counts := await holders.references(shop, key):
            listed = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
            message = f"Something refers to the customer ({listed}); put the customer away, or have them erased."
            raise Refused(CustomerReferenced("CUSTOMER_REFERENCED", message, ("id",), counts))
        for erasure_id in (await scheduled_erasures(database, [key])).values():
            await lock(database, "erasure", [erasure_id])
            await close(shop, erasure_id)
        await holders.erase(shop, [key])
        await database.run("DELETE FROM customer WHERE id = $1", key)
        changed({})

    await shop.database.transaction(work)
