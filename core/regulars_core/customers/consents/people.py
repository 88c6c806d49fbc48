"""Everything that decides what is in force of a customer, read from the beginning: what was said by whoever led to the customer,
and the merges by which they do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.customers.consents.rules import State, United, in_force
from regulars_core.database import Dialect, Lookup
from regulars_core.primitives.clock import Instant


@dataclass(frozen=True, slots=True)
class PastConsent:
    """As much of a record as decides, and when it was written down."""

    id: str
    channel: str | None
    purpose: str
    decision: str
    at: Instant
    proof: str
    recorded_at: Instant


@dataclass(slots=True)
class _Merge:
    survivor_id: str
    merged_at: Instant
    undone_at: Instant | None
    absorbed: list[str] = field(default_factory=list)

    def stood(self, present: Instant | None) -> bool:
        """Whether it stands, or stood at an instant."""
        if present is None:
            return self.undone_at is None
        return self.merged_at <= present and (self.undone_at is None or self.undone_at > present)


@dataclass(slots=True)
class Person:
    """A customer and everybody who leads there or ever did."""

    customer_id: str
    said: dict[str, dict[str, PastConsent]] = field(default_factory=dict)
    merges: dict[str, _Merge] = field(default_factory=dict)

    def state(self, *, before: Instant | None = None, known_at: Instant | None = None) -> State[PastConsent]:
        """What is in force; or was before an instant, of what was known at another one."""
        said = {
            owner: [one for one in records.values() if _counts(one, before, known_at)]
            for owner, records in self.said.items()
        }
        standing: dict[str, list[United]] = {}
        for id_, one in self.merges.items():
            if one.stood(known_at):
                standing.setdefault(one.survivor_id, []).append(United(id_, one.absorbed))
        return in_force(self.customer_id, said, standing)


def _counts(one: PastConsent, before: Instant | None, known_at: Instant | None) -> bool:
    return (before is None or one.at < before) and (known_at is None or one.recorded_at <= known_at)


def lookup_people(dialect: Dialect, customer_ids: Sequence[str]) -> Lookup:
    """What `people_from` makes people of; a key may be sought."""
    # UNION and not UNION ALL: of two customers each may have been merged into the other, one after the other.
    tree = (
        "SELECT k.key, k.key, CAST(NULL AS UUID), CAST(NULL AS UUID), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)"
        f" FROM {dialect.keys(1)} UNION"
        " SELECT t.root, b.customer_id, m.survivor_id, m.id, m.merged_at, m.undone_at FROM tree t"
        " JOIN customer_merge m ON m.survivor_id = t.owner JOIN customer_merge_absorbed b ON b.merge_id = m.id"
    )
    columns = "co.id, co.channel, co.purpose, co.decision, co.at, co.proof, co.recorded_at"
    return (
        f"WITH RECURSIVE tree (root, owner, into_id, merge_id, merged_at, undone_at) AS ({tree})"
        f" SELECT t.*, {columns} FROM tree t LEFT JOIN consent co ON co.customer_id = t.owner ORDER BY t.merge_id, t.owner",
        [list(customer_ids)],
    )


def people_from(rows: Sequence[Any]) -> Mapping[str, Person]:
    """The people that were looked up, by id."""
    people: dict[str, Person] = {}
    for root, owner, into, merge_id, merged_at, undone_at, *record in rows:
        if root is None:  # a key that was sought and not found
            continue
        person = people.setdefault(root, Person(root))
        if merge_id is not None:
            merge = person.merges.setdefault(merge_id, _Merge(into, merged_at, undone_at))
            if owner not in merge.absorbed:
                merge.absorbed.append(owner)
        if record[0] is not None:
            person.said.setdefault(owner, {})[record[0]] = PastConsent(*record)
    return people
