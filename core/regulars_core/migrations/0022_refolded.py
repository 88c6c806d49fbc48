"""What was folded before letters such as `ı` were: names, tax ids, tags, cities, and what searches look into.

Customers are read some thousands at a time, and written where something is different, which is so for few.
"""

from collections.abc import Callable, Sequence
from typing import Any

import phonenumbers
from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor

from regulars_core.primitives.text import bounded, folded, folded_words, name_key

_BATCH = 5_000
_NAMES = ("first_name", "last_name", "company_name", "preferred_name", "tax_id", "email")


class _Rows:
    """Reads and writes what a migration asks for, in the words of either engine."""

    def __init__(self, client: Any) -> None:
        self._client, self._is_sqlite = client, client.capabilities.dialect == "sqlite"

    def foreign(self, *columns: str) -> str:
        """The condition that one of these has other characters than those of ASCII: what is without is folded as ever."""
        text = " || ".join(f"coalesce({column}, '')" for column in columns)
        return f"({text}) GLOB '*[^ -~]*'" if self._is_sqlite else f"({text}) ~ '[^ -~]'"

    def _own(self, sql: str) -> str:
        return sql.replace("$", "?") if self._is_sqlite else sql

    async def all(self, sql: str, *values: Any) -> Sequence[Any]:
        _, rows = await self._client.execute_query(self._own(sql), list(values))
        return list(rows)

    async def write(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        if values:
            await self._client.execute_many(self._own(sql), [list(row) for row in values])

    async def by_id(self, table: str, columns: Sequence[str], condition: str) -> Any:
        """The rows for which this holds, in the order of their ids, some at a time."""
        last = "0" * 32
        select = (
            f"SELECT id, {', '.join(columns)} FROM {table} WHERE id > $1 AND {condition} ORDER BY id LIMIT {_BATCH}"
        )
        while rows := await self.all(select, last):
            yield rows
            last = rows[-1]["id"]


async def _refold(_: Any, editor: BaseSchemaEditor) -> None:
    rows = _Rows(editor.client)
    await _customers(rows)
    await _keys(rows, "customer_address", "city", "city_key", lambda city: bounded(folded(city), 160))
    await _tags(rows)
    await _groups(rows)


async def _customers(rows: _Rows) -> None:
    columns = ("code", *_NAMES, "phone", "sort_name", "company_key", "tax_key", "merged_into_id")
    concerned = set[str]()
    async for batch in rows.by_id("customer", columns, rows.foreign("code", *_NAMES)):
        different = []
        for row in batch:
            new = (_sort_name(row), _company_key(row["company_name"]), _tax_key(row["tax_id"]))
            if new != (row["sort_name"], row["company_key"], row["tax_key"]):
                different.append((*new, row["id"]))
            concerned.add(row["merged_into_id"] or row["id"])
        await rows.write("UPDATE customer SET sort_name = $1, company_key = $2, tax_key = $3 WHERE id = $4", different)
        await _texts(rows, [(row["id"], *_text(row)) for row in batch])
    await _survivors(rows, sorted(concerned))


def _sort_name(row: Any) -> str:
    if not (row["first_name"] or row["last_name"]):
        return folded(row["company_name"] or "")[:300]
    return ", ".join(folded(row[name]) for name in ("last_name", "first_name") if row[name])[:300]


def _company_key(name: str | None) -> str | None:
    return bounded(folded(name or ""), 300) or None


def _tax_key(tax_id: str | None) -> str | None:
    return bounded("".join(folded_words(tax_id or "")), 96) or None


def _text(row: Any) -> tuple[str, str]:
    """What a customer is found by: names and code, e-mail and phone."""
    first, last, code = (folded_words(row[name]) for name in ("first_name", "last_name", "code"))
    joined = ["".join([*first, *last])]
    if not joined[0].isascii():
        joined.append("".join([*last, *first]))
    others = folded_words(" ".join(row[name] for name in ("preferred_name", "company_name") if row[name]))
    email = folded_words(row["email"] or "")
    return (
        _spaced([*first, *last, *joined, *others, *code, "".join(code)]),
        _spaced([*email, "".join(email), *_phone_words(row["phone"])]),
    )


def _phone_words(e164: str | None) -> list[str]:
    if e164 is None:
        return []
    national = phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.NATIONAL)
    return [e164.removeprefix("+"), "".join(c for c in national if c.isdigit())]


def _spaced(words: list[str]) -> str:
    return "".join(f"  {word}" for word in dict.fromkeys(words) if word)


async def _texts(rows: _Rows, texts: Sequence[tuple[str, str, str]]) -> None:
    """Write what is different."""
    sql = "UPDATE customer_text SET names = $1, contact = $2 WHERE customer_id = $3 AND (names <> $4 OR contact <> $5)"
    await rows.write(sql, [(names, contact, id_, names, contact) for id_, names, contact in texts])


async def _survivors(rows: _Rows, customer_ids: Sequence[str]) -> None:
    """Behind the texts of those into whom others were merged stand those of the others."""
    for id_ in customer_ids:
        absorbed = await rows.all(
            "SELECT t.names, t.contact FROM customer a JOIN customer_text t ON t.customer_id = a.id"
            " WHERE a.merged_into_id = $1 ORDER BY a.id",
            id_,
        )
        if not absorbed:
            continue
        [row] = await rows.all(f"SELECT code, {', '.join(_NAMES)}, phone FROM customer WHERE id = $1", id_)
        names, contact = _text(row)
        names += "".join(one["names"] for one in absorbed)
        contact += "".join(one["contact"] for one in absorbed)
        await _texts(rows, [(id_, names, contact)])


async def _keys(rows: _Rows, table: str, column: str, key: str, fold: Callable[[str], str]) -> None:
    async for batch in rows.by_id(table, (column, key), rows.foreign(column)):
        different = [(fold(row[column]), row["id"]) for row in batch if fold(row[column]) != row[key]]
        await rows.write(f"UPDATE {table} SET {key} = $1 WHERE id = $2", different)


async def _tags(rows: _Rows) -> None:
    """Of two tags of a customer that are one now the first is kept."""
    async for batch in rows.by_id("customer_tag", ("customer_id", "tag", "tag_key"), rows.foreign("tag")):
        for row in batch:
            key = bounded(folded(row["tag"]), 96)
            if key == row["tag_key"]:
                continue
            others = await rows.all(
                "SELECT id FROM customer_tag WHERE customer_id = $1 AND tag_key = $2", row["customer_id"], key
            )
            if others:
                await rows.write("DELETE FROM customer_tag WHERE id = $1", [(max(row["id"], others[0]["id"]),)])
            if not others or row["id"] < others[0]["id"]:
                await rows.write("UPDATE customer_tag SET tag_key = $1 WHERE id = $2", [(key, row["id"])])


async def _groups(rows: _Rows) -> None:
    """Of two groups that have one name now both stay, and the name leads to the first."""
    for row in await rows.all(
        f"SELECT id, name, name_key FROM customer_group WHERE {rows.foreign('name')} ORDER BY id"
    ):
        key = name_key(row["name"])
        if key == row["name_key"]:
            continue
        if await rows.all("SELECT 1 FROM customer_group WHERE name_key = $1 AND id <> $2", key, row["id"]):
            key = f"{bounded(key, 120)} {row['id']}"
        await rows.write("UPDATE customer_group SET name_key = $1 WHERE id = $2", [(key, row["id"])])


class Migration(migrations.Migration):
    dependencies = [("core", "0021_payments")]

    initial = False

    operations = [ops.RunPython(_refold)]
