"""Changing customers: their details, tags, group and status."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from regulars_core.audit import Change, changed
from regulars_core.customers.aliases import survivors
from regulars_core.customers.attributes.assignments import replace_attributes
from regulars_core.customers.attributes.definitions import held_attributes
from regulars_core.customers.attributes.rules import FIELD as ATTRIBUTES
from regulars_core.customers.attributes.rules import CheckedAttribute, checked_attributes
from regulars_core.customers.attributes.uniqueness import unique_keys_of
from regulars_core.customers.columns import COLUMNS, NAMES
from regulars_core.customers.duplicates import ALL_TRAITS, Traits, alike, not_unique, taken_attributes
from regulars_core.customers.likeness.unique_values import unique_keys
from regulars_core.customers.reads import GONE
from regulars_core.customers.registration import insert_addresses, insert_tags, lock_values, missing
from regulars_core.customers.requirements import note_cleared
from regulars_core.customers.rules import (
    ADDRESSES,
    CONTACT,
    Address,
    CustomerChanges,
    checked_address,
    checked_changes,
    checked_tags,
    note_tax_id,
    tag_key,
)
from regulars_core.customers.sealed import kept_beside, kept_columns, opened_columns
from regulars_core.customers.search.texts import SEARCHED, texts_of
from regulars_core.database import Database, Overtaken
from regulars_core.events.events import announce
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.text import camel
from regulars_core.queries.locks import lock, lock_where
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class VersionConflict(Problem):
    """The customer, or a note about them, is at another version than the one that was looked at."""

    customer_id: str = ""
    note_id: str | None = None


async def change(
    shop: Shop,
    customer_id: str,
    changes: CustomerChanges,
    expected: int | None = None,
    told: Set[str] = ALL_TRAITS,
) -> bool:
    """Change a customer; answers whether anything is different now. Raises Refused; NOT_FOUND where there is none,
    VERSION_CONFLICT where it is at another version than the expected one, and NOT_UNIQUE where another one has a value that the
    shop keeps apart: who that is as far as the caller may be `told`.

    The version grows by one with every change that changes something. Plugins are told of it, and where there are extras
    for them in any case; whether those change anything is theirs to know, and the version stays.
    """

    async def work() -> bool:
        key, is_different = await change_quietly(shop, customer_id, changes, expected, told)
        extras = changes.get("extras", {})
        changed({name: None for own in extras.values() for name in own})
        if is_different or extras:
            await announce(shop, "customers_changed", [key], [extras])
        return is_different

    return await shop.database.transaction(work)


async def change_quietly(
    shop: Shop,
    customer_id: str,
    changes: CustomerChanges,
    expected: int | None = None,
    told: Set[str] = ALL_TRAITS,
) -> tuple[str, bool]:
    """As `change`, for a caller who announces many changes together; answers who it was, too: the id may lead to another."""
    checks, wanted = Checks(), dict[str, Any](changes)
    columns = checked_changes(shop.settings, checks, changes)
    tags = checked_tags(checks, changes["tags"] or ()) if "tags" in changes else None
    addresses = {
        kind: checked_address(checks, wanted[name] or Address(), camel(name))
        for kind, name in ADDRESSES.items()
        if name in wanted
    }
    kept_apart, given = unique_keys(shop.settings, columns), changes.get("attributes", ())

    async def work() -> tuple[str, bool]:
        declared = await held_attributes(shop.database) if given else {}
        attributes = checked_attributes(checks, declared, given)
        await lock_values(shop, [*kept_apart, *unique_keys_of(attributes)])
        before = await locked_customer(shop, customer_id, expected=expected)
        key, is_company = before["id"], columns.get("is_company", before["is_company"])
        note_cleared(checks, shop.settings.required_fields, before, changes, is_company=is_company)
        if columns.get("tax_id") != before["tax_id"]:
            note_tax_id(checks, shop.settings, columns.get("tax_id"))
        if columns.get("group_id", before["group_id"]) != before["group_id"]:
            group = {columns["group_id"] or ""}
            for problem in await missing(shop, "customer_group", group, "groupId", "group"):
                checks.unfit(problem.code, problem.message, *problem.path)
        checks.refuse()
        different = {name: value for name, value in columns.items() if before[name] != value}
        await _refuse_taken(shop, before, set(kept_apart), attributes, told)
        retagged = tags is not None and await _replace_tags(shop, key, tags)
        readdressed = await replace_addresses(shop, key, addresses)
        described = await replace_attributes(shop, key, attributes, now())
        changed(_audited(before, different))
        changed({name: None for name, really in (("tags", retagged), ("addresses", readdressed)) if really})
        changed({f"{ATTRIBUTES}.{name}": None for name in described})
        if is_checked := changes.get("contact_checked", False):
            changed({"contactCheckedAt": None})
        if is_checked or readdressed or not different.keys().isdisjoint(CONTACT):
            different["contact_checked_at"] = now()
        if not (different or retagged or readdressed or described):
            return key, False
        await _update(shop, before, different)
        return key, True

    return await shop.database.transaction(work)


async def _refuse_taken(
    shop: Shop,
    before: Mapping[str, Any],
    kept_apart: Set[tuple[str, str]],
    attributes: Sequence[CheckedAttribute],
    told: Set[str],
) -> None:
    """Raise Refused for those of these values that the shop keeps apart which are new here, and another one's."""
    new: dict[str, Any] = dict(kept_apart - set(unique_keys(shop.settings, before)))
    taken = await taken_attributes(shop, attributes, told, before["id"])
    if new:
        traits = Traits(**new)
        others = [other for other in await alike(shop, None, traits) if other.id != before["id"]]
        taken = [*not_unique(list(new), traits, others, told), *taken]
    if taken:
        raise Refused(*taken)


