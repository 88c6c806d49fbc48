"""Purchases whose rows do not stand together in a file: found before anything is written, and gathered on disk."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from regulars_core.imports.files.records import Row
from regulars_core.primitives.errors import Problem

BasketKey = tuple[str, ...]
"""What the rows of one purchase have in common."""
Group = tuple[bytes, int]
"""What tells the purchases apart whose rows were kept."""
_REPEATED = Problem(
    "REPEATED_LINES",
    "The lines of this purchase stand apart, and some of them come twice: nobody can tell whether they were sold twice.",
)
_CACHE_KIB = 32_768
_AT_ONCE = 1_000


class Scattered:
    """The keys that come again after others, and their rows until all are there. What it holds is on disk, where SQLite sorts
    it, so that memory does not depend on how many there are."""

    def __init__(self, beginnings: Iterable[BasketKey]) -> None:
        """`beginnings` are the keys in the order of the file, one for each run of rows."""
        # a private file that vanishes when it is closed; of several threads, one after another
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("CREATE TABLE begun (key BLOB)")
        keys = ((_digest(key),) for key in beginnings)
        while some := list(islice(keys, _AT_ONCE)):
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT INTO begun VALUES (?)", some)
            self._connection.execute("COMMIT")
        self._connection.execute("CREATE TABLE scattered (key BLOB PRIMARY KEY) WITHOUT ROWID")
        self._connection.execute("INSERT INTO scattered SELECT key FROM begun GROUP BY key HAVING count(*) > 1")
        self._connection.execute("DROP TABLE begun")
        self._connection.execute(
            "CREATE TABLE held (key BLOB, run INTEGER, place INTEGER, line INTEGER, content BLOB, row TEXT)"
        )
        self._connection.execute("BEGIN")
        [(self.any,)] = self._connection.execute("SELECT count(*) > 0 FROM scattered")
        self._run, self._place = 0, 0
        self._last: tuple[BasketKey | None, bool] = (None, False)

    def __contains__(self, key: BasketKey) -> bool:
        if not self.any:
            return False
        if key != self._last[0]:
            found = self._connection.execute("SELECT 1 FROM scattered WHERE key = ?", (_digest(key),)).fetchone()
            self._last = (key, found is not None)
        return self._last[1]

    def hold(self, key: BasketKey, row: Row, content: Sequence[str], *, begins: bool) -> None:
        """Keep a row until all of its purchase are there. `content` is what it tells, and `begins` whether it is the first of
        those that stand together."""
        if begins:
            self._run, self._place = self._run + 1, 0
        self._place += 1
        fault = None if row.fault is None else (row.fault.code, row.fault.message)
        values = (_digest(key), self._run, self._place, row.line, _digest(content), json.dumps([*row[:2], fault]))
        self._connection.execute("INSERT INTO held VALUES (?, ?, ?, ?, ?, ?)", values)

    def rows(self) -> Iterator[tuple[Group, Problem | None, Row]]:
        """The rows that were kept, those of one purchase together in the order of the file, each with what tells purchases apart
        and what is wrong with its purchase.

        Rows that stand together and come again just as they were are the same purchase again. Where only some of them come again
        nobody can tell whether those were sold twice.
        """
        if not self.any:
            return
        ask = self._connection.execute
        ask("CREATE INDEX held_key ON held (key, line)")
        for (key,) in ask("SELECT key FROM held GROUP BY key ORDER BY min(line)"):
            counted = "count(*), count(DISTINCT run), count(DISTINCT place), count(DISTINCT hex(content) || place)"
            [(rows, runs, length, different)] = ask(f"SELECT {counted} FROM held WHERE key = ?", (key,))
            is_again = runs > 1 and rows == runs * length and different == length
            twice = "SELECT 1 FROM held WHERE key = ? GROUP BY content HAVING count(DISTINCT run) > 1 LIMIT 1"
            fault = None if is_again or not ask(twice, (key,)).fetchone() else _REPEATED
            for run, text in ask("SELECT run, row FROM held WHERE key = ? ORDER BY line", (key,)):
                line, cells, broken = json.loads(text)
                yield (key, run if is_again else 0), fault, Row(line, cells, broken and Problem(*broken))

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()


def _digest(key: Sequence[str]) -> bytes:
    return hashlib.blake2b("\0".join(key).encode("utf-8", "surrogatepass"), digest_size=16).digest()
