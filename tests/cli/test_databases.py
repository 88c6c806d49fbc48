"""Making, looking after, copying and restoring a database, by command."""

import sqlite3
import stat
from pathlib import Path

import pytest

from regulars_core.customers.rules import NewCustomer
from tests.support.commands import Regulars, names, register, write


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
    slashes = regulars("migrate", "--check", database_url=url.replace("sqlite://", "sqlite:///"))
    assert slashes.exit_code == 0


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


@pytest.mark.parametrize(
    "arguments",
    [["verify"], ["key", "list"], ["export", "customers"], ["jobs", "run", "--once"], ["serve"], ["backup", "copy.db"]],
)
def test_what_needs_a_database_says_how_to_make_one(regulars: Regulars, elsewhere: Path, arguments: list[str]) -> None:
    refused = regulars(*arguments)
    assert refused.exit_code == 1
    assert "regulars migrate" in refused.stderr
    assert list(elsewhere.iterdir()) == []