_NOT_PERSONAL = frozenset(
    {"status", "is_company", "group_id", *(column.name for column in COLUMNS if not column.is_personal)}
)


def _audited(before: Mapping[str, Any], different: Mapping[str, Any]) -> dict[str, Change]:
    """The changes in the API's spelling, with values where they are not personal."""
    return {camel(name): (before[name], value) if name in _NOT_PERSONAL else None for name, value in different.items()}


_LEADS_TO = "id = coalesce((SELECT a.merged_into_id FROM customer a WHERE a.id = $1), $1)"
_LOCKED = ("id", "code", "status", "version", *NAMES, "is_company", "group_id", "merged_into_id")


async def locked_customer(
    shop: Shop, customer_id: str, field: str = "id", *, expected: int | None = None
) -> Mapping[str, Any]:
    """The columns of the customer to whom this id leads, by name, locked until the transaction ends: go by the `id` among them.

    Raises Refused with NOT_FOUND at this field, also for who is erased, and with VERSION_CONFLICT if another version is expected.
    """
    rows, wanted = await lock_where(shop.database, "customer", _LEADS_TO, [customer_id], _LOCKED), customer_id
    while rows and rows[0][-1] is not None:  # merged while we waited
        wanted = rows[0][-1]
        rows = await lock_where(shop.database, "customer", _LEADS_TO, [wanted], _LOCKED)
    customer = dict(zip(_LOCKED, rows[0], strict=True)) if rows else {}
    if not customer or customer["status"] in GONE:
        raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", (field,)))
    customer["is_company"] = bool(customer["is_company"])
    customer = opened_columns(shop.seals, customer["id"], customer)
    if expected is not None and customer["version"] != expected:
        raise Refused(_conflict(customer["id"], customer["version"], "expectedVersion"))
    return customer


def _conflict(customer_id: str, version: int, *path: str) -> VersionConflict:
    message = f"The customer was changed meanwhile and is at version {version}."
    return VersionConflict("VERSION_CONFLICT", message, path, customer_id)


async def _update(shop: Shop, before: Mapping[str, Any], different: Mapping[str, Any]) -> None:
    after = {**before, **different}
    seals = shop.seals
    columns = {
        **kept_columns(seals, before["id"], different),
        **kept_beside(seals, after),
        "version": before["version"] + 1,
        "updated_at": now(),
    }
    sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 2))
    await shop.database.run(f"UPDATE customer SET {sets} WHERE id = $1", before["id"], *columns.values())
    if different.keys() & SEARCHED:
        await update_texts(shop.database, before["id"], after)


async def update_texts(database: Database, customer_id: str, customer: Mapping[str, Any]) -> None:
    """Let a customer be found by these details, and by those of the records that were merged into it."""
    joined = "string_agg" if database.engine == "postgres" else "group_concat"
    aliases = (
        "(SELECT t.names, t.contact FROM customer a JOIN customer_text t ON t.customer_id = a.id"
        " WHERE a.merged_into_id = $1 ORDER BY a.id) x"
    )
    sets = [
        f"{column} = {place} || coalesce((SELECT {joined}(x.{column}, '') FROM {aliases}), '')"
        for column, place in (("names", "$2"), ("contact", "$3"))
    ]
    texts = texts_of(customer["code"], customer)
    await database.run(f"UPDATE customer_text SET {', '.join(sets)} WHERE customer_id = $1", customer_id, *texts)


async def _replace_tags(shop: Shop, customer_id: str, tags: Sequence[tuple[str, str]]) -> bool:
    rows = await shop.database.rows("SELECT tag, tag_key FROM customer_tag WHERE customer_id = $1", customer_id)
    if {tuple(row) for row in rows} == set(tags):
        return False
    await shop.database.run("DELETE FROM customer_tag WHERE customer_id = $1", customer_id)
    await insert_tags(shop, [(customer_id, tags)])
    return True


