"""Who shares a key with whom: the rows of `duplicate_key`."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from regulars_core.customers.attributes.rules import key_of
from regulars_core.customers.attributes.storage import PURPOSE, opened_or_opaque
from regulars_core.customers.attributes.uniqueness import forms_wanted
from regulars_core.customers.duplicates import Traits
from regulars_core.customers.pairs.keys import MOST_ALIKE, Keys, keys_of
from regulars_core.customers.pairs.records import Record
from regulars_core.database import Database
from regulars_core.database.seals import Opaque

COLUMNS = Keys._fields
Key = tuple[str, int]
"""A column and a digest."""
MOST_SHARING = 50
"""Records that may share a value of a unique attribute. The triggers that note who is to be compared know it, too."""
_CONFLICT = ", ".join(f"{column} = excluded.{column}" for column in COLUMNS)
_WRITE = (
    f"INSERT INTO duplicate_key (customer_id, {', '.join(COLUMNS)}) VALUES"
    f" ($1, {', '.join(f'${n}' for n in range(2, len(COLUMNS) + 2))}) ON CONFLICT (customer_id) DO UPDATE SET {_CONFLICT}"
)


def keys_in(keys: Keys) -> list[Key]:
    """The keys that are known, each with its column."""
    return [(column, value) for column, value in zip(COLUMNS, keys, strict=True) if value is not None]


async def stored_keys(database: Database, record_ids: Collection[str]) -> Mapping[str, Keys]:
    """The keys of these records, as far as they have any."""
    among = database.dialect.among("customer_id", 1)
    sql = f"SELECT customer_id, {', '.join(COLUMNS)} FROM duplicate_key WHERE {among}"
    return {row[0]: Keys(*row[1:]) for row in await database.rows(sql, sorted(set(record_ids)))}


async def rewrite_keys(database: Database, due: Set[str], records: Sequence[Record]) -> Set[str]:
    """Let the keys of these records be what they are to be, and those of who is due and no record any more be gone. Answers the
    records of others who have to be looked at again: a key that too many shared tells something again, or one tells nothing any
    more."""
    wanted = {one.id: keys_of(one.traits) for one in records}
    stored = await stored_keys(database, due | wanted.keys())
    different = {id_: keys for id_, keys in wanted.items() if stored.get(id_) != keys}
    gone = stored.keys() - wanted.keys()
    if not (different or gone):
        return set()
    touched: dict[Key, int] = {}
    for id_ in different.keys() | gone:
        before, after = (set(keys_in(keys)) if keys else set() for keys in (stored.get(id_), different.get(id_)))
        for key in before ^ after:
            touched[key] = touched.get(key, 0) + (1 if key in after else -1)
    await database.run_many(_WRITE, [(id_, *keys) for id_, keys in sorted(different.items())])
    if gone:
        among = database.dialect.among("customer_id", 1)
        await database.run(f"DELETE FROM duplicate_key WHERE {among}", sorted(gone))
    counts = await counted(database, touched, beyond=max(map(abs, touched.values()), default=0))
    crossed = {key: more for key, more in touched.items() if _is_known(key, counts) != _is_known(key, counts, more)}
    return set(await _sharing(database, crossed)) - due


def _is_known(key: Key, counts: Mapping[Key, int], more: int = 0) -> bool:
    """Whether few enough share a key, or did before `more` of them came."""
    return counts.get(key, 0) - more <= _most(key[0])


def _most(column: str) -> int:
    """How many records may share a key of this column."""
    most: int = getattr(MOST_ALIKE, column)
    return most


async def counted(database: Database, keys: Collection[Key], beyond: int = 0) -> Mapping[Key, int]:
    """How many records have each of these keys; no more are counted than tell that there are too many, and so many beyond."""
    found: dict[Key, int] = {}
    for statement, values, column in _by_column(database, keys):
        few = f"SELECT 1 FROM duplicate_key d WHERE d.{column} = k.key LIMIT {_most(column) + 1 + beyond}"
        sql = f"SELECT k.key, (SELECT count(*) FROM ({few}) few) FROM {statement}"
        found |= {(column, row[0]): row[1] for row in await database.rows(sql, *values)}
    return found


def _by_column(database: Database, keys: Collection[Key]) -> Sequence[tuple[str, list[Any], str]]:
    """For every column that has any: a FROM item of the digests, its values, and the column."""
    digests = {column: sorted({value for of, value in keys if of == column}) for column in COLUMNS}
    return [(database.dialect.keys(1, "bigint"), [values], column) for column, values in digests.items() if values]


async def _sharing(database: Database, keys: Mapping[Key, int]) -> Sequence[str]:
    """The records that have these keys: as many as may share one, and those that came."""
    found: dict[str, None] = {}
    for (column, value), more in sorted(keys.items()):
        most = _most(column) + max(more, 0)
        sql = f"SELECT customer_id FROM duplicate_key WHERE {column} = $1 ORDER BY customer_id LIMIT {most}"
        found |= {row[0]: None for row in await database.rows(sql, value)}
    return list(found)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Which records have keys that some others have, too, and which keys so many have that they tell nothing."""

    records: Mapping[Key, Sequence[str]]
    common: Set[Key]

    def near(self, keys: Collection[Key]) -> set[str]:
        """The records that have one of these keys."""
        return {id_ for key in keys for id_ in self.records.get(key, ())}

    def telling(self, traits: Traits, keys: Keys) -> Traits:
        """Without those traits that too many share."""
        common = {column for column, value in keys_in(keys) if (column, value) in self.common}
        hidden: dict[str, Any] = dict.fromkeys(common & {"email", "phone", "phone_tail", "tax_id"})
        return replace(traits, **hidden) if hidden else traits


