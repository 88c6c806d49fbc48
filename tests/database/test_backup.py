import asyncio
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from regulars_core.database import App, Database, DatabaseTooNew, Unavailable, migrations
from regulars_core.database.backup import backup, restore
from tests.database.apps.shop.models import Customer
from tests.database.conftest import SHOP

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
INSERT = "INSERT INTO customer (id, name, code, created_at) VALUES ($1, $2, $3, 1)"


async def add(database: Database, name: str) -> None:
    await database.transaction(lambda: database.run(INSERT, uuid4().hex, name, uuid4().hex[:20]))


async def names(database: Database) -> list[str]:
    return [name for (name,) in await database.rows("SELECT name FROM customer ORDER BY name")]


@on_sqlite
async def test_a_backup_under_writes_is_of_one_moment(shop: Database, tmp_path: Path) -> None:
    stop = asyncio.Event()

    async def pairs() -> int:
        written = 0
        while not stop.is_set():
            written += 1

            async def work(n: int = written) -> None:
                await shop.run(INSERT, uuid4().hex, "x" * 100, f"{n}a")
                await shop.run(INSERT, uuid4().hex, "x" * 100, f"{n}b")

            await shop.transaction(work)
        return written

    writing = asyncio.create_task(pairs())
    counts = []
    for n in range(5):
        await asyncio.sleep(0.05)
        target = tmp_path / f"backup{n}.db"
        await backup(shop, target)
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        with sqlite3.connect(target) as copy:
            (count,) = copy.execute("SELECT count(*) FROM customer").fetchone()
        copy.close()
        assert count % 2 == 0
        counts.append(count)
    stop.set()
    assert await writing * 2 >= counts[-1]
    assert counts == sorted(set(counts))
    assert not [name for name in os.listdir(tmp_path) if "partial" in name]


@on_sqlite
async def test_an_existing_file_is_not_overwritten_unless_asked(shop: Database, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("precious")
    with pytest.raises(FileExistsError):
        await backup(shop, target)
    assert target.read_text() == "precious"
    await backup(shop, target, overwrite=True)
    assert target.read_bytes().startswith(b"SQLite format 3")


@on_sqlite
async def test_a_failed_backup_leaves_nothing(shop: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regulars_core.database.backup._damage", lambda _: "page 3 is torn")
    before = set(os.listdir(tmp_path))
    with pytest.raises(sqlite3.DatabaseError, match="page 3 is torn"):
        await backup(shop, tmp_path / "backup.db")
    assert set(os.listdir(tmp_path)) == before


@on_sqlite
async def test_a_restore_is_seen_by_who_has_the_database_open(shop: Database, tmp_path: Path) -> None:
    server = await Database.open(shop.url, [SHOP])
    await add(shop, "old")
    await backup(shop, tmp_path / "backup.db")
    await add(shop, "new")
    assert await names(server) == ["new", "old"]
    await restore(tmp_path / "backup.db", shop)
    assert await names(server) == await names(shop) == ["old"]
    await add(server, "later")
    with shop.bound():
        assert await Customer.all().count() == 2
    assert await shop._root.writer.run(lambda c: c.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"
    await server.close()


@on_sqlite
async def test_reading_goes_on_during_restores(shop: Database, tmp_path: Path) -> None:
    insert = [(uuid4().hex, "x", str(n)) for n in range(5000)]
    await shop.transaction(lambda: shop.run_many(INSERT, insert))
    await backup(shop, tmp_path / "full.db")
    await shop.transaction(lambda: shop.run("DELETE FROM customer"))
    await backup(shop, tmp_path / "empty.db")
    stop = asyncio.Event()
    seen: set[int] = set()

    async def read() -> None:
        while not stop.is_set():
            seen.add(len(await names(shop)))

    reading = asyncio.create_task(read())
    for _ in range(5):
        await restore(tmp_path / "full.db", shop)
        await restore(tmp_path / "empty.db", shop)
    stop.set()
    await reading
    assert seen <= {0, 5000}


@on_sqlite
async def test_what_is_no_sound_backup_of_ours_is_refused(
    shop: Database, tmp_path: Path, write_app: Callable[..., App]
) -> None:
    await add(shop, "kept")
    text = tmp_path / "text.db"
    text.write_text("not a database at all, but long enough to look at" * 50)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    await backup(shop, tmp_path / "torn.db")
    torn = bytearray((tmp_path / "torn.db").read_bytes())
    torn[4096 * 2 : 4096 * 3] = b"\xff" * 4096
    (tmp_path / "torn.db").write_bytes(torn)
    for path, why in ((text, "no Regulars"), (foreign, "no Regulars"), (tmp_path / "torn.db", "damaged|malformed")):
        with pytest.raises(ValueError, match=why):
            await restore(path, shop)
    with pytest.raises(ValueError, match="cannot be opened"):
        await restore(tmp_path / "missing.db", shop)

    models = "class Later(Model):\n    id = IdField(primary_key=True)"
    future = await Database.open(f"sqlite://{tmp_path}/future.db", [write_app("shop", models, {"0009_later": ""})])
    await migrations.migrate(future)
    await backup(future, tmp_path / "later.db")
    await future.close()
    with pytest.raises(DatabaseTooNew, match=r"shop\.0009_later"):
        await restore(tmp_path / "later.db", shop)
    assert await names(shop) == ["kept"]


@on_sqlite
async def test_a_restore_gives_up_if_another_process_does_not_stop_writing(
    shop: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars_core.database.backup._BUSY_TIMEOUT_SECONDS", 0.3)
    await backup(shop, tmp_path / "backup.db")
    other = sqlite3.connect(shop.url.removeprefix("sqlite://"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="nothing was restored"):
        await restore(tmp_path / "backup.db", shop)
    other.execute("COMMIT")
    other.close()
    await restore(tmp_path / "backup.db", shop)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_postgres_has_its_own_tools(shop: Database, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="pg_dump"):
        await backup(shop, tmp_path / "x")
    with pytest.raises(RuntimeError, match="pg_restore"):
        await restore(tmp_path / "x", shop)
