"""What a merge will do, found out without doing anything: core's own part, and what core and the plugins tell by a hook."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from regulars_core.customers.aliases import ERASED, MERGED
from regulars_core.customers.erasure.reads import scheduled_erasures
from regulars_core.customers.merge.attributes import kept_attributes
from regulars_core.customers.merge.facts import MergeForecast, Moved, PlannedMerge
from regulars_core.customers.merge.plan import Belongings, Override, Plan, plan
from regulars_core.customers.merge.reads import MergeRow
from regulars_core.customers.reads import CustomerRow, opened_customers, survivors_by_ids
from regulars_core.customers.rules import Address
from regulars_core.primitives.errors import Malformed, Problem, Refused
from regulars_core.shop.shop import Shop

MAX_ABSORBED = 9
"""Customers who become aliases at once, at most."""
MERGING = "customers_merging"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to become one, as somebody asks for it."""

    survivor_id: str
    absorbed_ids: Sequence[str]
    overrides: Sequence[Override] = ()

    @property
    def customer_ids(self) -> Sequence[str]:
        """Everybody, the survivor first."""
        return [self.survivor_id, *self.absorbed_ids]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a merge will do: as it is shown, and what core will write; None where it cannot be done at all."""

    row: MergeRow
    merge: PlannedMerge | None = None
    plan: Plan | None = None


async def forecast(shop: Shop, wanted: Wanted) -> Forecast:
    """What merging these customers would do now, with everything that stands against it. Writes nothing."""
    problems = _malformed(wanted)
    if problems:
        return Forecast(_nothing(wanted, problems))
    customers = await opened_customers(shop.database, wanted.customer_ids)
    problems = await _against(shop, wanted, customers)
    if problems:
        return Forecast(_nothing(wanted, problems))
    merge = _planned(wanted, customers)
    belongings, activity, notes = await _looked_up(shop, wanted)
    planned, wrong = plan(merge, belongings, wanted.overrides)
    told = await _forecasts(shop, merge)
    moved: dict[str, Moved] = {"notes": Moved(notes, "notes.view")}
    for one in told.values():
        moved |= one.moved
    row = MergeRow(
        None,
        wanted.survivor_id,
        wanted.absorbed_ids,
        _fingerprint(merge, activity, notes, told),
        planned.fields,
        [*planned.effects, *(effect for one in told.values() for effect in one.effects)],
        {kind: one for kind, one in sorted(moved.items()) if one.count},
        [*wrong, *(obstacle for one in told.values() for obstacle in one.obstacles)],
    )
    return Forecast(row, merge, planned)


def refuse_malformed(wanted: Wanted) -> None:
    """Raise Malformed for what is no merge, whoever the customers are."""
    if problems := _malformed(wanted):
        raise Malformed(*problems)


async def refuse_impossible(shop: Shop, wanted: Wanted) -> None:
    """Raise Refused for what core has against a merge, whatever the customers have bought."""
    refuse_malformed(wanted)
    customers = await opened_customers(shop.database, wanted.customer_ids)
    problems = await _against(shop, wanted, customers)
    if not problems:
        belongings, _, _ = await _looked_up(shop, wanted)
        problems = list(plan(_planned(wanted, customers), belongings, wanted.overrides)[1])
    if problems:
        raise Refused(*problems)


def _planned(wanted: Wanted, customers: Mapping[str, CustomerRow]) -> PlannedMerge:
    return PlannedMerge(customers[wanted.survivor_id], [customers[id_] for id_ in wanted.absorbed_ids])


def _malformed(wanted: Wanted) -> list[Problem]:
    problems, seen = [], {wanted.survivor_id}
    if not wanted.absorbed_ids:
        problems.append(Problem("REQUIRED", "Name at least one customer who becomes an alias.", ("absorbedIds",)))
    if len(wanted.absorbed_ids) > MAX_ABSORBED:
        message = f"At most {MAX_ABSORBED} customers become aliases at once."
        problems.append(Problem("TOO_MANY", message, ("absorbedIds",)))
        return problems
    for n, id_ in enumerate(wanted.absorbed_ids):
        if id_ in seen:
            problems.append(Problem("SAME_CUSTOMER", "This customer is named twice.", ("absorbedIds", str(n))))
        seen.add(id_)
    return problems


async def _against(shop: Shop, wanted: Wanted, customers: Mapping[str, CustomerRow]) -> list[Problem]:
    """What stands against it by what the customers are: not there, merged, erased, or soon to be."""
    paths = {wanted.survivor_id: ("survivorId",)} | {
        id_: ("absorbedIds", str(n)) for n, id_ in enumerate(wanted.absorbed_ids)
    }
    merged = [id_ for id_ in paths if id_ in customers and customers[id_].status == MERGED]
    lead_to = await survivors_by_ids(shop.database, merged)
    pending = await scheduled_erasures(shop.database, customers)
    problems = []
    for id_, path in paths.items():
        if id_ not in customers:
            problems.append(Problem("NOT_FOUND", "There is no customer with this id.", path))
        elif id_ in lead_to:
            message = f"This customer was merged into {lead_to[id_].code} already."
            problems.append(Problem("ALREADY_MERGED", message, path))
        elif customers[id_].status == ERASED:
            problems.append(Problem("CUSTOMER_ERASED", "This customer was erased.", path))
        elif id_ in pending:
            problems.append(Problem("ERASURE_PENDING", "This customer is going to be erased.", path))
    return problems


async def _looked_up(shop: Shop, wanted: Wanted) -> tuple[Mapping[str, Belongings], Mapping[str, int], int]:
    """What belongs to each of them, the counter of everything that has moved of theirs, and how many notes go over."""
    database, ids = shop.database, list(wanted.customer_ids)
    among = database.dialect.among("customer_id", 1)
    addresses: dict[str, dict[str, Address]] = {id_: {} for id_ in ids}
    for customer_id, kind, *parts in await database.rows(
        "SELECT customer_id, kind, recipient, line1, line2, city, region, postal_code, country FROM customer_address"
        f" WHERE {among}",
        ids,
    ):
        addresses[customer_id][kind] = Address(*parts)
    tags: dict[str, list[tuple[str, str]]] = {id_: [] for id_ in ids}
    for customer_id, tag, key in await database.rows(
        f"SELECT customer_id, tag, tag_key FROM customer_tag WHERE {among} ORDER BY tag_key", ids
    ):
        tags[customer_id].append((tag, key))
    activity = await database.rows(f"SELECT customer_id, activity FROM customer_stats WHERE {among}", ids)
    notes = await database.rows(f"SELECT count(*) FROM customer_note WHERE {among}", list(wanted.absorbed_ids))
    kept = await kept_attributes(database, ids)
    belongings = {id_: Belongings(addresses[id_], tags[id_], kept[id_]) for id_ in ids}
    return belongings, {row[0]: row[1] for row in activity}, notes[0][0]


async def _forecasts(shop: Shop, merge: PlannedMerge) -> Mapping[str, MergeForecast]:
    """What core and each plugin tell of it. Raises CatchingUp for a plugin that cannot know yet."""
    for plugin in shop.plugins.implementing(MERGING):
        shop.refuse_behind(plugin)
    answers = await shop.plugins.answers(MERGING, {"shop": shop, "merges": [merge]})
    return {owner: told[0] for owner, told in answers.items() if told}


def _fingerprint(
    merge: PlannedMerge, activity: Mapping[str, int], notes: int, told: Mapping[str, MergeForecast]
) -> str:
    """Tells the state of all of them: of their details, of whatever has moved of theirs, and of what plugins have told."""
    state: list[Any] = [[one.id, one.version, one.status, activity.get(one.id)] for one in merge.everybody]
    plugins = {
        owner: [[asdict(one) for one in each.effects], _counts(each.moved), [one.code for one in each.obstacles]]
        for owner, each in sorted(told.items())
    }
    return hashlib.sha256(orjson.dumps([state, notes, plugins])).hexdigest()


def _counts(moved: Mapping[str, Moved]) -> Sequence[Any]:
    """Those of which there are any; who may see them tells nothing of the state."""
    return [(kind, one.count) for kind, one in sorted(moved.items()) if one.count]


def _nothing(wanted: Wanted, problems: Sequence[Problem]) -> MergeRow:
    """What is shown of a merge that cannot be done, whatever the customers have."""
    ids = hashlib.sha256(orjson.dumps([wanted.survivor_id, list(wanted.absorbed_ids)])).hexdigest()
    return MergeRow(None, wanted.survivor_id, wanted.absorbed_ids, ids, [], [], {}, problems)
