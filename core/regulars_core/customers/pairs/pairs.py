"""Which pairs there are: computed for some customers from the keys as they are stored."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from regulars_core.customers.duplicates import ATTRIBUTE, LEAST_TOLD, Traits, scored
from regulars_core.customers.pairs.blocks import Blocks, Key, Shared, blocks_of, keys_in, shared_attributes
from regulars_core.customers.pairs.keys import Keys, digest, keys_of, tax_id_key
from regulars_core.customers.pairs.records import People, Record, people_of
from regulars_core.database import Database
from regulars_core.primitives.clock import Instant


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers who may be the same; `customer_id` was registered first."""

    id: str
    customer_id: str
    other_id: str
    score: int
    reasons: str
    traits: str
    dismissed_at: Instant | None = None


def pair_id(one: str, other: str) -> str:
    """The id of the pair of these two, in whatever order."""
    low, high = sorted((one, other))
    return "".join(f"{digest(part, low, high) & (1 << 64) - 1:016x}" for part in ("pair", "riap"))


@dataclass(frozen=True, slots=True)
class _Known:
    """A record with its keys, its traits without what too many share, and what it shares of unique attributes."""

    record: Record
    keys: Keys
    traits: Traits
    shared: Set[Shared]


async def pairs_of(database: Database, people: People) -> Mapping[str, Pair]:
    """All pairs that these customers are part of, by id, dismissed ones too; whether they are stands with them."""
    ours = [one for records in people.values() for one in records]
    keys = {one.id: keys_of(one.traits) for one in ours}
    sealed = {one.id: [("tax_id", tax_id_key(form)) for form in one.tax_ids] for one in ours}
    sought = {id_: [*keys_in(each), *sealed[id_]] for id_, each in keys.items()}
    asked: dict[Key, None] = {key: None for each in sought.values() for key in each}
    blocks = await blocks_of(database, asked, {tuple(each) for each in sealed.values() if each})
    shared = await shared_attributes(database, keys)
    having: dict[Shared, set[str]] = {}
    for id_, values in shared.items():
        for value in values:
            having.setdefault(value, set()).add(id_)
    near = {
        one.id: blocks.near(sought[one.id]).union(*(having[value] for value in shared.get(one.id, ()))) for one in ours
    }
    others = await people_of(database, set[str]().union(*near.values()) if near else ())
    everybody = {**others, **people}
    # What too many share of the others' is of no matter: only what is shared with ours is compared.
    known = {id_: [_known(one, blocks, shared) for one in records] for id_, records in everybody.items()}
    leads_to = {one.id: id_ for id_, records in everybody.items() for one in records}
    found: dict[str, Pair] = {}
    for customer_id, records in people.items():
        likely = {leads_to[id_] for one in records for id_ in near[one.id] if id_ in leads_to} - {customer_id}
        for other_id in likely:
            id_ = pair_id(customer_id, other_id)
            if id_ not in found and (pair := _pair(id_, known[customer_id], known[other_id], blocks)):
                found[id_] = pair
    return await _with_dismissals(database, everybody, found)


def _known(record: Record, blocks: Blocks, shared: Mapping[str, Set[Shared]]) -> _Known:
    keys = keys_of(record.traits)
    traits = blocks.telling(record.traits, keys)
    if traits.tax_id is not None and record.tax_ids:
        traits = replace(traits, tax_id=record.tax_ids[0])  # the other's may be sealed under another key still
    return _Known(record, keys, traits, shared.get(record.id, frozenset()))


