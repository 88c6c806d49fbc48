"""Fields of inputs that may be absent."""

from enum import Enum
from typing import Any


def value_or_none(maybe: Any) -> Any:
    """What a Maybe holds, of an enum its value; None where the field is absent or null."""
    if maybe is None:
        return None
    value = maybe.value
    return value.value if isinstance(value, Enum) else value
