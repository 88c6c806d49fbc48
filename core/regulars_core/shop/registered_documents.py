"""A file of the only documents that a shop answers, each by its SHA-256, as the tools of frontend teams write it."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

SHA_256 = re.compile(r"[0-9a-f]{64}")
_MANIFEST = "apollo-persisted-query-manifest"


def hash_of(text: str) -> str:
    """The SHA-256 of a document, in small hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def registered(file: Path) -> Mapping[str, str]:
    """The documents of a file by their hashes: an object of them, as relay and graphql-codegen write it, or Apollo's manifest.
    Raises ValueError for a file that is neither, or where a hash is not that of its document."""
    try:
        content: Any = orjson.loads(file.read_bytes())
    except OSError:
        raise ValueError("name a file that can be read") from None
    except ValueError:
        raise ValueError("the file must be JSON, in UTF-8") from None
    pairs = _pairs(content)
    if not pairs or not all(isinstance(text, str) for _, text in pairs):
        raise ValueError("the file must hold documents by their SHA-256, or be a manifest as Apollo writes it")
    for key, text in pairs:
        if key != hash_of(text):
            raise ValueError(f"in the file {str(key)[:80]!r} should be {hash_of(text)}, the SHA-256 of its document")
    return dict(pairs)


def _pairs(content: Any) -> list[tuple[Any, Any]]:
    if not isinstance(content, dict):
        return []
    if content.get("format") != _MANIFEST:
        return list(content.items())
    operations = content.get("operations")
    if not isinstance(operations, list):
        return []
    return [(one.get("id"), one.get("body")) if isinstance(one, dict) else (None, None) for one in operations]