def _pair(id_: str, one: Sequence[_Known], other: Sequence[_Known], blocks: Blocks) -> Pair | None:
    """The pair of two customers, of whom each may have several records; None if they are not alike."""
    scores: dict[str, int] = {}
    alike: set[str] = set()
    for mine in one:
        for theirs in other:
            for definition_id, _ in mine.shared & theirs.shared:
                scores[ATTRIBUTE] = _OF_ATTRIBUTE
                # Not the form in which a value is compared: it is another one under another key.
                alike.add(_written(ATTRIBUTE, definition_id))
            found = scored(mine.traits, theirs.traits)
            if found.keys() == {"NAME"} and mine.keys.name == theirs.keys.name and _is_common(mine.keys, blocks):
                continue
            for reason, score in found.items():
                scores[reason] = max(score, scores.get(reason, 0))
                alike.add(_alike_in(reason, mine.traits, theirs.traits))
    if max(scores.values(), default=0) < LEAST_TOLD:
        return None
    reasons = sorted(scores, key=lambda reason: (-scores[reason], reason))
    first, second = sorted((one[0].record, other[0].record), key=lambda record: (record.created_at, record.id))
    score = scores[reasons[0]]
    return Pair(id_, first.id, second.id, score, " ".join(reasons), " ".join(sorted(alike)))


def _is_common(keys: Keys, blocks: Blocks) -> bool:
    return keys.name is not None and ("name", keys.name) in blocks.common


_OF_ATTRIBUTE = 100
"""How likely two are one who have the same value of a unique attribute."""
_ALIKE_IN: Mapping[str, Sequence[str]] = {
    "EMAIL": ("email",),
    "NAME": ("name",),
    "NAME_AND_BIRTH_DATE": ("name", "birth_date"),
    "NAME_AND_PHONE_TAIL": ("name", "phone_tail"),
    "PHONE": ("phone",),
    "TAX_ID": (),  # not the form in which it is compared: that is another one under another key
}


def _alike_in(reason: str, one: Traits, other: Traits) -> str:
    """A digest of what makes two alike for this reason: if it changes, they are alike in something else."""
    values = sorted(str(getattr(each, name)) for name in _ALIKE_IN[reason] for each in (one, other))
    return _written(reason, *values)


def _written(*parts: str) -> str:
    return f"{digest(*parts) & (1 << 64) - 1:016x}"


def _tax_ids_told(records: Sequence[Record]) -> Set[str]:
    """How a likeness in the tax id of one of these records was told when the value was part of it: there are dismissals of
    that."""
    forms = {one.traits.tax_id for one in records}.union(*(one.tax_ids for one in records)) - {None}
    return {_written("TAX_ID", str(form), str(form)) for form in forms}


async def _with_dismissals(database: Database, people: People, pairs: Mapping[str, Pair]) -> Mapping[str, Pair]:
    """The pairs, with when those were dismissed of whom everything was that makes them alike."""
    if not pairs:
        return {}
    leads_to = {one.id: id_ for id_, records in people.items() for one in records}
    sides = {id_ for pair in pairs.values() for id_ in (pair.customer_id, pair.other_id)}
    ids = sorted(id_ for id_, customer_id in leads_to.items() if customer_id in sides)
    columns = "customer_id, other_id, dismissed_at, traits"
    among = database.dialect.among("customer_id", 1)
    said: dict[str, list[tuple[Instant, set[str]]]] = {}
    for one, other, at, traits in await database.rows(f"SELECT {columns} FROM duplicate_dismissal WHERE {among}", ids):
        if one in leads_to and other in leads_to:
            said.setdefault(pair_id(leads_to[one], leads_to[other]), []).append((at, set(traits.split())))
    found = {}
    for id_, pair in pairs.items():
        dismissals = said.get(id_, [])
        covered = set[str]().union(*(traits for _, traits in dismissals))
        if not covered.isdisjoint(_tax_ids_told(people[pair.customer_id])):
            covered.add(_written("TAX_ID"))
        is_dismissed = bool(dismissals) and covered >= set(pair.traits.split())
        at = max(at for at, _ in dismissals) if is_dismissed else None
        found[id_] = Pair(pair.id, pair.customer_id, pair.other_id, pair.score, pair.reasons, pair.traits, at)
    return found
