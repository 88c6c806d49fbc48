"""What may be absent."""

from enum import Enum
from typing import Any


def value_or_none(maybe: Any) -> Any:
    """What a Maybe holds; None where nothing is given."""
    if maybe is None:
        return None
    value = maybe.value
    return value.value if isinstance(value, Enum) else value
