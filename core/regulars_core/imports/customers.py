"""Importing customers: who is new is registered, who is known gets what differs, a batch in one transaction."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from regulars_core.customers.attributes.definitions import declared_attributes, held_attributes
from regulars_core.customers.attributes.rules import Declared
from regulars_core.customers.attributes.uniqueness import owners_of, unique_keys_of
from regulars_core.customers.changes import change_quietly
from regulars_core.customers.consents.writes import write
from regulars_core.customers.duplicates import ALLOWED_ONCE
from regulars_core.customers.likeness.unique_values import unique_keys, values_taken
from regulars_core.customers.registration import register
from regulars_core.customers.rules import CheckedCustomer
from regulars_core.events.events import announce
from regulars_core.exports.declared import attribute_column
from regulars_core.groups.service import create_group
from regulars_core.imports.batch import Meanwhile, Outcome, batches, settle
from regulars_core.imports.buyers import with_codes
from regulars_core.imports.customer_differences import differences
from regulars_core.imports.customer_rows import Entry, EntryReader, layout_of
from regulars_core.imports.files.records import Row
from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.files.values import store_code
from regulars_core.imports.foreseen import Foreseen
from regulars_core.imports.options import ImportOptions, ImportReport, Progress
from regulars_core.imports.recognition import (
    Known,
    Records,
    known_records,
    marks_left,
    marks_sought,
    recognised,
    registered_meanwhile,
)
from regulars_core.imports.run import Running, Settle, run
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.text import name_key
from regulars_core.queries.locks import lock
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import stores_by_codes
from regulars_core.stores.service import create_store

_REPEATED = Problem(
    "REPEATED_CUSTOMER", "An earlier row of this file tells something else of the same customer, and that was taken."
)


async def import_customers(shop: Shop, path: Path, options: ImportOptions, progress: Progress) -> ImportReport:
    """Bring in a CSV file of customers, one row for each.

    Raises ImportRefused for a header or options that cannot be, before anything is written. What else is wrong goes into
    the rejects file, and the rest goes on. The same file again changes nothing: of several rows that tell different
    things of one customer the first counts, and what a file tells of a record that was merged since overwrites nothing.
    """
    declared = await declared_attributes(shop.database)
    with closing(_Seen()) as seen:
        layout = layout_of(shop.settings, options, declared)
        return await run(shop, path, options, progress, layout, partial(_batches, declared), _settling(seen))


class _Seen:
    """Which customers the file has named so far: on disk, where SQLite puts what is too much for memory."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("")  # a private file that vanishes when it is closed
        self._connection.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, ids: Iterable[str]) -> None:
        """Remember customers."""
        self._connection.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((id_,) for id_ in ids))

    def __contains__(self, id_: str) -> bool:
        return self._connection.execute("SELECT 1 FROM seen WHERE id = ?", (id_,)).fetchone() is not None

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()


def _batches(declared: Declared, running: Running, rows: Iterator[Row]) -> Generator[list[Entry], None, None]:
    return batches(running, rows, EntryReader(running.shop, running.options, running.header, declared).read)


def _settling(seen: _Seen) -> Settle[list[Entry]]:
    async def settle_entries(running: Running, entries: list[Entry]) -> None:
        """Settle a batch; entries of the same customer are settled one after the other."""
        left: Sequence[Entry] = entries
        while left:
            known = await known_records(running.shop, (key for entry in left for key in entry.keys))
            first, left = _apart(left, known)
            try:
                await settle(running, first, _attempt(running, seen, first, known), settle_entries)
            except Meanwhile:
                left = [*first, *left]

    return settle_entries


def _apart(entries: Sequence[Entry], known: Records) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """Entries up to the first that may be of the same customer as an earlier one, and those from there on."""
    named: set[str | tuple[str, ...]] = set()
    for n, entry in enumerate(entries):
        one = recognised(entry, known)
        if one.customer_id in named if one else not named.isdisjoint(marks_sought(entry)):
            return entries[:n], entries[n:]
        named.update([one.customer_id] if one else marks_left(entry, entry.all_keys))
    return entries, []


