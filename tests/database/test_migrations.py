"""Migrations are whole or not at all, once and only once, whatever happens to the processes that run them."""

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from regulars_core.database import App, Database, DatabaseTooNew, migrations
from tests.database.conftest import SHOP

WriteApp = Callable[..., App]

MODELS = """
class Thing(Model):
    id = IdField(primary_key=True)
"""
FIRST = "ops.CreateModel(name='Thing', fields=[('id', IdField(primary_key=True))], options={'table': 'thing'})"

MIGRATE = """
import asyncio, sys
from regulars_core.database import App, Database, migrations

async def main(url, *app):
    database = await Database.open(url, [App(*app)])
    print("open", flush=True)
    sys.stdin.readline()
    print(*await migrations.migrate(database), flush=True)
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


def start(url: str, app: App) -> "subprocess.Popen[str]":
    """A process that opens the database, says so, waits for a line, and migrates."""
    command = [sys.executable, "-c", MIGRATE, url, app.label, app.models, app.migrations]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def prepend(path: Path, code: str) -> None:
    path.write_text(code + path.read_text())


async def tables(database: Database) -> set[str]:
    where = (
        "FROM information_schema.tables WHERE table_schema = 'public'"
        if database.engine == "postgres"
        else "FROM (SELECT name AS table_name FROM sqlite_master WHERE type = 'table')"
    )
    return {name for (name,) in await database.rows(f"SELECT table_name {where}")} - {"sqlite_sequence"}


async def test_applied_in_order_once_and_reported(url: str, write_app: WriteApp) -> None:
    core = write_app("core", MODELS, {"0001_initial": FIRST, "0002_more": "ops.RunSQL('CREATE TABLE more (id INT)')"})
    plugin = write_app(
        "abc",
        "class Extra(Model):\n    id = IdField(primary_key=True)\n"
        "    thing = fields.ForeignKeyField('core.Thing', related_name=False)",
        {
            "0001_initial": "ops.CreateModel(name='Extra', fields=[('id', IdField(primary_key=True)), ('thing',"
            " fields.ForeignKeyField('core.Thing', related_name=False))], options={'table': 'extra'})"
        },
    )
    database = await Database.open(url, [core, plugin])
    names = ["core.0001_initial", "core.0002_more", "abc.0001_initial"]
    assert await migrations.pending(database) == names
    reported: list[str] = []
    assert await migrations.migrate(database, reported.append) == reported == names
    assert await migrations.pending(database) == await migrations.migrate(database) == []
    assert await tables(database) == {"thing", "more", "extra", "tortoise_migrations"}
    await database.close()


async def test_a_database_from_the_future_is_told_and_not_touched(url: str, write_app: WriteApp) -> None:
    later = write_app("core", MODELS, {"0001_initial": FIRST, "0002_later": ""})
    earlier = write_app("core", MODELS, {"0001_initial": FIRST}, version=2)
    database = await Database.open(url, [later])
    await migrations.migrate(database)
    await database.close()
    database = await Database.open(url, [earlier])
    assert await migrations.unknown(database) == ["core.0002_later"]
    with pytest.raises(DatabaseTooNew, match=r"core\.0002_later"):
        await migrations.migrate(database)
    await database.close()
    shop = await Database.open(url, [SHOP])  # that app is switched off here
    assert await migrations.unknown(shop) == []
    await shop.close()


async def test_a_failing_migration_leaves_nothing_and_those_before_it_stay(url: str, write_app: WriteApp) -> None:
    broken = "ops.RunSQL(['CREATE TABLE half (id INT)', 'CREATE TABLE half (id INT)'])"
    app = write_app("core", MODELS, {"0001_initial": FIRST, "0002_broken": broken})
    database = await Database.open(url, [app])
    with pytest.raises(Exception, match="already exists"):
        await migrations.migrate(database)
    assert await tables(database) == {"thing", "tortoise_migrations"}
    assert await migrations.pending(database) == ["core.0002_broken"]
    await database.close()


async def test_a_migration_that_is_not_atomic_is_refused(url: str, write_app: WriteApp) -> None:
    app = write_app("core", MODELS, {"0001_initial": FIRST + "]\n    atomic = False\n    _ = ["})
    database = await Database.open(url, [app])
    with pytest.raises(ValueError, match="not atomic"):
        await migrations.migrate(database)
    await database.close()


TRIGGER = {
    "sqlite": """
        CREATE TRIGGER thing_is_kept BEFORE DELETE ON thing BEGIN
            SELECT RAISE(ABORT, 'kept; always');
            SELECT 1;
        END""",
    "postgres": """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'kept; always'; END $$;
        CREATE TRIGGER thing_is_kept BEFORE DELETE ON thing FOR EACH ROW EXECUTE FUNCTION refuse()""",
}


async def test_a_trigger_in_run_sql_is_one_statement(url: str, engine: str, write_app: WriteApp) -> None:
    script = f"{TRIGGER[engine]}; CREATE TABLE behind (id INT); -- the; end"
    app = write_app("core", MODELS, {"0001_initial": FIRST, "0002_trigger": f"ops.RunSQL({script!r})"})
    database = await Database.open(url, [app])
    await migrations.migrate(database)

    async def work() -> None:
        await database.run("INSERT INTO thing VALUES ($1)", "a" * 32)
        await database.run("DELETE FROM thing")

    with pytest.raises(Exception, match="kept; always"):
        await database.transaction(work)
    assert "behind" in await tables(database)
    await database.close()


async def test_models_of_an_earlier_migration_do_not_stay_in_caches(url: str, write_app: WriteApp) -> None:
    python = """
