"""Reading reward systems: pages of them, and how many rewards they have given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from regulars_core.plugin import Database, Instant, Order, Page, Readable, SortKey, Window, by_ids, page
from regulars_rewards.systems.known import data_of
from regulars_rewards.systems.system import SystemData

BY_NAME = Order(SortKey("NAME", "s.name_key", "s.id", str))
"""By name, without regard to case."""


@dataclass(frozen=True)
class SystemRow:
    """A reward system as its last version says."""

    id: str
    name: str
    version: int
    is_shadow: bool
    body: str
    created_at: Instant
    updated_at: Instant

    @cached_property
    def data(self) -> SystemData:
        """What it is beside its name."""
        return data_of(self.body)


def _row(id_: str, name: str, version: int, is_shadow: object, *others: object) -> SystemRow:
    return SystemRow(id_, name, version, bool(is_shadow), *others)  # type: ignore[arg-type]


SYSTEMS = Readable(
    "rewards_system s",
    "s.id",
    ["s.id", "s.name", "s.version", "s.is_shadow", "v.body", "s.created_at", "s.updated_at"],
    _row,
    {"v": "JOIN rewards_system_version v ON v.system_id = s.id AND v.number = s.version"},
)


async def page_of_systems(database: Database, window: Window) -> Page[SystemRow]:
    """A page of the systems that give something, by BY_NAME."""
    return await page(database, SYSTEMS, window, condition=lambda _: "NOT s.is_shadow")


async def systems_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, SystemRow]:
    """Reward systems by id, whether they are enabled or not; no shadows."""
    return {id_: row for id_, row in (await by_ids(database, SYSTEMS, ids)).items() if not row.is_shadow}


async def issued_counts(database: Database, system_ids: Sequence[str]) -> Mapping[str, int]:
    """How many rewards each of these systems has given that were not taken back."""
    ids = list(dict.fromkeys(system_ids))
    among = database.dialect.among("system_id", 1)
    sql = f"SELECT system_id, CAST(sum(issued) AS BIGINT) FROM rewards_progress WHERE {among} GROUP BY system_id"
    found = {row[0]: row[1] for row in await database.read(sql, ids)}
    return {id_: found.get(id_, 0) for id_ in ids}