async def _attempt(running: Running, seen: _Seen, entries: Sequence[Entry], known: Records) -> Outcome[Entry]:
    shop = running.shop
    existing = [(one, entry) for entry in entries if (one := recognised(entry, known))]
    newcomers = [entry for entry in entries if recognised(entry, known) is None]
    if running.foreseen is not None:
        return await _foreseen(running, running.foreseen, seen, existing, newcomers)
    groups = await _groups(shop, entries)
    new = await _prepared(shop, newcomers, groups)

    async def work() -> tuple[Outcome[Entry], Sequence[str]]:
        await _refuse_declared_anew(shop, entries)
        await _refuse_overtaken(shop, entries, newcomers)
        await _refuse_taken(shop, newcomers)
        created = await register(shop, new) if new else []
        changed, updated = list[str](), 0
        outcome = Outcome[Entry](created=len(created), customers_created=len(created))
        await _locked(shop, [one for one, _ in existing])  # nothing changes between the look and the change
        tells = running.options.compares
        for (one, entry), found in zip(
            existing, await differences(shop, existing, groups, tells=tells) if existing else [], strict=True
        ):
            if found.is_nothing:
                outcome.unchanged += 1
            elif one.record_id in seen:
                outcome.rejected.append((entry, _REPEATED))
            elif found.problem is not None:
                outcome.rejected.append((entry, found.problem))
            else:
                key, is_different = await change_quietly(shop, one.customer_id, found.changes)
                if found.consents:
                    await write(shop, key, found.consents)
                if is_different:
                    changed.append(key)
                updated += is_different or bool(found.consents)
        outcome.updated = updated
        await announce(shop, "customers_changed", changed)
        return outcome, created

    outcome, created = await shop.database.transaction(work)
    seen.add([*created, *(one.record_id for one, _ in existing)])
    return outcome


async def _foreseen(
    running: Running,
    foreseen: Foreseen,
    seen: _Seen,
    existing: Sequence[tuple[Known, Entry]],
    newcomers: Sequence[Entry],
) -> Outcome[Entry]:
    """What would come of these entries, remembered for those that follow. Raises Refused where they would be."""
    shop = running.shop
    before = foreseen.among(mark for entry in newcomers for mark in marks_sought(entry))
    repeated = [
        (entry, before[mark]) for entry in newcomers if (mark := next(filter(before.get, marks_sought(entry)), None))
    ]
    new = [entry for entry in newcomers if before.keys().isdisjoint(marks_sought(entry))]
    await _refuse_taken(shop, new)
    outcome = Outcome[Entry](created=len(new), customers_created=len(new))
    for entry, told in repeated:
        if told == _digest(entry):
            outcome.unchanged += 1
        else:
            outcome.rejected.append((entry, _REPEATED))
    if not running.options.compares:
        outcome.unchanged += len(existing)
        existing = []
    groups = await _groups_there(shop, [entry for _, entry in existing])
    for (one, entry), found in zip(
        existing, await differences(shop, existing, groups) if existing else [], strict=True
    ):
        if found.is_nothing and (not entry.group or entry.group in groups):
            outcome.unchanged += 1
        elif one.record_id in seen or found.problem is not None:
            outcome.rejected.append((entry, found.problem or _REPEATED))
        else:
            outcome.updated += 1
    for entry in new:
        foreseen.add((mark, _digest(entry)) for mark in marks_left(entry, entry.all_keys))
    seen.add(one.record_id for one, _ in existing)
    return outcome


