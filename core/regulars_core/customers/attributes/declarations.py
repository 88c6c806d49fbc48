"""Declaring attributes of customers, and taking them away."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import orjson

from regulars_core.audit import Change, changed
from regulars_core.customers.attributes.definitions import DEFINITIONS, TABLE
from regulars_core.customers.attributes.rules import CHOICE, MAX_DEFINITIONS, MAX_VALUE, TYPES, Definition, choice_key
from regulars_core.customers.attributes.storage import comparable
from regulars_core.database import Database
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.text import camel, tidy
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock_names, lock_where
from regulars_core.shop.shop import Shop

MAX_CHOICES = 100
_NAME = re.compile(r"[a-z0-9_]{1,40}")
_KEPT = ("label", "description", "type", "choices", "is_sensitive", "is_unique", "is_required")


@dataclass(frozen=True, slots=True)
class NewDefinition:
    """An attribute to declare, as given. Of one that is there already, what is `absent` stays as it is."""

    name: str
    type: str
    label: str | None = None
    description: str | None = None
    choices: Sequence[str] | None = None
    is_sensitive: bool = False
    is_unique: bool = False
    is_required: bool = False
    absent: Set[str] = frozenset()


async def define_attribute(shop: Shop, new: NewDefinition) -> str:
    """Declare an attribute, or change what is declared under the name, and answer its id. Raises Refused: REQUIRED, TOO_LONG,
    TOO_MANY, INVALID_NAME, INVALID_CHOICES; VALUES_EXIST where customers have values and it would be of another type, or become
    sensitive or stop to be."""
    database = shop.database

    async def work() -> str:
        checks = Checks()
        await lock_names(database, _LOCK)
        rows = await lock_where(database, TABLE, "name = $1", [new.name], [one.removeprefix("d.") for one in _COLUMNS])
        before: Definition | None = DEFINITIONS.make(*rows[0]) if rows else None
        columns = _checked(checks, new if before is None else _kept(new, before))
        checks.refuse()
        if before is None:
            await _refuse_too_many(database)
            id_ = new_id()
            await insert(database, TABLE, ("id", "name", *_KEPT), [(id_, new.name, *_row(columns))])
            changed(_told({}, columns))
            return id_
        await _refuse_unfit(shop, before, columns)
        known = {name: getattr(before, name) for name in _KEPT}
        different = {name: value for name, value in columns.items() if value != known[name]}
        changed(_told(known, different))
        if different:
            sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(_KEPT, 2))
            await database.run(f"UPDATE {TABLE} SET {sets} WHERE id = $1", before.id, *_row(columns))
        return before.id

    return await database.transaction(work)


_LOCK = ["ATTRIBUTES"]
"""One at a time is declared."""
_COLUMNS = DEFINITIONS.columns


def _kept(new: NewDefinition, before: Definition) -> NewDefinition:
    """A declaration with what is there of what it leaves out; of another type the choices are no choices."""
    absent = new.absent - ({"choices"} if new.type != before.type else set())
    return replace(new, **{name: getattr(before, name) for name in absent})


def _checked(checks: Checks, new: NewDefinition) -> dict[str, Any]:
    """What is kept of a declaration, by column."""
    if not new.name.strip():
        checks.fail("REQUIRED", "This must not be empty.", "name")
    elif not _NAME.fullmatch(new.name):
        checks.fail("INVALID_NAME", "A name is 1 to 40 small letters, digits and _, such as medical_card.", "name")
    checks.choice(new.type, TYPES, "type")
    return {
        "label": checks.text(new.label, "label", 120) or new.name,
        "description": checks.prose(new.description, "description", 2_000),
        "type": new.type,
        "choices": _choices(checks, new),
        "is_sensitive": new.is_sensitive,
        "is_unique": new.is_unique,
        "is_required": new.is_required,
    }


def _choices(checks: Checks, new: NewDefinition) -> list[str]:
    given, inner = new.choices or (), checks.nested("choices")
    if new.type != CHOICE:
        if given:
            checks.fail("INVALID_CHOICES", "Only an attribute of the type CHOICE has choices.", "choices")
        return []
    if not given:
        checks.fail("INVALID_CHOICES", "Name what can be chosen.", "choices")
    if len(given) > MAX_CHOICES:
        checks.fail("TOO_MANY", f"At most {MAX_CHOICES} choices.", "choices")
        return []
    choices: dict[str, str] = {}
    for n, one in enumerate(given):
        text = inner.text(one, str(n), MAX_VALUE, required=True)
        if text is not None and choices.setdefault(choice_key(text), text) != text:
            inner.fail("INVALID_CHOICES", "This is there already, without regard to case.", str(n))
        elif text is not None and [tidy(each) for each in given[:n]].count(text):
            inner.fail("INVALID_CHOICES", "This is there already.", str(n))
    return list(choices.values())


def _row(columns: Mapping[str, Any]) -> list[Any]:
    return [orjson.dumps(columns[name]).decode() if name == "choices" else columns[name] for name in _KEPT]


def _told(before: Mapping[str, Any], since: Mapping[str, Any]) -> dict[str, Change]:
    """The changes for the audit: they are the shop's, and nothing personal."""
    return {camel(name): (before.get(name), value) for name, value in since.items()}


async def _refuse_too_many(database: Database) -> None:
    rows = await database.rows(f"SELECT count(*) FROM {TABLE}")
    if rows[0][0] >= MAX_DEFINITIONS:
        raise Refused(Problem("TOO_MANY", f"A shop has at most {MAX_DEFINITIONS} attributes.", ("name",)))


async def _refuse_unfit(shop: Shop, before: Definition, columns: Mapping[str, Any]) -> None:
    """Raise Refused where customers have values that would mean nothing, or stand there unsealed."""
    database, problems = shop.database, list[Problem]()
    fixed = [name for name in ("type", "is_sensitive") if columns[name] != getattr(before, name)]
    if fixed and (count := await values_there(database, before.id)):
        problems += [Problem("VALUES_EXIST", _have(count), (camel(name),)) for name in fixed]
    elif before.type == CHOICE == columns["type"]:
        keys = comparable(shop, [choice_key(choice) for choice in columns["choices"]])
        among = database.dialect.among("value_key", 2, "text")
        rows = await database.rows(
            f"SELECT count(*) FROM customer_attribute WHERE definition_id = $1 AND NOT ({among})", before.id, keys
        )
        if rows[0][0]:
            message = f"{rows[0][0]} customers have chosen what would be left out."
            problems.append(Problem("INVALID_CHOICES", message, ("choices",)))
        elif not before.is_sensitive:
            for choice in set(columns["choices"]) - set(before.choices):  # those that are written otherwise now
                await database.run(
                    "UPDATE customer_attribute SET value = $3 WHERE definition_id = $1 AND value_key = $2",
                    before.id,
                    choice_key(choice),
                    choice,
                )
    if problems:
        raise Refused(*problems)


async def values_there(database: Database, definition_id: str) -> int:
    """How many customers have a value of an attribute."""
    rows = await database.rows("SELECT count(*) FROM customer_attribute WHERE definition_id = $1", definition_id)
    return int(rows[0][0])


def _have(count: int) -> str:
    return "A customer has a value of it." if count == 1 else f"{count} customers have values of it."
