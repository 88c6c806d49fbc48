"""Reading consents: rows with the columns that the API shows, and what is in force, from the table that keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.customers.consents.rules import State, ways_in
from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.queries.rows import Readable, by_ids, listed_of
from regulars_core.queries.where import Condition, Values

MAX_HISTORY = 500
"""Records of one customer that are answered at most."""


@dataclass(slots=True)
class ConsentRow:
    """What a customer said once."""

    id: str
    customer_id: str
    channel: str | None
    purpose: str
    decision: str
    at: Instant
    proof: str
    proof_reference: str | None
    source: str
    text_version: str | None
    recorded_at: Instant
    recorded_by: str


_COLUMNS = [f"co.{name}" for name in ConsentRow.__slots__]
CONSENTS = Readable("consent co", "co.id", _COLUMNS, ConsentRow)
_IN_FORCE = Readable(
    "consent_in_force f", "f.consent_id", _COLUMNS, ConsentRow, {"co": "JOIN consent co ON co.id = f.consent_id"}
)
_OF_WAYS = Readable(
    _IN_FORCE.table, "f.consent_id", ["f.ways", *_COLUMNS], lambda ways, *row: (ways, ConsentRow(*row)), _IN_FORCE.joins
)


async def consents_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, ConsentRow]:
    """Consents by id."""
    return await by_ids(database, CONSENTS, ids)


async def consents_in_force(database: Database, customer_ids: Sequence[str]) -> Mapping[str, list[ConsentRow]]:
    """The records in force of each customer, the latest first: one that is about every way stands once."""
    return await listed_of(database, _IN_FORCE, "f.customer_id", customer_ids, "co.at DESC, co.id DESC")


async def states_of(database: Database, customer_ids: Sequence[str]) -> Mapping[str, State[ConsentRow]]:
    """What is in force of each customer, by purpose and way."""
    found = await listed_of(database, _OF_WAYS, "f.customer_id", customer_ids, "f.number")
    return {
        id_: {(record.purpose, way): record for ways, record in rows for way in ways_in(ways)}
        for id_, rows in found.items()
    }


async def asked_about(database: Database, customer_ids: Sequence[str]) -> Mapping[str, set[str]]:
    """For which purposes each customer has said anything, be it yes or no."""
    found: dict[str, set[str]] = {id_: set() for id_ in customer_ids}
    if found:
        among = database.dialect.among("customer_id", 1)
        sql = f"SELECT DISTINCT customer_id, purpose FROM consent_in_force WHERE {among}"
        for customer_id, purpose in await database.rows(sql, list(found)):
            found[customer_id].add(purpose)
    return found


async def consents_said(database: Database, customer_ids: Sequence[str]) -> Mapping[str, list[ConsentRow]]:
    """All that each customer said, by the records that were merged into them, too: the latest first, and no more of it than
    MAX_HISTORY."""
    lists: dict[str, list[ConsentRow]] = {id_: [] for id_ in customer_ids}
    if not lists:
        return lists
    keys = database.dialect.keys(1)
    owners = (
        f"SELECT k.key AS root, k.key AS owner FROM {keys} UNION ALL"
        f" SELECT a.merged_into_id, a.id FROM customer a JOIN {keys} ON a.merged_into_id = k.key"
    )
    numbered = "row_number() OVER (PARTITION BY o.root ORDER BY co.at DESC, co.id DESC) AS place"
    sql = (
        f"SELECT * FROM (SELECT o.root, {CONSENTS.column_list}, {numbered} FROM ({owners}) o"
        f" JOIN consent co ON co.customer_id = o.owner) said WHERE place <= {MAX_HISTORY} ORDER BY root, place"
    )
    for root, *row, _ in await database.rows(sql, list(lists)):
        lists[root].append(ConsentRow(*row))
    return lists


def agrees(conditions: Sequence[Condition], values: Values) -> str:
    """A leaf of conditions on customers: that a record in force says so. Compared is a purpose with sums of ways."""
    [(_, (purpose, ways))] = conditions
    return (
        "EXISTS (SELECT 1 FROM consent_in_force f WHERE f.customer_id = c.id AND f.decision = 'GRANTED'"
        f" AND f.purpose = {values.bind(purpose)} AND f.ways IN ({', '.join(map(str, ways))}))"
    )
