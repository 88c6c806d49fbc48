"""Entries and the lots that they touched, out of the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.plugin import Dialect, Instant, Lookup
from regulars_loyalty.chain.canonical import COLUMNS, Entry
from regulars_loyalty.chain.figures import Part

_ENTRY = ", ".join(f"t.{name}" for name in COLUMNS)
_PART = "l.id, l.transfer_id, l.unit, l.amount, l.origin_id, o.opened_at, l.expires_at, l.life, l.opened_at"
_LOTS = "loyalty_lot l LEFT JOIN loyalty_lot o ON o.id = l.origin_id"


def lookup_entries(dialect: Dialect, transfer_ids: Sequence[str]) -> Sequence[Lookup]:
    """What `entries_from` makes entries of: these transfers, what they took from lots, the lots, and those that they opened."""
    among, ids = dialect.among, list(transfer_ids)
    uses = f"loyalty_lot_use u WHERE {among('u.transfer_id', 1)}"
    return [
        (f"SELECT {_ENTRY} FROM loyalty_transfer t WHERE {among('t.id', 1)}", [ids]),
        (f"SELECT u.transfer_id, u.lot_id, u.amount FROM {uses} ORDER BY u.transfer_id, u.position", [ids]),
        (
            f"SELECT {_PART} FROM {_LOTS} WHERE {among('l.transfer_id', 1)}"
            f" UNION SELECT {_PART} FROM {_LOTS} WHERE l.id IN (SELECT u.lot_id FROM {uses})",
            [ids],
        ),
    ]


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries, and the lots that they touched: by id, and by the transfer that opened them."""

    all: Sequence[Entry]
    lots: Mapping[str, Part]
    opened: Mapping[str, Part]


def lookup_parts(dialect: Dialect, lot_ids: Sequence[str]) -> Lookup:
    """What `part_of` makes lots of."""
    return f"SELECT {_PART} FROM {_LOTS} WHERE {dialect.among('l.id', 1)}", [list(lot_ids)]


def entries_from(found: Sequence[Sequence[Any]]) -> Entries:
    """The entries out of the rows of `lookup_entries`."""
    transfers, uses, lots = found
    by_transfer = dict[str, list[tuple[str, int]]]()
    for transfer_id, lot_id, amount in uses:
        by_transfer.setdefault(transfer_id, []).append((lot_id, amount))
    parts = {row[0]: part_of(row) for row in lots}
    return Entries(
        [entry_of(row, by_transfer.get(row[0], ())) for row in transfers],
        parts,
        {row[1]: parts[row[0]] for row in lots},
    )


def entry_of(row: Sequence[Any], uses: Sequence[tuple[str, int]]) -> Entry:
    """An entry out of its columns, with what it took from lots."""
    values: Any = (*row[: len(COLUMNS)], uses)
    return Entry(*values)


def part_of(row: Sequence[Any]) -> Part:
    """A lot as figures see it."""
    id_, _, unit, amount, origin_id, origin_at, ends, life, opened_at = row
    given = Instant(opened_at if origin_at is None else origin_at)
    return Part(unit, amount, given, None if life else Instant(ends), origin_id == id_)


def ids_of(entries: Iterable[Entry]) -> list[str]:
    """Their ids, in order."""
    return [entry.id for entry in entries]