async def replace_addresses(shop: Shop, customer_id: str, addresses: Mapping[str, Address]) -> bool:
    """Give a customer these addresses by kind, an empty one for none; whether any was another."""
    is_different = False
    for kind, address in addresses.items():
        row = await shop.database.row(
            "SELECT recipient, line1, line2, city, region, postal_code, country FROM customer_address"
            " WHERE customer_id = $1 AND kind = $2",
            customer_id,
            kind,
        )
        if (Address(*row) if row else Address()) != address:
            is_different = True
            await shop.database.run(
                "DELETE FROM customer_address WHERE customer_id = $1 AND kind = $2", customer_id, kind
            )
            if address != Address():
                await insert_addresses(shop, [(customer_id, {kind: address})])
    return is_different


SETTABLE = ("ACTIVE", "INACTIVE", "SUSPENDED")
"""Where a customer can be put."""


async def set_status(shop: Shop, customer_id: str, status: str, expected: int | None = None) -> bool:
    """Make a customer ACTIVE, INACTIVE or SUSPENDED; answers whether it was something else. Raises Refused: NOT_FOUND,
    VERSION_CONFLICT, INVALID_CHOICE."""
    checks = Checks()
    checks.choice(status, SETTABLE, "status")
    checks.refuse()

    async def work() -> bool:
        before = await locked_customer(shop, customer_id, expected=expected)
        if before["status"] == status:
            changed({})
            return False
        changed({"status": (before["status"], status)})
        await _update(shop, before, {"status": status})
        await announce(shop, "customers_changed", [before["id"]])
        return True

    return await shop.database.transaction(work)


async def add_tags(shop: Shop, customer_id: str, tags: Sequence[str], expected: int | None = None) -> bool:
    """Put tags on a customer beside those it has; answers whether any was new. Raises Refused: VERSION_CONFLICT where it is at
    another version than the expected one."""

    async def work() -> bool:
        before = await locked_customer(shop, customer_id, "customerId", expected=expected)
        checks, key = Checks(), before["id"]
        rows = await shop.database.rows(
            "SELECT tag, tag_key FROM customer_tag WHERE customer_id = $1 ORDER BY tag_key", key
        )
        wanted = checked_tags(checks, tags, [(row[0], row[1]) for row in rows])
        checks.refuse()
        new = [tag for tag in wanted if tag[1] not in {row[1] for row in rows}]
        changed({"tags": None} if new else {})
        if new:
            await insert_tags(shop, [(key, new)])
            await _update(shop, before, {})
            await announce(shop, "customers_changed", [key])
        return bool(new)

    return await shop.database.transaction(work)


async def remove_tags(shop: Shop, customer_id: str, tags: Sequence[str], expected: int | None = None) -> bool:
    """Take tags off a customer, however they are written; answers whether any was there. Raises Refused: VERSION_CONFLICT where
    it is at another version than the expected one."""

    async def work() -> bool:
        before = await locked_customer(shop, customer_id, "customerId", expected=expected)
        keys = sorted({tag_key(tag) for tag in tags})
        among = shop.database.dialect.among("tag_key", 2, "text")
        removed = await shop.database.run(
            f"DELETE FROM customer_tag WHERE customer_id = $1 AND {among}", before["id"], keys
        )
        changed({"tags": None} if removed else {})
        if removed:
            await _update(shop, before, {})
            await announce(shop, "customers_changed", [before["id"]])
        return removed > 0

    return await shop.database.transaction(work)


async def assign_group(
    shop: Shop, customer_ids: Sequence[str], group_id: str, expected: Sequence[int] | None = None
) -> int:
    """Put the customers to whom these ids lead into a group, all or none; answers how many were in another. If versions are
    `expected`, one for each of them, only as long as all are at these. Raises Refused."""

    async def work() -> int:
        leads_to = await survivors(shop.database, customer_ids)
        problems = [
            Problem("NOT_FOUND", "There is no customer with this id.", ("customerIds", str(n)))
            for n, customer_id in enumerate(customer_ids)
            if customer_id not in leads_to
        ]
        problems += await missing(shop, "customer_group", {group_id}, "groupId", "group")
        if problems:
            raise Refused(*problems)
        database, ids = shop.database, sorted(set(leads_to.values()))
        members = await lock(database, "customer", ids, ("id", "group_id", "merged_into_id", "version"))
        if any(row[2] is not None for row in members):
            raise Overtaken("A customer was merged into another meanwhile.")
        versions = {row[0]: row[3] for row in members}
        if conflicts := [
            _conflict(leads_to[one], versions[leads_to[one]], "expectedVersions", str(n))
            for n, (one, looked_at) in enumerate(zip(customer_ids, expected or (), strict=False))
            if versions[leads_to[one]] != looked_at
        ]:
            raise Refused(*conflicts)
        await database.run(
            "UPDATE customer SET group_id = $2, version = version + 1, updated_at = $3"
            f" WHERE group_id <> $2 AND {database.dialect.among('id', 1)}",
            ids,
            group_id,
            now(),
        )
        moved = [id_ for id_, group, *_ in members if group != group_id]
        await announce(shop, "customers_changed", moved)
        return len(moved)

    return await shop.database.transaction(work)
