"""Identifiers: UUIDv7 made by the application, so that stores need no coordination and ids sort by time of making."""

import re

import uuid_utils

_HEX = re.compile(r"[0-9a-f]{32}")

# Rows that every database has from the start carry the same id everywhere, so that two databases agree on them.
DEFAULT_GROUP_ID = "00000000000070008000000000000001"
"""The id of the group in which customers are who were put into no other."""
MAIN_STORE_ID = "00000000000070008000000000000002"
"""The id of the store `MAIN`, which every shop has and purchases without a store belong to."""


def new_id() -> str:
    """A new UUIDv7 as 32 lower-case hexadecimal digits."""
    return uuid_utils.uuid7().hex


def is_id(text: str) -> bool:
    """Whether the text has the form of an id; says nothing about a row that carries it."""
    return _HEX.fullmatch(text) is not None