def _digest(entry: Entry) -> str:
    """What an entry tells, so that one that tells the same can be known."""
    customer = entry.customer
    told = (
        sorted(customer.columns.items()),
        customer.tags,
        sorted(customer.addresses.items()),
        customer.code,
        entry.group,
        [(one.definition.name, one.value) for one in customer.attributes],
        customer.consents,
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()


async def _locked(shop: Shop, known: Sequence[Known]) -> None:
    """Lock these customers, and the records by which they are known. Raises Meanwhile where one leads to somebody else by now."""
    ids = {id_ for one in known for id_ in (one.record_id, one.customer_id)}
    leads_to = dict(await lock(shop.database, "customer", ids, ("id", "merged_into_id")))
    for one in known:
        if leads_to.get(one.customer_id) or (leads_to.get(one.record_id) or one.record_id) != one.customer_id:
            raise Meanwhile


async def _refuse_overtaken(shop: Shop, entries: Sequence[Entry], newcomers: Sequence[Entry]) -> None:
    uncoded = [entry for entry in newcomers if not entry.customer.code]
    contacts = (key for entry in uncoded for key in entry.contacts)
    kept_apart = [key for entry in entries for key in unique_keys(shop.settings, entry.customer.columns)]
    kept_apart += [key for entry in entries for key in unique_keys_of(entry.customer.attributes)]
    there = await registered_meanwhile(shop, contacts, kept_apart)
    if any(recognised(entry, there) for entry in uncoded):
        raise Meanwhile


async def _refuse_taken(shop: Shop, newcomers: Sequence[Entry]) -> None:
    """Raise Refused where a newcomer has a value that the shop keeps apart, and somebody has it already."""
    keys = [key for entry in newcomers for key in unique_keys(shop.settings, entry.customer.columns)]
    taken = {name for name, _ in _repeated(keys) | await values_taken(shop, keys)}
    values = [one for entry in newcomers for one in entry.customer.attributes]
    described = unique_keys_of(values)
    gone = {id_ for id_, _ in _repeated(described) | set(await owners_of(shop, described))}
    taken |= {attribute_column(one.definition.name) for one in values if one.definition.id in gone}
    if taken:
        raise Refused(*(Problem("NOT_UNIQUE", f"{name}: {ALLOWED_ONCE}") for name in sorted(taken)))


def _repeated(keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    return {key for key, times in Counter(keys).items() if times > 1}


async def _refuse_declared_anew(shop: Shop, entries: Sequence[Entry]) -> None:
    """Let nobody declare anything else until the transaction ends. Raises ImportRefused where that was done since the file was
    opened: what was read would mean something else."""
    used = {one.definition.name: one.definition for entry in entries for one in entry.customer.attributes}
    if used:
        declared = await held_attributes(shop.database)
        if anew := sorted(name for name, definition in used.items() if declared.get(name) != definition):
            raise ImportRefused(f"Declared otherwise while the file was read: {', '.join(anew)}. Import it once more.")


async def _prepared(shop: Shop, newcomers: Sequence[Entry], groups: Mapping[str, str]) -> Sequence[CheckedCustomer]:
    """The newcomers with groups, stores and codes."""
    stores = await _stores(shop, newcomers)
    customers = [
        replace(
            entry.customer,
            group_id=groups.get(entry.group, entry.customer.group_id),
            origin_store_id=stores.get(entry.store),
        )
        for entry in newcomers
    ]
    return await with_codes(shop, customers)


async def _stores(shop: Shop, entries: Sequence[Entry]) -> dict[str, str]:
    """The ids of the stores by their names in the file; unknown ones are opened."""
    codes = {entry.store: store_code(entry.store) for entry in entries if entry.store}
    stores = await stores_by_codes(shop.database, list(codes.values())) if codes else {}
    ids = {code: store.id for code, store in stores.items()}
    for name, code in codes.items():
        if code not in ids:
            ids[code] = await create_store(shop, code, name)
    return {name: ids[code] for name, code in codes.items()}


async def _groups(shop: Shop, entries: Sequence[Entry]) -> dict[str, str]:
    """The ids of the groups by their names in the file; unknown ones are created."""
    ids = await _groups_there(shop, entries)
    made: dict[str, str] = {}
    for name in {entry.group: None for entry in entries if entry.group and entry.group not in ids}:
        key = name_key(name)
        if key not in made:
            made[key] = await create_group(shop, name, None)
        ids[name] = made[key]
    return ids


async def _groups_there(shop: Shop, entries: Sequence[Entry]) -> dict[str, str]:
    """The ids of those groups that there are, by their names in the file."""
    keys = {entry.group: name_key(entry.group) for entry in entries if entry.group}
    if not keys:
        return {}
    among = shop.database.dialect.among("name_key", 1, "text")
    rows = await shop.database.rows(
        f"SELECT name_key, id FROM customer_group WHERE {among} AND emptying_into IS NULL", list(keys.values())
    )
    ids = {row[0]: row[1] for row in rows}
    return {name: ids[key] for name, key in keys.items() if key in ids}