async def fill(apps, editor):
    Thing = apps.get_model('core.Thing')
    await Thing.create(id='a' * 32)
"""
    add = "ops.AddField('Thing', 'size', fields.IntField(default=3, db_default=3))"
    models = MODELS + "    size = fields.IntField(default=3, db_default=3)\n    class Meta:\n        table = 'thing'\n"
    app = write_app("core", models, {"0001_initial": FIRST, "0002_fill": "ops.RunPython(fill)", "0003_size": add})
    spec = importlib.util.find_spec(app.migrations)
    assert spec is not None
    assert spec.origin is not None
    prepend(Path(spec.origin).with_name("0002_fill.py"), python)
    database = await Database.open(url, [app])
    await migrations.migrate(database)
    thing = importlib.import_module(app.models).Thing
    with database.bound():
        await thing.create(id="b" * 32, size=9)
    found = [tuple(row) for row in await database.rows("SELECT id, size FROM thing ORDER BY id")]
    assert found == [("a" * 32, 3), ("b" * 32, 9)]
    await database.close()


async def test_an_attempt_that_got_half_way_is_made_anew(new_url: Callable[[], str], write_app: WriteApp) -> None:
    """A lock that a till holds for longer than the migration waits: the field that the first attempt has added to the models is
    added once, and the next migration sees it. On SQLite nothing is begun before the lock is there."""
    add = "ops.AddField('Thing', 'size', fields.IntField(default=3, db_default=3)), ops.RunSQL('TRUNCATE other')"
    more = "ops.AddField('Thing', 'width', fields.IntField(default=4, db_default=4)), ops.RunPython(fill)"
    own = "    {0} = fields.IntField(default={1}, db_default={1})\n"
    models = MODELS + own.format("size", 3) + own.format("width", 4) + "    class Meta:\n        table = 'thing'\n"
    first = f"{FIRST}, ops.RunSQL('CREATE TABLE other (id INT)')"
    url = new_url()
    if url.startswith("sqlite"):
        add = add.replace("TRUNCATE", "DELETE FROM")
    app = write_app("core", models, {"0001_initial": first, "0002_size": add, "0003_width": more})
    spec = importlib.util.find_spec(app.migrations)
    assert spec is not None
    assert spec.origin is not None
    fill = "async def fill(apps, editor):\n    await apps.get_model('core.Thing').create(id='a' * 32)\n"
    prepend(Path(spec.origin).with_name("0003_width.py"), fill)
    database, till = await Database.open(url, [app]), await Database.open(url, [app])
    begun = asyncio.Event()

    async def sells() -> None:
        await till.rows("SELECT id FROM other")
        begun.set()
        await asyncio.sleep(2.5)

    async def migrated(name: str) -> None:
        if name == "core.0001_initial":
            holding.append(asyncio.create_task(till.transaction(sells)))

    holding: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    done = await migrations.migrate(database, lambda name: loop.create_task(migrated(name)) and None)
    await asyncio.gather(*holding)
    assert begun.is_set()
    assert done == ["core.0001_initial", "core.0002_size", "core.0003_width"]
    assert [tuple(row) for row in await database.rows("SELECT * FROM thing")] == [("a" * 32, 3, 4)]
    assert await migrations.pending(database) == []
    for one in (database, till):
        await one.close()


async def test_two_processes_at_once_migrate_once(url: str, write_app: WriteApp) -> None:
    written = {"0001_initial": FIRST}
    written |= {f"{n:04d}_t": f"ops.RunSQL('CREATE TABLE t{n} (id INT)')" for n in range(2, 12)}
    app = write_app("core", MODELS, written)
    processes = [start(url, app) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    printed = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(name for names in printed for name in names) == sorted(f"core.{name}" for name in written)
    database = await Database.open(url, [app])
    assert await migrations.pending(database) == []
    await database.close()


SLEEP = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60000000) "
    "INSERT INTO half SELECT max(i) FROM n",
    "postgres": "INSERT INTO half SELECT 1 FROM pg_sleep(20)",
}


async def test_killed_in_the_middle_leaves_nothing_half_done(url: str, engine: str, write_app: WriteApp) -> None:
    slow = f"ops.RunSQL(['CREATE TABLE half (id INT)', {SLEEP[engine]!r}])"
    app = write_app("core", MODELS, {"0001_initial": FIRST, "0002_slow": slow})
    quick = write_app(
        "core", MODELS, {"0001_initial": FIRST, "0002_slow": "ops.RunSQL('CREATE TABLE half (id INT)')"}, version=2
    )
    process = start(url, app)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    database = await Database.open(url, [quick])
    async with asyncio.timeout(20):
        while await migrations.pending(database) != ["core.0002_slow"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)  # it is in its second statement now
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert await tables(database) == {"thing", "tortoise_migrations"}
    assert await migrations.pending(database) == ["core.0002_slow"]
    if engine == "postgres":  # the server notices a dead client only when its statement ends
        await database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
        )
    assert await migrations.migrate(database) == ["core.0002_slow"]
    assert "half" in await tables(database)
    await database.close()


async def test_migrating_inside_a_transaction_is_refused(shop: Database, write_app: WriteApp) -> None:
    database = await Database.open(shop.url, [write_app("core", MODELS, {"0001_initial": FIRST})])
    with pytest.raises(RuntimeError, match="transaction"):
        await database.transaction(lambda: migrations.migrate(database))
    await database.close()
