"""Files to import, and what a database holds afterwards."""

import csv
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from regulars_core.imports import ImportOptions, ImportReport, import_customers, import_purchases
from regulars_core.shop.shop import Shop

KEYS = {"code_block": "prefix", "customer_stats": "customer_id", "customer_text": "number"}
"""What tables without an id are read in the order of."""
TABLES = (
    *KEYS, "customer", "customer_address", "customer_group", "customer_tag", "payment", "purchase", "purchase_line", "store",
)  # fmt: skip
PAGE = 10_000

Importing = Callable[..., Awaitable[ImportReport]]


class Files:
    """Writes files to import and reads the rejects back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, text: str | bytes, name: str = "file.csv") -> Path:
        """A file with this content."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def rejects(self, name: str = "file.csv") -> Sequence[Mapping[str, str]]:
        """The rejected rows of a file; none if there is no file of them."""
        path = self.folder / f"{Path(name).stem}.rejects.csv"
        if not path.exists():
            return []
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    folder = tmp_path / "files"
    folder.mkdir()
    return Files(folder)


def silent(_done: int, _all: int) -> None:
    """Tells nobody how far an import has come."""


@pytest.fixture
def purchases(shop: Shop, files: Files) -> Importing:
    """Imports purchases from a text."""

    async def run(text: str | bytes, **options: Any) -> ImportReport:
        return await import_purchases(shop, files.write(text), ImportOptions(**options), silent)

    return run


@pytest.fixture
def customers(shop: Shop, files: Files) -> Importing:
    """Imports customers from a text."""

    async def run(text: str | bytes, **options: Any) -> ImportReport:
        return await import_customers(shop, files.write(text), ImportOptions(**options), silent)

    return run


@pytest.fixture
def everything(shop: Shop) -> Callable[[], Awaitable[Mapping[str, str]]]:
    """A digest of all rows of each table; read in pages, since a test may have filled them well."""

    async def digest(table: str) -> str:
        key, made, condition, last = KEYS.get(table, "id"), hashlib.sha256(), "", ()
        while True:
            sql = f"SELECT {key} AS place, t.* FROM {table} t {condition} ORDER BY {key} LIMIT {PAGE}"
            rows = await shop.database.rows(sql, *last)
            for row in rows:
                made.update(repr(tuple(row)).encode())
            if len(rows) < PAGE:
                return made.hexdigest()
            condition, last = f"WHERE {key} > $1", (rows[-1][0],)

    async def read() -> Mapping[str, str]:
        return {table: await digest(table) for table in TABLES}

    return read