async def blocks_of(database: Database, keys: Collection[Key], same: Collection[Sequence[Key]] = ()) -> Blocks:
    """Who has these keys. Those that are the `same`, since one value was sealed under several keys, are counted together."""
    counts = dict(await counted(database, keys))
    for each in same:
        counts |= dict.fromkeys(each, sum(counts.get(key, 0) for key in each))
    common = {key for key, count in counts.items() if count > _most(key[0])}
    shared = [key for key, count in counts.items() if count > 1 and key not in common]
    found: dict[Key, list[str]] = {}
    for statement, values, column in _by_column(database, shared):
        sql = f"SELECT k.key, d.customer_id FROM {statement} JOIN duplicate_key d ON d.{column} = k.key"
        for value, id_ in await database.rows(sql, *values):
            found.setdefault((column, value), []).append(id_)
    return Blocks(found, common)


Shared = tuple[str, str]
"""An attribute's id, and the form in which a value of it is compared."""


async def shared_attributes(database: Database, record_ids: Collection[str]) -> Mapping[str, Set[Shared]]:
    """The values of unique attributes that these records share with others, by the ids of all who have them: they were there
    before the attribute was unique. What more than MOST_SHARING have tells nobody apart."""
    ids, found = sorted(set(record_ids)), dict[str, set[Shared]]()
    is_sealing = database.seals.current is not None
    of_one = "o.definition_id = v.definition_id AND o.value_key = v.value_key"
    few = f"SELECT 1 FROM customer_attribute o WHERE {of_one} LIMIT {MOST_SHARING + 1}"
    values = (
        f"SELECT v.customer_id, v.definition_id, v.value_key, (SELECT count(*) FROM ({few}) few) AS sharing FROM"
        " customer_attribute v JOIN customer_attribute_definition d ON d.id = v.definition_id"
        f" WHERE {database.dialect.among('v.customer_id', 1)} AND d.is_unique{' AND NOT d.is_sensitive' if is_sealing else ''}"
    )
    for id_, *shared in await database.rows(
        f"SELECT DISTINCT o.customer_id, v.definition_id, v.value_key FROM ({values}) v JOIN customer_attribute o ON {of_one}"
        f" WHERE v.sharing BETWEEN 2 AND {MOST_SHARING}",
        ids,
    ):
        found.setdefault(id_, set()).add((shared[0], shared[1]))
    for one, having in (await _sharing_sealed(database, ids) if is_sealing else {}).items():
        for id_ in having if 2 <= len(having) <= MOST_SHARING else ():
            found.setdefault(id_, set()).add(one)
    return found


async def _sharing_sealed(database: Database, record_ids: Sequence[str]) -> Mapping[Shared, Set[str]]:
    """The records that have the sensitive values of these: some may be sealed under another key still."""
    forms: dict[Shared, Shared] = {}
    for definition_id, type_, value in await database.rows(
        "SELECT v.definition_id, d.type, v.value FROM customer_attribute v JOIN customer_attribute_definition d"
        f" ON d.id = v.definition_id WHERE {database.dialect.among('v.customer_id', 1)} AND d.is_unique AND d.is_sensitive",
        record_ids,
    ):
        clear = opened_or_opaque(database.seals, value)
        if not isinstance(clear, Opaque):
            each = database.seals.digests(key_of(type_, clear), PURPOSE)
            forms |= {(definition_id, form): (definition_id, each[0]) for form in each}
    if not forms:
        return {}
    wanted, values = forms_wanted(database, forms)
    found: dict[Shared, set[str]] = {}
    for definition_id, form, id_ in await database.rows(
        f"SELECT k.definition_id, k.form, v.customer_id FROM {wanted} JOIN customer_attribute v ON v.id IN (SELECT o.id FROM"
        f" customer_attribute o WHERE o.definition_id = k.definition_id AND o.value_key = k.form LIMIT {MOST_SHARING + 1})",
        *values,
    ):
        found.setdefault(forms[definition_id, form], set()).add(id_)
    return found
