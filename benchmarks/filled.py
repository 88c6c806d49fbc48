"""Filled shops to measure on, which can be kept between runs: filling one takes longer than measuring it."""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from benchmarks.population import fill
from benchmarks.sales import sell
from regulars_core.database import Database, Engine, migrations
from regulars_core.database.apps import sqlite_path
from regulars_core.events.replay import switch_on
from regulars_core.jobs.jobs import jobs_of
from regulars_core.keys.grants import Grant
from regulars_core.keys.service import create_key
from regulars_core.plugins.host import Plugins
from regulars_core.shop.actors import operator
from regulars_core.shop.permissions import ADMINISTRATOR
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_wanted
from regulars_core.testing import PostgresServer
from regulars_core.verification import verifications_of
from regulars_loyalty.points.program import EarningData, ProgramData, RateData, RuleData
from regulars_loyalty.points.program_changes import change_program

PROGRAM = ProgramData(
    rules=(
        EarningData(
            code="BASE", name="A point for each 1.00",
            rule=RuleData(kind="PER_AMOUNT", settings=(("points", "1"), ("per", "1.00"))),
        ),
        EarningData(code="TIER", name="What the tier adds", rule=RuleData(kind="TIER_MULTIPLIER")),
    ),
    expire_after="P12M",
    rate=RateData(points=100, amount=Decimal(1)),
)  # fmt: skip
"""What earns points while it is measured."""


SERVER = {"shared_buffers": "2GB"}
"""What PostgreSQL is told. Its default of 128 MB holds a hundredth of a shop of a million: a quarter of the machine is usual."""


@dataclass(frozen=True)
class Size:
    """How many there are, and in what kind of shop; each purchase has three lines."""

    customers: int
    purchases: int
    kind: str = "shop"

    @property
    def name(self) -> str:
        return f"{self.kind}_{self.customers}_{self.purchases}"


@dataclass(frozen=True)
class FilledShop:
    """A shop that is ready to be served: where it is, a key with all permissions, and the server it is on, if any."""

    url: str
    key: str
    size: Size
    server: PostgresServer | None

    @property
    def engine(self) -> Engine:
        return "postgres" if self.server else "sqlite"


@contextmanager
def places(engine: Engine, folder: Path | None) -> Iterator["Place"]:
    """Where shops of an engine are filled: in a folder that is kept, or in one that is removed at the end. A folder
    serves one run at a time. Whoever is told to end by SIGTERM still stops the server first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Told to end."))
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as passing:
        kept = (folder or Path(passing)).resolve()
        kept.mkdir(parents=True, exist_ok=True)
        if engine == "sqlite":
            yield Place(kept, None)
            return
        if folder is None:
            with PostgresServer(fsync=True, settings=SERVER) as server:
                yield Place(kept, server)
            return
        with PostgresServer(fsync=True, directory=kept / "postgres", settings=SERVER) as server:
            yield Place(kept, server)


@dataclass(frozen=True)
class Place:
    """A folder for SQLite's files, or a PostgreSQL server, with the shops that have been filled in it."""

    folder: Path
    server: PostgresServer | None

    def url(self, size: Size) -> str:
        """Where the shop of a size is, or will be."""
        if self.server is None:
            return f"sqlite://{self.folder}/{size.name}.db"
        return f"postgres://regulars@127.0.0.1:{self.server.port}/{size.name}"

    def has(self, size: Size) -> bool:
        """Whether that shop is there and full: only what was filled to the end is marked."""
        return self._mark(size).exists()

    def _mark(self, size: Size) -> Path:
        return self.folder / f"{size.name}.{'postgres' if self.server else 'sqlite'}.full"

    async def shop(self, size: Size, *, changing: bool = False) -> FilledShop:
        """The shop of this size, filled now if it is not there, with a new key; a copy of it if it will be changed."""

        async def filling(shop: Shop) -> None:
            await fill(shop.database, size.customers, buying=False)
            await sell(shop.database, size.customers, size.purchases)
            await change_program(shop, PROGRAM, None, "benchmarks")
            for job in jobs_of(shop.plugins):  # what time would do
                await job.run(shop)
            await prove(shop)

        await self.filled(size, filling)
        url = self._copy(size) if changing else self.url(size)
        async with opened(url) as shop:
            key = await create_key(
                shop, by=operator(shop.permissions), name="benchmarks", bindings=[Grant(ADMINISTRATOR)]
            )
        return FilledShop(url, key, size, self.server)

    async def filled(
        self, size: Size, filling: Callable[[Shop], Awaitable[None]], plugins: Plugins | None = None
    ) -> None:
        """Let the shop of this size be filled, if it is not there, and the database look at its tables then."""
        if self.has(size):
            return
        began = time.perf_counter()
        self._empty(size)
        async with opened(self.url(size), plugins) as shop:
            await filling(shop)
            if self.server:
                self.server.execute("VACUUM (ANALYZE)", size.name)
            else:
                await shop.database.transaction(lambda: shop.database.run("ANALYZE"))
        self._mark(size).touch()
        print(f"filled {self.url(size)} in {time.perf_counter() - began:.0f} s", flush=True)

    def _copy(self, size: Size) -> str:
        """The URL of a copy, which the next one replaces."""
        name = f"{size.name}_changing"
        if self.server:
            self.server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self.server.execute(f"CREATE DATABASE {name} TEMPLATE {size.name} STRATEGY FILE_COPY")
            return self.url(size).replace(size.name, name)
        copy = self.folder / f"{name}.db"
        for file in self.folder.glob(f"{copy.name}*"):
            file.unlink()
        shutil.copy(sqlite_path(self.url(size)), copy)
        return f"sqlite://{copy}"

    def _empty(self, size: Size) -> None:
        if self.server:
            self.server.drop(self.url(size))
            self.server.execute(f"CREATE DATABASE {size.name}")
        else:
            for file in self.folder.glob(f"{sqlite_path(self.url(size)).name}*"):
                file.unlink()


@asynccontextmanager
async def opened(url: str, plugins: Plugins | None = None) -> AsyncIterator[Shop]:
    """A shop with these plugins, all in the box if none are named, migrated."""
    plugins = plugins or plugins_wanted(None)
    database = await Database.open(url, plugins.apps, pool_size=2, readers=2)
    try:
        await migrations.migrate(database)
        shop = Shop(database, Settings(database_url=url), plugins)
        await switch_on(shop)
        yield shop
    finally:
        await database.close()


async def prove(shop: Shop, names: Collection[str] = ()) -> None:
    """Raise AssertionError unless every stored figure equals its recount, or those with these names."""
    for one in verifications_of(shop.plugins):
        if not names or one.name in names:
            async for difference in one.differences(shop):
                raise AssertionError(f"{one.name}: {difference}")
