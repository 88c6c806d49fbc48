"""Reading the versions of the program as they are stored: which there are, and from when until when each is in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from regulars_core.plugin import Database, Instant, Once, Order, Page, SortKey, Window
from regulars_loyalty.points.program import ProgramData

LAST_BEGUN_FIRST = Order(SortKey("STARTS_AT", "starts_at", "number", int), descending=True)


@dataclass(frozen=True)
class ProgramRow:
    """A version that was not withdrawn. `ends_at` is None where nothing follows."""

    number: int
    starts_at: Instant
    ends_at: Instant | None
    created_at: Instant
    body: str

    @property
    def id(self) -> str:
        """Its key, from its number."""
        return f"{self.number:032x}"

    @cached_property
    def data(self) -> ProgramData:
        """What it says."""
        return ProgramData.model_validate_json(self.body)

    @property
    def position(self) -> tuple[int, str]:
        """Where it stands in LAST_BEGUN_FIRST."""
        return self.starts_at, self.id


async def stored_programs(database: Database) -> Sequence[ProgramRow]:
    """All versions that were not withdrawn, in the order in which they are in force; a shop has few of them."""
    rows = await database.rows(
        "SELECT number, starts_at, created_at, body FROM loyalty_program WHERE withdrawn_at IS NULL ORDER BY starts_at, number"
    )
    ends = [*(row[1] for row in rows[1:]), None]
    return [ProgramRow(row[0], row[1], end, row[2], row[3]) for row, end in zip(rows, ends, strict=False)]


async def programs_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, ProgramRow]:
    """Versions by id."""
    return {one.id: one for one in await stored_programs(database) if one.id in ids}


async def program_at(database: Database, at: Instant) -> ProgramRow | None:
    """The version that is in force at an instant; None where there was none."""
    begun = [one for one in await stored_programs(database) if one.starts_at <= at]
    return begun[-1] if begun else None


async def page_of_programs(database: Database, window: Window) -> Page[ProgramRow]:
    """A page of all versions, by LAST_BEGUN_FIRST."""
    programs = await stored_programs(database)
    inside = [
        one
        for one in (programs if window.backward else reversed(programs))
        if (window.after is None or one.position < window.after)
        and (window.before is None or one.position > window.before)
    ]

    async def count() -> Mapping[str, int]:
        return {"": len(programs)}

    return Page.cut(window, [(one, one.position) for one in inside[: window.size + 1]], Once(count))
