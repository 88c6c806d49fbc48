"""What each customer of a whole shop gets in two ways: kept on disk while a command runs, since there may be millions of them.
SQLite makes the file and removes it by itself; nothing of the shop is touched."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_SIZE = 1_000


class CustomerTotal(NamedTuple):
    """What a customer gets in the one way and in the other, in the smallest units."""

    customer_id: str
    first: int
    second: int


class Totals:
    """Totals by customer, and how often each has used each promotion."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("")
        self._file.execute("CREATE TABLE total (id TEXT PRIMARY KEY, first INTEGER, second INTEGER) WITHOUT ROWID")
        self.first, self.second, self.customers, self.winners, self.losers = 0, 0, 0, 0, 0

    def add(self, totals: Iterable[tuple[str | None, int, int]]) -> None:
        """So much more of each; None is nobody who is known."""
        known = []
        for customer_id, first, second in totals:
            self.first, self.second = self.first + first, self.second + second
            if customer_id is not None:
                known.append((customer_id, first, second))
        self._file.executemany(
            "INSERT INTO total VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET first = first + excluded.first,"
            " second = second + excluded.second",
            known,
        )

    def batches(self) -> Iterator[Sequence[CustomerTotal]]:
        """All customers by id; who they are is counted on the way."""
        last = ""
        while True:
            rows = self._file.execute("SELECT * FROM total WHERE id > ? ORDER BY id LIMIT ?", (last, _SIZE)).fetchall()
            found = [CustomerTotal(*row) for row in rows]
            self.customers += len(found)
            self.winners += sum(one.first > one.second for one in found)
            self.losers += sum(one.first < one.second for one in found)
            if found:
                yield found
            if len(found) < _SIZE:
                return
            last = found[-1].customer_id

    def counts(self) -> "CountsOnDisk":
        """Counts of one run, as many as there are."""
        return CountsOnDisk(self._file)

    def close(self) -> None:
        """Remove it."""
        self._file.close()


class CountsOnDisk:
    """How often each customer has used each promotion in one run."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        [(number,)] = file.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchall()
        self._table = f"uses_{number}"
        key = "promotion TEXT, customer TEXT, count INTEGER, PRIMARY KEY (promotion, customer)"
        file.execute(f"CREATE TABLE {self._table} ({key}) WITHOUT ROWID")

    def of(self, promotion_id: str, customer_id: str) -> int:
        """How often until now."""
        sql = f"SELECT count FROM {self._table} WHERE promotion = ? AND customer = ?"
        row = self._file.execute(sql, (promotion_id, customer_id)).fetchone()
        return 0 if row is None else int(row[0])

    def add(self, promotion_id: str, customer_id: str) -> None:
        """Once more."""
        self._file.execute(
            f"INSERT INTO {self._table} VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
            (promotion_id, customer_id),
        )
