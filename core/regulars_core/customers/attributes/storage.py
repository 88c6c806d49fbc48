"""The one place where values of attributes become what is kept, and where what is kept becomes a value again.

Of a sensitive one no ordinal is kept, which would tell it; so it has no ranges.
"""

from collections.abc import Sequence
from typing import NamedTuple

from regulars_core.customers.attributes.rules import Definition, key_of, ordinal_of
from regulars_core.shop.shop import Shop


class Stored(NamedTuple):
    """A value as it stands in its table."""

    value: str
    value_key: str
    ordinal: int | None


def stored(shop: Shop, definition: Definition, value: str) -> Stored:
    """What is kept of a value."""
    key = key_of(definition.type, value)
    if definition.is_sensitive:
        return Stored(value, comparable(shop, [key])[-1], None)
    return Stored(value, key, ordinal_of(definition.type, value))


def opened(shop: Shop, value: str) -> str:
    """A kept value as it is shown."""
    return value


def comparable(shop: Shop, keys: Sequence[str]) -> list[str]:
    """The forms in which these keys may be kept, whether of a sensitive attribute or not."""
    return list(keys)
