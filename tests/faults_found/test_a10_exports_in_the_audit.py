"""A10: what leaves the shop by command leaves a line in the audit, before any of it does."""

import json
from typing import Any

import pytest

from regulars_core.customers.rules import NewCustomer
from regulars_core.shop.shop import Shop
from tests.support.commands import Regulars, in_shop, register


def told(url: str) -> list[tuple[Any, ...]]:
    """Action, whose key, about what, and what was asked for, of each line in the audit."""

    async def read(shop: Shop) -> list[tuple[Any, ...]]:
        rows = await shop.database.rows("SELECT action, key_name, entity_key, changes FROM audit ORDER BY id")
        return [(*tuple(row)[:3], json.loads(row[3])) for row in rows]

    found: list[tuple[Any, ...]] = in_shop(url, read)
    return found


@pytest.mark.parametrize("target", ["-", "out.csv"])
def test_a10_an_export_leaves_a_line(regulars: Regulars, database_url: str, target: str) -> None:
    register(database_url, NewCustomer("Ana", "Ruiz", email="ana@x.example"))
    done = regulars(
        "export", "customers", "--fields", "code,email", "--from", "2020-01-01", "-o", target, database_url=database_url
    )
    assert done.exit_code == 0
    [(action, _, about, asked)] = told(database_url)
    assert (action, about) == ("customersExport", None)
    days = '{"createdAt":{"days":{"from":"2020-01-01"}}}'
    assert asked == {"columns": [None, ["code", "email"]], "narrowedBy": [None, days]}
    assert "ana" not in str(told(database_url))


def test_a10_what_is_refused_leaves_none(regulars: Regulars, database_url: str) -> None:
    for given in (("--fields", "soul"), ("-o", "no/such/folder.csv")):
        assert regulars("export", "customers", *given, database_url=database_url).exit_code == 1
    assert told(database_url) == []


def test_a10_a_backup_leaves_a_line_in_itself(regulars: Regulars, database_url: str) -> None:
    done = regulars("backup", "copy.db", database_url=database_url)
    if done.exit_code:
        assert "pg_dump" in done.stderr
        return
    assert [line[0] for line in told(database_url)] == ["backup"]
    assert [line[0] for line in told("sqlite://copy.db")] == ["backup"]
