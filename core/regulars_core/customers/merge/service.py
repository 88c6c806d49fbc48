"""Making customers one: all of it in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from regulars_core.audit import changed
from regulars_core.customers.aliases import MERGED, hold
from regulars_core.customers.changes import replace_addresses, update_texts
from regulars_core.customers.merge.attributes import hand_over
from regulars_core.customers.merge.forecasts import Forecast, Wanted, forecast
from regulars_core.customers.merge.plan import Plan
from regulars_core.customers.merge.reads import merges_done
from regulars_core.customers.merge.rows import ALIAS, NOTE, move_all
from regulars_core.customers.merge.snapshots import Snapshot, keep
from regulars_core.customers.registration import insert_tags
from regulars_core.customers.sealed import kept_beside, kept_columns, opened_columns
from regulars_core.database import Database
from regulars_core.events.ahead import MERGED_EVENT
from regulars_core.events.events import announce
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.text import camel
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock, lock_where
from regulars_core.shop.shop import Shop

_MERGE = ("id", "survivor_id", "merged_at", "merged_by", "fingerprint", "moved")


async def merge(shop: Shop, wanted: Wanted, by: str, fingerprint: str | None = None) -> str:
    """Make customers one, and answer the id of the merge; `by` is the name of who does it. Raises Refused with everything that
    stands against it, and MERGE_CHANGED where a fingerprint is given that is of another state.

    Customers are locked first, then what they bought, then their statistics, as whoever else changes any of it does. A sale that
    is under way to one of them finds the statistics changed and runs again, for the survivor.
    """

    async def work() -> str:
        await lock_everything(shop.database, wanted.customer_ids, wanted.absorbed_ids)
        found = await forecast(shop, wanted)
        if found.row.obstacles:
            raise Refused(*found.row.obstacles)
        if fingerprint is not None and fingerprint != found.row.fingerprint:
            message = "Something has changed since the preview; look at it again."
            raise Refused(Problem("MERGE_CHANGED", message, ("fingerprint",)))
        merge_id, at = new_id(), now()
        await hold(shop.database, wanted.customer_ids)
        await _write(shop, merge_id, at, by, found)
        return merge_id

    return await shop.database.transaction(work)


async def lock_everything(database: Database, customer_ids: Sequence[str], buyers: Sequence[str]) -> None:
    """Lock customers, the purchases of these buyers, and all statistics, in this order."""
    await lock(database, "customer", customer_ids)
    await lock_where(database, "purchase", database.dialect.among("customer_id", 1), [sorted(buyers)])
    await lock(database, "customer_stats", customer_ids, key="customer_id")


async def _write(shop: Shop, merge_id: str, at: Instant, by: str, found: Forecast) -> None:
    database, planned, row = shop.database, found.plan, found.row
    assert planned is not None
    assert found.merge is not None
    survivor, ids = row.survivor_id, list(row.absorbed_ids)
    told = (
        merge_id,
        survivor,
        at,
        by,
        row.fingerprint,
        orjson.dumps({kind: [one.count, one.needs] for kind, one in row.moved.items()}).decode(),
    )
    await insert(database, "customer_merge", _MERGE, [told])
    absorbed = [(merge_id, id_, n) for n, id_ in enumerate(ids)]
    await insert(database, "customer_merge_absorbed", ("merge_id", "customer_id", "position"), absorbed)
    statuses = {one.id: one.status for one in found.merge.absorbed}
    tags = [key for _, key in planned.tags]
    attributes = {
        name: (before and before.value, since and since.value) for name, (before, since) in planned.attributes.items()
    }
    snapshot = Snapshot(planned.fields, row.effects, planned.columns, planned.addresses, tags, statuses, attributes)
    await keep(database, merge_id, snapshot)
    await _let_lead_to(database, merge_id, survivor, ids, at)
    await move_all(database, merge_id, NOTE, "customer_note", "customer_id", survivor)
    await _change_survivor(shop, survivor, planned, at)
    changed({"survivorId": (None, survivor), "absorbedIds": (None, " ".join(ids))})
    changed({camel(name): None for name in planned.columns} | dict.fromkeys(planned.attributes))
    done = await merges_done(database, [merge_id])
    facts = {"shop": shop, "merges": list(done.values()), "moments": [at]}
    await shop.plugins.announce(MERGED_EVENT, facts, only=[CORE])
    await rewrite_texts(shop, [survivor])
    if planned.columns or planned.addresses or planned.attributes or planned.tags:
        await announce(shop, "customers_changed", [survivor])
    done = await merges_done(database, [merge_id])
    await announce(shop, MERGED_EVENT, [merge_id], rows=done, others=[survivor, *ids])


async def _let_lead_to(database: Database, merge_id: str, survivor: str, ids: Sequence[str], at: Instant) -> None:
    """Let these, and those who led to them, lead to the survivor."""
    await move_all(database, merge_id, ALIAS, "customer", "merged_into_id", survivor)
    await database.run(
        "UPDATE customer SET status = $2, merged_into_id = $3, version = version + 1, updated_at = $4"
        f" WHERE {database.dialect.among('id', 1)}",
        list(ids),
        MERGED,
        survivor,
        at,
    )
    await database.run(
        "UPDATE customer_stats SET merged_into_id = $1 WHERE customer_id IN (SELECT id FROM customer WHERE merged_into_id = $1)",
        survivor,
    )


async def _change_survivor(shop: Shop, survivor: str, planned: Plan, at: Instant) -> None:
    await set_columns(shop.database, survivor, {name: since for name, (_, since) in planned.columns.items()}, at)
    await replace_addresses(shop, survivor, {kind: since for kind, (_, since) in planned.addresses.items()})
    await hand_over(shop.database, survivor, planned.attributes, at)
    await insert_tags(shop, [(survivor, planned.tags)])


async def set_columns(database: Database, customer_id: str, columns: Mapping[str, Any], at: Instant) -> None:
    """Give a customer these columns, and a version of its own."""
    names = ("first_name", "last_name", "company_name", "tax_id")
    row = await database.row(f"SELECT {', '.join(names)} FROM customer WHERE id = $1", customer_id)
    assert row is not None
    seals = database.seals
    known = {**opened_columns(seals, customer_id, dict(zip(names, row, strict=True))), **columns}
    values = {**kept_columns(seals, customer_id, columns), **kept_beside(seals, known), "updated_at": at}
    sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(values, 2))
    await database.run(
        f"UPDATE customer SET {sets}, version = version + 1 WHERE id = $1", customer_id, *values.values()
    )


async def rewrite_texts(shop: Shop, customer_ids: Sequence[str]) -> None:
    """Let customers be found by what they and those who lead to them are called, and reached at."""
    database = shop.database
    columns = ("id", "code", "first_name", "last_name", "preferred_name", "company_name", "email", "phone")
    among = database.dialect.among("id", 1)
    for row in await database.rows(f"SELECT {', '.join(columns)} FROM customer WHERE {among}", list(customer_ids)):
        await update_texts(database, row[0], dict(zip(columns, row, strict=True)))
