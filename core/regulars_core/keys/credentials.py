"""The form of API keys: `rk_<12 id>_<43 secret><6 checksum>`, all letters and digits.

256 random bits, found by the id, of which the database keeps a SHA-256 only. The checksum tells a mistyped key from a
wrong one without asking the database.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_LENGTH, _SECRET_LENGTH = 12, 43
_ID = re.compile(rf"[0-9A-Za-z]{{{_ID_LENGTH}}}")
_KEY = re.compile(rf"(rk_([0-9A-Za-z]{{{_ID_LENGTH}}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}}))([0-9A-Za-z]{{6}})")


@dataclass(frozen=True, slots=True)
class Credential:
    """A key in its parts; `text` is what its owner is given."""

    id: str
    secret: str

    @property
    def text(self) -> str:
        """The whole key."""
        body = f"rk_{self.id}_{self.secret}"
        return body + checksum(body)

    @property
    def digest(self) -> str:
        """What is kept of the secret."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


def new_credential() -> Credential:
    """A key that nobody has seen."""
    return Credential(_random(_ID_LENGTH), _random(_SECRET_LENGTH))


def read_credential(text: str) -> Credential | None:
    """The parts of a key's text; None for one that is malformed or mistyped."""
    parts = _KEY.fullmatch(text)
    if parts is None or not hmac.compare_digest(checksum(parts[1]), parts[4]):
        return None
    return Credential(parts[2], parts[3])


def is_key_id(text: str) -> bool:
    """Whether the text has the form of a key's id."""
    return _ID.fullmatch(text) is not None


def as_entity(key_id: str) -> str:
    """A key's id in the form of the ids of everything else, which the audit knows: its letters as hexadecimal digits."""
    return key_id.encode("ascii").hex().rjust(32, "0")


def key_id_of(entity: str) -> str:
    """The key's id of which `as_entity` has made this."""
    return bytes.fromhex(entity).lstrip(b"\0").decode("ascii")


def checksum(body: str) -> str:
    """Six letters and digits that follow from the rest of a key."""
    number, digits = zlib.crc32(body.encode()), []
    for _ in range(6):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
