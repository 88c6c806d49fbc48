"""What a file would have written so far, where it is only looked at: on disk, where SQLite puts what is too much for memory."""

import sqlite3
from collections.abc import Iterable

FORESEEN = "foreseen"
"""Stands for the id of what would be there."""
_Key = tuple[str, str]


class Foreseen:
    """Customers by what they are recognised by, stores by their codes, purchases by what they go by, each with a word about
    it."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("")  # a private file that vanishes when it is closed
        self._connection.execute(
            "CREATE TABLE seen (kind TEXT, name TEXT, word TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID"
        )

    def add(self, words: Iterable[tuple[_Key, str]]) -> None:
        """Remember things that would be there; the first word about each counts."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", ((kind, name, word) for (kind, name), word in words)
        )

    def among(self, keys: Iterable[_Key]) -> dict[_Key, str]:
        """Which of these would be there, with the word about each."""
        sql, found = "SELECT word FROM seen WHERE kind = ? AND name = ?", dict[_Key, str]()
        for key in keys:
            if row := self._connection.execute(sql, key).fetchone():
                found[key] = row[0]
        return found

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
