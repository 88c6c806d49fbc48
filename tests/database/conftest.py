"""Databases of both engines, in real files and on a real server."""

import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from regulars_core.database import App, Database, migrations

SHOP = App("shop", "tests.database.apps.shop.models", "tests.database.apps.shop.migrations")


@pytest.fixture
def new_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Makes the URL of another empty database at each call."""
    made: list[str] = []

    def new() -> str:
        if engine == "sqlite":
            made.append(f"sqlite://{tmp_path}/{len(made)}.db")
        else:
            made.append(request.getfixturevalue("postgres").create_database())
        return made[-1]

    yield new
    if engine == "postgres":
        for url in made:
            request.getfixturevalue("postgres").drop(url)


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Database]:
    """An open database with the shop's tables."""
    database = await Database.open(url, [SHOP])
    await migrations.migrate(database)
    yield database
    await database.close()


@pytest.fixture
def write_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., App]]:
    """Writes an app with these migrations, each the source of its operations, and makes it importable."""
    directory = tmp_path / "written"
    monkeypatch.syspath_prepend(str(directory))
    # Names that no other test used: Python keeps imported modules.
    suffix = f"{abs(hash(str(tmp_path))):x}"

    def write(label: str, models: str, migrations: dict[str, str], *, version: int = 1) -> App:
        name = f"{label}_{suffix}_{version}"
        package = directory / name / "migrations"
        package.mkdir(parents=True)
        (directory / name / "__init__.py").touch()
        (directory / name / "models.py").write_text(_HEAD + textwrap.dedent(models))
        (package / "__init__.py").touch()
        for migration, operations in migrations.items():
            number = sorted(migrations).index(migration)
            needs = [(label, sorted(migrations)[number - 1])] if number else []
            (package / f"{migration}.py").write_text(_MIGRATION.format(needs=needs, operations=operations))
        return App(label, f"{name}.models", f"{name}.migrations")

    yield write
    for module in [module for module in sys.modules if f"_{suffix}_" in module]:
        del sys.modules[module]


_HEAD = """\
from tortoise import fields
from tortoise.models import Model
from regulars_core.database.fields import IdField
"""
_MIGRATION = """\
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from regulars_core.database.fields import IdField

class Migration(migrations.Migration):
    dependencies = {needs!r}
    operations = [{operations}]
"""
