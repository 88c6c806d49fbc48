"""Keys that were made before there were bindings open what they opened."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import regulars_core.migrations
from regulars_core.contribution import CORE_APP
from regulars_core.database import App, Database, migrations
from regulars_core.keys.authentication import Authenticator
from regulars_core.keys.credentials import new_credential
from regulars_core.keys.reads import list_keys
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Core with the migrations that came before the bindings."""
    folder = tmp_path / "migrations_before"
    folder.mkdir()
    for path in Path(*regulars_core.migrations.__path__).glob("*.py"):
        if path.name < "0008_bindings" or path.name == "__init__.py":
            (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.syspath_prepend(tmp_path)
    yield App("core", "regulars_core.models", folder.name)
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


async def test_each_key_is_bound_to_the_whole_shop_in_its_role(url: str, before: App) -> None:
    old = await Database.open(url, [before])
    await migrations.migrate(old)
    keys = [new_credential() for _ in range(3)]

    async def fill() -> None:
        await old.run_many(
            "INSERT INTO api_key (id, name, role, secret_sha256, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6)",
            [
                (key.id, f"till {n}", "administrator", key.digest, n, 5 if n == 2 else None)
                for n, key in enumerate(keys)
            ],
        )

    await old.transaction(fill)
    await old.close()
    database = await Database.open(url, [CORE_APP])
    assert "core.0008_bindings" in await migrations.migrate(database)
    found = await list_keys(database)
    assert [(key.id, key.name, key.bindings) for key in found] == [
        (key.id, f"till {n}", [("administrator", None)]) for n, key in enumerate(keys)
    ]
    door = Authenticator(Shop(database, Settings(), plugins_on()))
    opened = [await door.actor_of(key.text) for key in keys]
    assert [actor and actor.administers(None) for actor in opened] == [True, True, None]
    with pytest.raises(Exception, match="role"):
        await database.rows("SELECT role FROM api_key")
    await database.close()
