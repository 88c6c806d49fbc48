"""Sealing single values: what is sensitive is encrypted before the database sees it, so that neither its file nor a dump has it.

A value is sealed by AES-SIV (RFC 5297) under a key that has a name, together with where it stands: table, column and row. In
another row it cannot be opened. The same value in the same row is the same text, so that what did not change is not changed.

    \\x01 <key> ~ <row> ~ <base64>       a sealed value; a plain one that begins with \\x01 is written as \\x01~~<value>
    \\x01 <key> ~ <base64>               an HMAC of a folded value, by which equal ones are found

The first key seals; the others open what was sealed before it came. https://www.rfc-editor.org/rfc/rfc5297
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from typing import Any

MARK = "\x01"
"""What every sealed value begins with."""
KEY_BYTES = 32
MAX_KEY_ID = 16
_SEALED = re.compile(r"\x01([A-Za-z0-9_-]{1,16})~([^~]*)~([A-Za-z0-9_=-]+)")
_PLAIN = MARK + "~~"
PREFIX_LENGTH = len(MARK) + MAX_KEY_ID + 1
"""Of so many characters the first ones of a stored value say whether and by which key it is sealed."""


class Sealed(RuntimeError):
    """A value cannot be opened."""


class KeyLost(Sealed):
    """A value is sealed by a key that is not there."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"This is sealed by the encryption key '{key_id}', which is not in REGULARS_ENCRYPTION_KEYS.")
        self.key_id = key_id


class SealBroken(Sealed):
    """A value was changed or put somewhere else since it was sealed."""

    def __init__(self) -> None:
        super().__init__("This was changed since it was sealed, or is not where it was.")


class Opaque(str):
    """A stored value that could not be opened, on its way back to where it stood."""


def row_of(stored: str) -> str | None:
    """The row for which a stored value was sealed; None for one that is not."""
    parts = _SEALED.fullmatch(stored)
    return None if parts is None else parts[2]


def is_sealed(stored: str | None) -> bool:
    """Whether a stored value is sealed."""
    return stored is not None and stored.startswith(MARK) and not stored.startswith(_PLAIN)


class Seals:
    """The keys of a shop, by their names, the one that seals first; without any, values stay as they are.

    Raises RuntimeError where there are keys and the library is not installed.
    """

    def __init__(self, keys: Mapping[str, bytes] | None = None) -> None:
        keys = keys or {}
        self.current = next(iter(keys), None)
        """The name of the key that seals; None where nothing is sealed."""
        self._digesting = {name: hmac.digest(key, b"regulars digest 1", "sha256") for name, key in keys.items()}
        self._sealing: dict[str, Any] = {}
        if keys:
            try:
                siv = import_module("cryptography.hazmat.primitives.ciphers.aead").AESSIV
            except ImportError:
                raise RuntimeError("REGULARS_ENCRYPTION_KEYS needs: pip install 'regulars[encryption]'") from None
            self._sealing = {
                name: siv(hmac.digest(key, b"regulars seal 1", hashlib.sha512)) for name, key in keys.items()
            }

    @property
    def prefix(self) -> str | None:
        """What values begin with that the current key has sealed; None where nothing is sealed."""
        return None if self.current is None else f"{MARK}{self.current}~"

    @property
    def key_ids(self) -> Sequence[str]:
        """The names of all keys."""
        return list(self._sealing)

    def sealed(self, value: str | None, table: str, column: str, row: str) -> str | None:
        """The value as it is stored there."""
        if value is None:
            return None
        if self.current is None:
            return f"{_PLAIN}{value}" if value.startswith(MARK) else value
        data = self._sealing[self.current].encrypt(value.encode(), _place(table, column, row))
        return f"{MARK}{self.current}~{row}~{base64.urlsafe_b64encode(data).decode()}"

    def opened(self, stored: str | None, table: str, column: str, rows: str | Collection[str]) -> str | None:
        """The value that is stored there, sealed or not; `rows` are those for which it may have been sealed. Raises KeyLost and
        SealBroken."""
        if stored is None or not stored.startswith(MARK):
            return stored
        if stored.startswith(_PLAIN):
            return stored[len(_PLAIN) :]
        parts = _SEALED.fullmatch(stored)
        if parts is None or parts[2] not in ({rows} if isinstance(rows, str) else rows):
            raise SealBroken
        if parts[1] not in self._sealing:
            raise KeyLost(parts[1])
        try:
            value: bytes = self._sealing[parts[1]].decrypt(
                base64.urlsafe_b64decode(parts[3]), _place(table, column, parts[2])
            )
        except Exception as error:  # InvalidTag, whose module may not be there
            raise SealBroken from error
        return value.decode()

    def sealed_bytes(self, content: bytes, table: str, column: str, row: str) -> bytes:
        """Bytes as they are stored there: a piece of a file."""
        if self.current is None or not content:
            return _PLAIN.encode() + content if content.startswith(MARK.encode()) else content
        data: bytes = self._sealing[self.current].encrypt(content, _place(table, column, row))
        return f"{MARK}{self.current}~".encode() + data

    def opened_bytes(self, stored: bytes, table: str, column: str, row: str) -> bytes:
        """The bytes that are stored there, sealed or not. Raises KeyLost and SealBroken."""
        if not stored.startswith(MARK.encode()):
            return stored
        if stored.startswith(_PLAIN.encode()):
            return stored[len(_PLAIN) :]
        name, _, data = stored[1:].partition(b"~")
        key_id = name.decode("ascii", "replace")
        if key_id not in self._sealing:
            raise KeyLost(key_id)
        try:
            content: bytes = self._sealing[key_id].decrypt(data, _place(table, column, row))
        except Exception as error:
            raise SealBroken from error
        return content

    def digest(self, folded: str | None, purpose: str) -> str | None:
        """What a folded value is found by where it is compared and kept unique: the value itself where nothing is sealed."""
        if folded is None or self.current is None:
            return folded
        return self._digest(self.current, folded, purpose)

    def digests(self, folded: str, purpose: str) -> Sequence[str]:
        """Everything by which a folded value may be found: under each key, and as it is."""
        return [*(self._digest(name, folded, purpose) for name in self._digesting), folded]

    def _digest(self, key_id: str, folded: str, purpose: str) -> str:
        data = hmac.digest(self._digesting[key_id], f"{purpose}\0{folded}".encode(), "sha256")
        return f"{MARK}{key_id}~{base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def _place(table: str, column: str, row: str) -> list[bytes]:
    return [f"{table}.{column}".encode(), row.encode()]


UNSEALED = Seals()
"""Of a database in which nothing is sealed."""
