"""What a replay tells at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.events.ahead import KINDS
from regulars_core.events.events import MAX_ROWS
from regulars_core.events.journal import JournalEntry
from regulars_core.plugins.host import Plugins
from regulars_core.primitives.clock import Instant

Rows = Mapping[str, Any]
"""What an entry is about, by id."""


@dataclass
class Run:
    """Entries that are told at once: to whom, the rows by id, about which customers, and whether others may join."""

    entries: list[JournalEntry]
    who: Sequence[str]
    rows: dict[str, Any]
    customers: set[str]
    is_open: bool

    @property
    def event(self) -> str:
        """What has happened."""
        return self.entries[0].event

    @property
    def moments(self) -> Mapping[str, Instant]:
        """When it happened to each of the rows."""
        return {id_: entry.at for entry in self.entries for id_ in entry.ids}

    def goes_on(self, entry: JournalEntry, who: Sequence[str], rows: Rows, customers: Collection[str] | None) -> bool:
        """Whether the next entry may join or, if nobody is told of it, be passed over: none about the same customers may."""
        if customers is None or not self.customers.isdisjoint(customers):
            return False
        if not (who and rows):
            return True
        alike = self.is_open and (entry.event, who) == (self.event, self.who)
        return alike and self.rows.keys().isdisjoint(rows) and len(self.rows) + len(rows) <= MAX_ROWS

    def add(self, entry: JournalEntry, rows: Rows, customers: Collection[str] | None) -> None:
        """Let an entry join."""
        self.entries.append(entry)
        self.rows |= rows
        self.customers |= set(customers or ())

    def apart(self) -> "Iterator[Run]":
        """Each entry by itself."""
        for entry in self.entries:
            rows = {id_: self.rows[id_] for id_ in entry.ids if id_ in self.rows}
            yield Run([entry], self.who, rows, self.customers, is_open=False)


def runs(
    plugins: Plugins, heard: Sequence[tuple[JournalEntry, Sequence[str]]], rows: Mapping[int, Rows]
) -> Iterator[Run]:
    """Entries with those who are told of them, and their rows by position, as they are told: each by itself, but for those that
    follow each other, are about different customers and otherwise alike, where everybody who is told of them goes by `moments`
    and so does not mind."""
    run: Run | None = None
    for entry, who in heard:
        present = {id_: row for id_ in entry.ids if (row := rows.get(entry.position, {}).get(id_)) is not None}
        customers = customers_of(plugins, entry)
        if run and not run.goes_on(entry, who, present, customers):
            yield run
            run = None
        if not (who and present):
            continue
        if run:
            run.add(entry, present, customers)
        else:
            is_open = customers is not None and all(plugins.takes(entry.event, one, "moments") for one in who)
            run = Run([entry], who, present, set(customers or ()), is_open)
    if run:
        yield run


def customers_of(plugins: Plugins, entry: JournalEntry) -> Collection[str] | None:
    """The customers whom an entry is about; None where they are not known."""
    kind = plugins.events.get(entry.event)
    if kind is not None and kind.argument == "customers":
        return entry.ids
    return [one for one in entry.others if one] if entry.has_others and entry.event in KINDS else None
