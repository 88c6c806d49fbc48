"""What customers who are made one have of declared attributes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from regulars_core.customers.attributes.assignments import COLUMNS, insert_attributes
from regulars_core.customers.attributes.definitions import TABLE, held_attributes
from regulars_core.customers.attributes.rules import CHOICE, FIELD, CheckedAttribute, Declared, canonical, key_of
from regulars_core.customers.attributes.storage import opened_or_opaque
from regulars_core.customers.attributes.uniqueness import Key, owners_of, unique_keys_of
from regulars_core.database import Database
from regulars_core.database.seals import Opaque
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.shop.shop import Shop

PREFIX = f"{FIELD}."
"""What stands before an attribute's name where it is a field of a merge."""


class KeptAttribute(NamedTuple):
    """A value of an attribute, an Opaque for one that cannot be opened, of which type it is, and how it stands in its table."""

    value: str
    type: str
    definition_id: str
    stored: str
    value_key: str
    ordinal: int | None
    given_at: Instant

    @property
    def compared(self) -> str:
        """The form in which it is compared, whichever key has sealed it."""
        return self.value_key if isinstance(self.value, Opaque) else key_of(self.type, self.value)


Kept = Mapping[str, KeptAttribute]
"""What a customer has, by the names of fields: `attributes.medical_card`."""


async def kept_attributes(database: Database, customer_ids: Sequence[str]) -> Mapping[str, Kept]:
    """What each of these records has itself."""
    kept: dict[str, dict[str, KeptAttribute]] = {id_: {} for id_ in customer_ids}
    for customer_id, name, type_, *row in await database.rows(
        "SELECT v.customer_id, d.name, d.type, v.definition_id, v.value, v.value_key, v.ordinal, v.given_at"
        f" FROM customer_attribute v JOIN {TABLE} d ON d.id = v.definition_id WHERE {database.dialect.among('v.customer_id', 1)}",
        list(kept),
    ):
        kept[customer_id][f"{PREFIX}{name}"] = KeptAttribute(opened_or_opaque(database.seals, row[1]), type_, *row)
    return kept


async def hand_over(
    database: Database,
    survivor_id: str,
    changes: Mapping[str, tuple[KeptAttribute | None, KeptAttribute | None]],
    at: Instant,
) -> None:
    """Give a survivor what it has since a merge in place of what it had before, as the others have it: what cannot be opened,
    too."""
    await _remove(database, survivor_id, [before.definition_id for before, _ in changes.values() if before])
    rows = [
        (new_id(), survivor_id, since.definition_id, since.stored, since.value_key, since.ordinal, at)
        for _, since in changes.values()
        if since
    ]
    await insert(database, "customer_attribute", COLUMNS, rows)


async def _remove(database: Database, customer_id: str, definition_ids: Sequence[str]) -> None:
    if definition_ids:
        among = database.dialect.among("definition_id", 2)
        sql = f"DELETE FROM customer_attribute WHERE customer_id = $1 AND {among}"
        await database.run(sql, customer_id, list(definition_ids))


def meant(shop: Shop, declared: Declared, back: Mapping[str, str | None]) -> list[CheckedAttribute]:
    """What is to be put back, None for nothing, of what is still declared and means something there."""
    found = []
    for field, kept in back.items():
        definition = declared.get(field.removeprefix(PREFIX))
        value = None if kept is None else opened_or_opaque(shop.seals, kept)
        if definition is None:
            continue
        if value is None or isinstance(value, Opaque):
            found.append(CheckedAttribute(definition, value))
        elif (written := canonical(definition, value)) is not None:  # a choice as it is written now
            found.append(CheckedAttribute(definition, written))
    return found


async def keys_put_back(shop: Shop, changes: Mapping[str, tuple[str | None, str | None]]) -> set[Key]:
    """The values that an undo may put back and that nobody else may have. Nobody declares anything else from then on."""
    if not changes:
        return set()
    declared = await held_attributes(shop.database)
    return set(unique_keys_of(meant(shop, declared, {field: before for field, (before, _) in changes.items()})))


def worded(declared: Declared, field: str, value: str | None) -> str | None:
    """A value of a field; a choice as it is worded now, which may be otherwise than when it was written."""
    definition = declared.get(field.removeprefix(PREFIX))
    if definition is None or definition.type != CHOICE or value is None or isinstance(value, Opaque):
        return value
    return canonical(definition, value) or value


async def put_back_attributes(
    shop: Shop,
    declared: Declared,
    ids: Sequence[str],
    back: Mapping[str, str | None],
    merged_at: Instant,
    at: Instant,
) -> Sequence[str]:
    """Give the survivor, the first of these records, back what a merge has changed, but nothing unique that somebody else has by
    now. What is unique, was given since and is one of the others' again is taken away. Answers the fields that are different."""
    database, (survivor, *absorbed) = shop.database, ids
    kept = await kept_attributes(database, ids)
    unique = {one.id for one in declared.values() if one.is_unique}
    theirs = {(one.definition_id, one.compared) for id_ in absorbed for one in kept[id_].values()}
    given_since = {
        field
        for field, one in kept[survivor].items()
        if field not in back
        and one.given_at > merged_at
        and one.definition_id in unique
        and (one.definition_id, one.compared) in theirs
    }
    wanted = meant(shop, declared, back)
    owners = await owners_of(shop, unique_keys_of(wanted))
    allowed = [one for one in wanted if not any(set(owners.get(key, ())) - {survivor} for key in unique_keys_of([one]))]
    gone = [one for field, one in kept[survivor].items() if field in back or field in given_since]
    await _remove(database, survivor, [one.definition_id for one in gone])
    await insert_attributes(shop, [(survivor, allowed, at)])
    return [*back, *given_since]
