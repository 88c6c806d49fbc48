"""What `regulars doctor` finds, each finding in a sentence with its mend."""

from pathlib import Path

import pytest

from regulars_core.contribution import CORE_APP
from regulars_core.database import Database
from regulars_core.shop.settings import Settings
from regulars_server.doctor import examine
from tests.support.keys import make_key, revoke


async def findings(url: str, **settings: str) -> list[str]:
    """Every finding, good ones with a plus before them."""
    found = await examine(Settings(database_url=url, **settings))  # type: ignore[arg-type]
    return [f"{'+' if finding.ok else '-'} {finding.message}" for finding in found]


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def about_keys(url: str) -> str:
    [found] = [line for line in await findings(url) if line[2:].startswith("keys: ")]
    return found


async def write(url: str, sql: str, *values: object) -> None:
    database = await Database.open(url, [CORE_APP])
    await database.transaction(lambda: database.run(sql, *values))
    await database.close()


async def test_a_healthy_shop(engine: str, database_url: str) -> None:
    database = await Database.open(database_url, [CORE_APP])
    await make_key(database, "a", "administrator")
    spare = await make_key(database, "b", "administrator")
    await revoke(database, spare)
    await database.close()
    told = await findings(database_url, country="MX", timezone="America/Mexico_City")
    settings, product, migrations, jobs, encryption, keys, unique, attributes, choices = told
    assert attributes.startswith("+ unique-attributes: ")
    assert unique == "+ unique-fields: No two customers share what the shop keeps apart."
    assert choices == "+ choices: What can only be one of a few values is one of them."
    assert settings == "+ settings: USD, America/Mexico_City, phone numbers as in MX"
    assert product.startswith("+ database: " + {"sqlite": "SQLite 3.", "postgres": "PostgreSQL 1"}[engine])
    assert (migrations, jobs, encryption, keys) == (
        "+ migrations: all applied",
        "+ jobs: none was run yet",
        "+ encryption: nothing sensitive is kept",
        "+ keys: 1 live",
    )


async def test_without_a_live_key_nobody_can_ask(database_url: str) -> None:
    assert "regulars key create" in await about_keys(database_url)
    database = await Database.open(database_url, [CORE_APP])
    await make_key(database, "a", "administrator")
    await database.close()
    await write(database_url, "UPDATE api_key SET revoked_at = 0")
    last = await about_keys(database_url)
    assert last.startswith("- keys: none is live")
    assert "regulars key create --name … --role administrator" in last


async def test_without_an_administrator_nobody_can_make_keys(database_url: str) -> None:
    database = await Database.open(database_url, [CORE_APP])
    await make_key(database, "till", "cashier")
    await make_key(database, "branch", "administrator", ["MAIN"])
    await database.close()
    last = await about_keys(database_url)
    assert last.startswith("- keys: 2 live, but none administers the whole shop; run `regulars key create")


async def test_what_is_not_applied_is_named(database_url: str) -> None:
    await write(database_url, "DELETE FROM tortoise_migrations WHERE name = '0002_search_and_first_rows'")
    last = (await findings(database_url))[-1]
    assert last == "- migrations: not applied: core.0002_search_and_first_rows; run `regulars migrate`"


async def test_a_newer_version_was_here(database_url: str) -> None:
    await write(
        database_url,
        "INSERT INTO tortoise_migrations (app, name, applied_at)"
        " SELECT app, '0999_tomorrow', applied_at FROM tortoise_migrations WHERE app = 'core' LIMIT 1",
    )
    last = (await findings(database_url))[-1]
    assert last == "- migrations: made by a newer version (core.0999_tomorrow); install that version"


async def test_another_currency(database_url: str) -> None:
    await write(
        database_url,
        "INSERT INTO purchase (id, reference, store_id, purchased_at, recorded_at, status, currency, prices_include_tax,"
        " subtotal, discount, shipping, tax, total, refunded, digest)"
        " SELECT $1, 'R', id, 0, 0, 'PAID', 'EUR', false, 1, 0, 0, 0, 1, 0, '' FROM store WHERE code = 'MAIN'",
        "1" * 32,
    )
    found = await findings(database_url)
    assert [line for line in found if line.startswith("- currency: ")] == [
        "- currency: The database holds purchases in EUR, but REGULARS_CURRENCY is USD; a shop sells in one currency."
    ]
    assert not [line for line in await findings(database_url, currency="EUR") if "currency:" in line]


async def test_looking_makes_no_file(tmp_path: Path) -> None:
    last = (await findings(f"sqlite://{tmp_path}/none.db"))[-1]
    assert last == f"- database: there is no file {tmp_path}/none.db; run `regulars migrate` to make it"
    assert files(tmp_path) == []


async def test_looking_changes_no_row(database_url: str) -> None:
    before = await findings(database_url)
    assert await findings(database_url) == before


@pytest.mark.parametrize("url", ["sqlite://", "sqlite://:memory:", "postgres://nobody@127.0.0.1:1/nothing"])
async def test_a_database_that_cannot_be_opened(url: str) -> None:
    last = (await findings(url))[-1]
    assert last.startswith("- database: ")
    assert "REGULARS_DATABASE_URL" in last


async def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    letter = tmp_path / "letter.db"
    letter.write_text("Dear Ana, " * 1_000)
    last = (await findings(f"sqlite://{letter}"))[-1]
    assert last.startswith("- database: ")
    assert letter.read_text() == "Dear Ana, " * 1_000
