"""The command line, command by command."""

import asyncio
import csv
import io
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from regulars_core import leases
from regulars_core.customers.rules import Address, NewCustomer, checked
from regulars_core.customers.service import find_or_register
from regulars_core.database import Database
from regulars_core.ids import new_id
from regulars_core.keys.doorkeeper import Doorkeeper
from regulars_core.settings import Settings
from regulars_core.shop import Shop
from regulars_server.app import APPS
from regulars_server.cli import app

Regulars = Callable[..., Result]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of our own to work in, and no settings from outside."""
    for name in os.environ:
        if name.startswith("REGULARS_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def regulars(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Regulars:
    """Runs a command; settings are given as keywords."""

    def run(*arguments: str, answer: str | None = None, **settings: str) -> Result:
        with monkeypatch.context() as patch:
            for name, value in {"plugins": "", **settings}.items():
                patch.setenv(f"REGULARS_{name.upper()}", value)
            patch.setenv("COLUMNS", "200")
            result = CliRunner().invoke(app, arguments, input=answer)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


def in_shop(url: str, work: Callable[[Shop], Coroutine[Any, Any, Any]], **settings: Any) -> Any:
    """Do something in the shop, by the core."""

    async def opened() -> Any:
        database = await Database.open(url, APPS)
        try:
            return await work(Shop(database, Settings(database_url=url, country="MX", **settings)))
        finally:
            await database.close()

    return asyncio.run(opened())


def write(url: str, sql: str, *values: object) -> None:
    async def work(shop: Shop) -> None:
        await shop.database.transaction(lambda: shop.database.run(sql, *values))

    in_shop(url, work)


def register(url: str, *customers: NewCustomer) -> list[str]:
    async def work(shop: Shop) -> list[str]:
        return [(await find_or_register(shop, checked(shop.settings, one), ())).id for one in customers]

    found: list[str] = in_shop(url, work)
    return found


def test_without_a_command_it_says_what_there_is(regulars: Regulars) -> None:
    said = regulars()
    assert said.exit_code == 2
    for command in (
        "serve",
        "demo",
        "migrate",
        "export",
        "key",
        "plugins",
        "schema",
        "jobs",
        "verify",
        "backup",
        "restore",
        "doctor",
    ):
        assert command in said.output


def test_migrate_makes_a_database_and_then_has_nothing_to_do(regulars: Regulars, elsewhere: Path) -> None:
    url = f"sqlite://{elsewhere}/new.db"
    missing = regulars("migrate", "--check", database_url=url)
    assert missing.exit_code == 1
    assert "core.0001_initial" in missing.stderr
    assert "regulars migrate" in missing.stderr
    made = regulars("migrate", database_url=url)
    assert made.exit_code == 0
    applied = made.stdout.splitlines()
    assert applied[:2] == ["applied core.0001_initial", "applied core.0002_search_and_first_rows"]
    assert all(line.startswith("applied core.") for line in applied)
    for again in (regulars("migrate", database_url=url), regulars("migrate", "--check", database_url=url)):
        assert (again.exit_code, again.stdout) == (0, "Nothing to do: the database is of this version.\n")


def test_migrate_leaves_a_newer_database_alone(regulars: Regulars, database_url: str) -> None:
    write(
        database_url,
        "INSERT INTO tortoise_migrations (app, name, applied_at)"
        " SELECT app, '0999_tomorrow', applied_at FROM tortoise_migrations WHERE app = 'core' LIMIT 1",
    )
    for arguments in (["migrate"], ["migrate", "--check"], ["verify"], ["key", "list"]):
        refused = regulars(*arguments, database_url=database_url)
        assert refused.exit_code == 1
        assert "core.0999_tomorrow" in refused.stderr


def test_the_default_database_is_a_file_here(regulars: Regulars, elsewhere: Path) -> None:
    assert regulars("migrate").exit_code == 0
    assert (elsewhere / "regulars.db").exists()


def test_a_key_is_shown_once_and_kept_nowhere(regulars: Regulars, database_url: str) -> None:
    made = regulars("key", "create", "--name", "  Till 1 ", "--role", "administrator", database_url=database_url)
    assert made.exit_code == 0
    [key] = made.stdout.splitlines()
    _, id_, secret = key.split("_")

    async def look(shop: Shop) -> tuple[Any, Any]:
        rows = await shop.database.rows("SELECT * FROM api_key")
        return [tuple(row) for row in rows], await Doorkeeper(shop).actor_of(key)

    rows, actor = in_shop(database_url, look)
    assert (actor.name, actor.roles, actor.key_id) == ("Till 1", ["administrator"], id_)
    assert len(rows) == 1
    assert not [value for value in rows[0] if isinstance(value, str) and secret[:43] in value]
    listed = regulars("key", "list", database_url=database_url)
    assert id_ in listed.stdout
    assert "Till 1" in listed.stdout
    assert secret[:12] not in listed.stdout
    last = regulars("key", "revoke", id_, database_url=database_url)
    assert last.exit_code == 1
    assert "last key that administers the whole shop" in last.stderr
    regulars("key", "create", "--name", "Till 2", "--role", "administrator", database_url=database_url)
    revoked = regulars("key", "revoke", id_, database_url=database_url)
    assert (revoked.exit_code, revoked.stdout) == (0, f"Revoked {id_}.\n")
    assert in_shop(database_url, look)[1] is None
    for wrong in (id_, "nobody", key):
        again = regulars("key", "revoke", wrong, database_url=database_url)
        assert again.exit_code == 1
        assert "no live key" in again.stderr
    assert id_ in regulars("key", "list", database_url=database_url).stdout


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("name", "role", "said"),
    [
        ("a", "king", "administrator"),
        (" ", "administrator", "not be empty"),
        ("x" * 121, "administrator", "At most 120"),
    ],
)
def test_a_key_that_cannot_be(regulars: Regulars, database_url: str, name: str, role: str, said: str) -> None:
    refused = regulars("key", "create", "--name", name, "--role", role, database_url=database_url)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert said in refused.stderr
    assert "rk_" not in refused.output


def test_keys_have_roles_in_stores(regulars: Regulars, database_url: str) -> None:
    def ran(*arguments: str) -> str:
        done = regulars(*arguments, database_url=database_url)
        assert done.exit_code == 0, done.stderr
        return " ".join(done.stdout.replace("│", " ").split())

    def refused(*arguments: str) -> str:
        done = regulars(*arguments, database_url=database_url)
        assert (done.exit_code, done.stdout) == (1, "")
        return done.stderr

    assert ran("role", "create", "reader", "--permissions", "notes.view, customers.view") == "Made reader."
    assert "a role of this name already" in refused("role", "create", "reader", "--permissions", "notes.view")
    assert "no such permission" in refused("role", "create", "other", "--permissions", "notes.burn")
    given = ("--name", "Desk", "--role", "reader", "--role", "cashier", "--store", "main")
    key = ran("key", "create", *given)
    assert "no store with this code" in refused("key", "create", *given, "--store", "S9")
    listed = ran("key", "list")
    assert "cashier in MAIN" in listed
    assert "reader in MAIN" in listed
    assert "reader the shop customers.view, notes.view" in ran("role", "list")
    assert "cashier the box" in ran("role", "list")

    async def held(shop: Shop) -> Any:
        actor = await Doorkeeper(shop).actor_of(key)
        return actor and (actor.may("notes.view"), actor.scope is None)

    assert in_shop(database_url, held) == (True, False)
    assert ran("role", "change", "reader", "--permissions", "customers.view") == "Changed reader."
    assert in_shop(database_url, held) == (False, False)
    assert "Live keys have this role" in refused("role", "delete", "reader")
    ran("key", "revoke", key.split("_")[1])
    assert ran("role", "delete", "reader") == "Deleted reader."
    assert "no role of this name" in refused("role", "delete", "reader")


def test_verify_finds_every_broken_figure(regulars: Regulars, database_url: str) -> None:
    ana, bo = register(database_url, NewCustomer("Ana", "Li"), NewCustomer("Bo", "Ek"))
    right = regulars("verify", database_url=database_url)
    assert (right.exit_code, right.stdout) == (0, "Every stored figure equals its recount.\n")
    for column in ("total_spent", "purchase_count", "first_purchase_at", "last_purchase_at", "active_at"):
        write(database_url, f"UPDATE customer_stats SET {column} = {column} + 1 WHERE customer_id = $1", bo)
        wrong = regulars("verify", database_url=database_url)
        assert wrong.exit_code == 1, column
        assert wrong.stdout.startswith(f"customer_{bo}: stored")
        assert ana not in wrong.output
        assert "statistics: 1." in wrong.stderr
        write(database_url, f"UPDATE customer_stats SET {column} = {column} - 1 WHERE customer_id = $1", bo)
    write(database_url, "DELETE FROM customer_stats WHERE customer_id = $1", ana)
    lost = regulars("verify", database_url=database_url)
    assert lost.exit_code == 1
    assert f"customer_{ana}" in lost.stdout


def test_doctor_ends_with_status_1_if_anything_is_wrong(regulars: Regulars, database_url: str) -> None:
    ill = regulars("doctor", database_url=database_url)
    assert ill.exit_code == 1
    assert "BAD  keys: none is live" in ill.stdout
    regulars("key", "create", "--name", "a", "--role", "administrator", database_url=database_url)
    well = regulars("doctor", database_url=database_url)
    assert well.exit_code == 0
    assert {line[:5] for line in well.stdout.splitlines()} == {"ok   "}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_backup_and_restore(regulars: Regulars, database_url: str, elsewhere: Path) -> None:
    register(database_url, NewCustomer("Ana", "Li"))
    made = regulars("backup", "copy.db", database_url=database_url)
    assert (made.exit_code, made.stdout) == (0, "Wrote copy.db.\n")
    assert stat.S_IMODE((elsewhere / "copy.db").stat().st_mode) == 0o600
    again = regulars("backup", "copy.db", database_url=database_url)
    assert again.exit_code == 1
    assert "copy.db" in again.stderr
    register(database_url, NewCustomer("Bo", "Ek"))
    assert regulars("restore", "copy.db", answer="n\n", database_url=database_url).exit_code == 1
    assert names(regulars, database_url) == ["Ana", "Bo"]
    assert regulars("restore", "copy.db", answer="y\n", database_url=database_url).exit_code == 0
    assert names(regulars, database_url) == ["Ana"]
    assert regulars("backup", "copy.db", "--overwrite", database_url=database_url).exit_code == 0
    fresh = f"sqlite://{elsewhere}/fresh.db"
    assert regulars("restore", "copy.db", "--yes", database_url=fresh).exit_code == 0
    assert names(regulars, fresh) == ["Ana"]
    (elsewhere / "letter").write_text("Dear Ana" * 1_000)
    with sqlite3.connect(elsewhere / "foreign.db") as foreign:
        foreign.execute("CREATE TABLE customer (id)")
    foreign.close()
    for wrong in ("nowhere.db", "letter", "foreign.db", "."):
        refused = regulars("restore", wrong, "--yes", database_url=database_url)
        assert refused.exit_code == 1, wrong
        assert refused.stderr
        assert names(regulars, database_url) == ["Ana"]


@pytest.mark.parametrize("engine", ["postgres"])
def test_postgresql_brings_its_own_backup(regulars: Regulars, database_url: str) -> None:
    assert "pg_dump" in regulars("backup", "copy.db", database_url=database_url).stderr
    assert "pg_restore" in regulars("restore", "copy.db", "--yes", database_url=database_url).stderr


def names(regulars: Regulars, url: str) -> list[str]:
    exported = regulars("export", "customers", "--fields", "first_name", database_url=url)
    assert exported.exit_code == 0, exported.output
    return [row[0] for row in table(exported.stdout)[1:]]


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_export_writes_the_fields_asked_for(regulars: Regulars, database_url: str, elsewhere: Path) -> None:
    register(
        database_url,
        NewCustomer(
            "Ana", 'Li, "the" great', email="Ana@Example.COM", phone="55 1234 5678", tags=["VIP", "Café"],
            shipping_address=Address(city="Oaxaca"),
        ),
    )  # fmt: skip
    fields = "code,last_name,email,phone,group,origin_store,tags,total_spent,purchase_count,average_purchase,status,birth_date"
    done = regulars("export", "customers", "--fields", fields, "-o", "out.csv", database_url=database_url)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "1 customers\n")
    header, row = table((elsewhere / "out.csv").read_text())
    assert header == fields.split(",")
    assert row == [
        "CUST-00001", 'Li, "the" great', "ana@example.com", "+525512345678", "Customers", "", "Café|VIP", "0.00", "0", "",
        "ACTIVE", "",
    ]  # fmt: skip
    assert [path.name for path in elsewhere.iterdir()] == ["out.csv"]
    unknown = regulars(
        "export", "customers", "--fields", "code,shoe_size,soul", "-o", "out.csv", database_url=database_url
    )
    assert unknown.exit_code == 1
    assert "shoe_size, soul" in unknown.stderr
    assert "birth_date" in unknown.stderr
    assert len(table((elsewhere / "out.csv").read_text())) == 2
    nothing = regulars("export", "customers", "--fields", " , ", database_url=database_url)
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    nowhere = regulars("export", "customers", "-o", "no/such/folder.csv", database_url=database_url)
    assert nowhere.exit_code == 1


def test_export_takes_the_days_of_the_shop(regulars: Regulars, database_url: str) -> None:
    """UTC-6: the first of March begins there at 06:00 UTC."""
    march_first = 1_772_344_800_000
    times = {
        "before": march_first - 1,
        "first": march_first,
        "last": march_first + 86_399_999,
        "after": march_first + 86_400_000,
    }
    ids = register(database_url, *(NewCustomer(name, "Li") for name in times))
    for id_, at in zip(ids, times.values(), strict=True):
        write(database_url, "UPDATE customer SET created_at = $2 WHERE id = $1", id_, at)

    def found(*options: str) -> list[str]:
        done = regulars("export", "customers", "--fields", "first_name", *options,
                        database_url=database_url, timezone="America/Mexico_City")  # fmt: skip
        assert done.exit_code == 0, done.output
        return [row[0] for row in table(done.stdout)[1:]]

    assert found("--from", "2026-03-01", "--to", "2026-03-01") == ["first", "last"]
    assert found("--from", "2026-03-01") == ["first", "last", "after"]
    assert found("--to", "2026-02-28") == ["before"]
    assert found("--to", "9999-12-31", "--from", "0001-01-01") == list(times)
    assert regulars("export", "customers", "--from", "1 March", database_url=database_url).exit_code == 2


def test_export_escapes_what_a_spreadsheet_would_run(regulars: Regulars, database_url: str) -> None:
    given = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "plain", "a=b", "-", "+1"]
    register(database_url, *(NewCustomer(name, "Li", phone="55 1234 5678") for name in given))
    done = regulars("export", "customers", "--fields", "first_name,phone", database_url=database_url)
    written = table(done.stdout)[1:]
    assert sorted(row[0] for row in written) == sorted(
        ["'=1+1", "'+cmd|' /C calc'!A0", "'-2+3", "'@SUM(A1)", "plain", "a=b", "'-", "+1"]
    )
    assert {row[1] for row in written} == {"+525512345678"}


def test_the_schema_is_printed_written_and_compared(regulars: Regulars, elsewhere: Path) -> None:
    printed = regulars("schema")
    assert printed.exit_code == 0
    names_in_order = [line.split()[1] for line in printed.stdout.splitlines() if line.startswith("type ")]
    assert names_in_order == sorted(names_in_order)
    assert "Customer" in names_in_order
    assert regulars("schema", "--check").exit_code == 1
    (elsewhere / "schema").mkdir()
    assert regulars("schema", "--write").exit_code == 0
    assert (elsewhere / "schema" / "core.graphql").read_text() == printed.stdout
    assert regulars("schema", "--check").exit_code == 0
    (elsewhere / "schema" / "core.graphql").write_text(printed.stdout + "\n")
    assert regulars("schema", "--check").exit_code == 1


def test_plugins_and_version(regulars: Regulars) -> None:
    listed = regulars("plugins", plugins="tiers")
    [row] = [line for line in listed.stdout.splitlines() if " tiers " in line]
    assert "yes" in row
    assert "Tiers: customers move up by what they buy" in row
    assert regulars("version").stdout.strip()


def test_jobs_run_once(regulars: Regulars, database_url: str) -> None:
    def told() -> str:
        lines = regulars("jobs", "list", database_url=database_url).stdout.splitlines()
        return lines[[line.partition(":")[0] for line in lines].index("refresh-planner") + 1].strip()

    assert told() == "every 86400 s; never run; due now"
    register(database_url, NewCustomer("Ana", "Li"))
    for _ in range(2):  # due or not
        done = regulars("jobs", "run", "--once", database_url=database_url)
        assert done.exit_code == 0
        assert done.stdout.splitlines() == ["ran keep-journal", "ran refresh-planner", "ran forget-idempotency-keys"]
    [(ran, due)] = re.findall(r"every 86400 s; run last (\S+), well; due (\S+)", told())
    assert datetime.fromisoformat(due) - datetime.fromisoformat(ran) == timedelta(days=1)


def test_a_job_that_fails_or_is_run_elsewhere(regulars: Regulars, database_url: str) -> None:
    async def spoil(shop: Shop) -> None:
        async def work() -> None:
            await shop.database.run("DROP TABLE idempotency_key")

        await shop.database.transaction(work)
        await leases.state_of(shop.database, "keep-journal")
        assert await leases.take(shop.database, "keep-journal", new_id())

    in_shop(database_url, spoil)
    done = regulars("jobs", "run", "--once", database_url=database_url)
    assert done.exit_code == 1
    assert "keep-journal is being run by another process" in done.stdout
    assert "ran refresh-planner" in done.stdout
    assert "Failed: forget-idempotency-keys. The log says why." in done.stderr
    listed = regulars("jobs", "list", database_url=database_url).stdout
    assert "runs now" in listed
    [error] = re.findall(r"failed forget-idempotency-keys, error ([0-9a-f]{16})", done.stdout)
    assert error in listed


def test_jobs_run_until_they_are_asked_to_stop(elsewhere: Path, database_url: str) -> None:
    given = {**os.environ, "REGULARS_DATABASE_URL": database_url, "REGULARS_PLUGINS": "", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "regulars_server.cli", "jobs", "run"]
    with subprocess.Popen(command, env=given, cwd=elsewhere, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ran = {process.stdout.readline().strip() for _ in range(3)}
        process.terminate()
        assert process.wait(30) == 0
    assert ran == {"ran forget-idempotency-keys", "ran keep-journal", "ran refresh-planner"}


def test_wrong_settings_are_told_all_at_once(regulars: Regulars, elsewhere: Path) -> None:
    (elsewhere / "regulars.toml").write_text('country = "mx"\ncolour = "red"\n')
    wrong = regulars(
        "verify", currency="EURO", timezone="Mars/Olympus", database_pool="many", sqlite_readers="0", shop_name="",
        database_url="mysql://user:hunter2@host/name", colour="blue", shade="dark",
    )  # fmt: skip
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    for name in (
        "CURRENCY",
        "TIMEZONE",
        "DATABASE_POOL",
        "SQLITE_READERS",
        "SHOP_NAME",
        "DATABASE_URL",
        "COUNTRY",
        "COLOUR",
        "SHADE",
    ):
        assert f"REGULARS_{name}" in wrong.stderr, name
    assert "hunter2" not in wrong.stderr
    assert not (elsewhere / "regulars.db").exists()


def test_settings_come_from_the_file_and_the_environment_wins(regulars: Regulars, elsewhere: Path) -> None:
    (elsewhere / "regulars.toml").write_text('database_url = "sqlite://of-file.db"\ncurrency = "EUR"\n')
    assert regulars("migrate").exit_code == 0
    assert (elsewhere / "of-file.db").exists()
    assert "settings: EUR" in regulars("doctor").stdout
    assert "settings: JPY" in regulars("doctor", currency="JPY").stdout
    assert regulars("migrate", database_url="sqlite://of-environment.db").exit_code == 0
    assert (elsewhere / "of-environment.db").exists()
    (elsewhere / "regulars.toml").write_text("currency = EUR\n")
    broken = regulars("doctor")
    assert broken.exit_code == 1
    assert "regulars.toml" in broken.stderr


@pytest.mark.parametrize(
    "arguments",
    [["verify"], ["key", "list"], ["export", "customers"], ["jobs", "run", "--once"], ["serve"], ["backup", "copy.db"]],
)
def test_what_needs_a_database_says_how_to_make_one(regulars: Regulars, elsewhere: Path, arguments: list[str]) -> None:
    refused = regulars(*arguments)
    assert refused.exit_code == 1
    assert "regulars migrate" in refused.stderr
    assert list(elsewhere.iterdir()) == []


def test_as_a_program(elsewhere: Path) -> None:
    """The same in a process of its own: status, streams, and no traceback."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, **{f"REGULARS_{name.upper()}": value for name, value in settings.items()}}
        return subprocess.run(
            [sys.executable, "-m", "regulars_server.cli", *arguments],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("migrate").returncode == 0
    key = run("key", "create", "--name", "till", "--role", "administrator")
    assert (key.returncode, key.stderr) == (0, "")
    assert key.stdout.startswith("rk_")
    exported = run("export", "customers", "--fields", "code")
    assert (exported.returncode, exported.stdout, exported.stderr) == (0, "code\n", "0 customers\n")
    wrong = run("doctor", currency="EURO")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "REGULARS_CURRENCY" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    (elsewhere / "letter.db").write_text("Dear Ana" * 1_000)
    for arguments in (["verify"], ["doctor"], ["migrate"], ["restore", "--yes", "nowhere.db"]):
        done = run(*arguments, database_url="sqlite://letter.db")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
