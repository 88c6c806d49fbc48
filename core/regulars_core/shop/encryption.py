"""The keys by which sensitive values are sealed, as a setting."""

import base64
import binascii
import re
from collections.abc import Mapping

from pydantic import Field, SecretStr, field_validator

from regulars_core.database.seals import KEY_BYTES, MAX_KEY_ID
from regulars_core.shop.support import SupportSettings

_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_KEY_ID}}}")


def encryption_keys_of(text: str) -> Mapping[str, bytes]:
    """The keys in `id:base64,…`, by their ids. Raises ValueError, which tells nothing of a key."""
    keys: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not _ID.fullmatch(key_id) or len(key) != KEY_BYTES or key_id in keys:
            raise ValueError(
                f"write id:base64,… with ids of 1 to {MAX_KEY_ID} letters, digits, _ and -, each once, and {KEY_BYTES} random"
                " bytes each; `regulars encryption key` makes one"
            )
        keys[key_id] = key
    return keys


class EncryptionSettings(SupportSettings):
    """How what is sensitive is kept."""

    encryption_keys: SecretStr | None = Field(
        None,
        description="Keys that seal what is sensitive: `id:base64,…`, 32 bytes each, the first one for what is written; older "
        "ones stay until `regulars encryption rotate` has gone over everything. Absent: it is kept as typed.",
    )

    @field_validator("encryption_keys")
    @classmethod
    def _readable_keys(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value is not None and encryption_keys_of(value.get_secret_value()) else None
