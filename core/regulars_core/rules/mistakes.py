"""What people are told of data that a class of pydantic's does not take: whole sentences, each at its place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at a place in the data; `is_missing` if there is nothing where something must be."""

    path: Sequence[str]
    message: str
    is_missing: bool = False


_Words = str | Callable[[Mapping[str, Any]], str]
_MISSING = "This must not be empty."
_BY_TYPE: Mapping[str, _Words] = {
    "missing": "This is missing.",
    "extra_forbidden": "There is no such field.",
    "string_too_short": lambda told: (
        _MISSING if told["min_length"] == 1 else f"At least {told['min_length']} characters."
    ),
    "string_too_long": lambda told: f"At most {told['max_length']} characters.",
    "string_pattern_mismatch": "This is not written in the form that it has.",
    "too_short": lambda told: _MISSING if told["min_length"] == 1 else f"At least {told['min_length']} of these.",
    "too_long": lambda told: f"At most {told['max_length']} of these.",
    "greater_than": lambda told: f"This must be more than {told['gt']}.",
    "greater_than_equal": lambda told: f"This must be at least {told['ge']}.",
    "less_than": lambda told: f"This must be less than {told['lt']}.",
    "less_than_equal": lambda told: f"This must be at most {told['le']}.",
    "multiple_of": lambda told: f"This must be a multiple of {told['multiple_of']}.",
    "enum": lambda told: f"This must be {told['expected']}.",
    "literal_error": lambda told: f"This must be {told['expected']}.",
    "decimal_max_digits": lambda told: f"At most {told['max_digits']} digits.",
    "decimal_max_places": lambda told: f"At most {told['decimal_places']} decimals.",
    "decimal_whole_digits": lambda told: f"At most {told['whole_digits']} digits before the decimals.",
    "value_error": lambda told: _sentence(told["error"]),
    "assertion_error": lambda told: _sentence(told["error"]),
}
_BY_FORM: Mapping[str, str] = {
    "int": "Write a whole number, such as `10`.",
    "decimal": "Write a number, such as `1.5`.",
    "float": "Write a number, such as `1.5`.",
    "finite": "Write a number, such as `1.5`.",
    "bool": "Write `true` or `false`.",
    "date": "Write a day that there is, such as `2026-01-31`.",
    "datetime": "Write an instant, such as `2026-01-31T09:30:00Z`.",
    "time": "Write a time of day, such as `22:00`.",
    "string": "This must be text.",
    "list": "This must be a list.",
    "tuple": "This must be a list.",
    "set": "This must be a list.",
    "frozen": "This must be a list.",
    "dict": "This must be an object with fields.",
    "model": "This must be an object with fields.",
}
"""By how the type of a mistake begins: what has not the form of what is asked for at all."""


def mistakes_in(error: ValidationError, patterns: Mapping[str, str] | None = None) -> Sequence[Mistake]:
    """What is wrong, in the order of the data, with the sentences that stand for some regular expressions. Of a list or an object
    of which parts are wrong these alone are told."""
    told = error.errors(include_url=False, include_input=False)
    places = [one["loc"] for one in told]
    return [
        Mistake(tuple(map(str, one["loc"])), _message(one, patterns or {}), one["type"] == "missing" or _is_empty(one))
        for one in told
        if not any(len(place) > len(one["loc"]) and place[: len(one["loc"])] == one["loc"] for place in places)
    ]


def _message(one: Any, patterns: Mapping[str, str]) -> str:
    kind, told = one["type"], one.get("ctx", {})
    if kind == "string_pattern_mismatch" and told["pattern"] in patterns:
        return patterns[told["pattern"]]
    words = _BY_TYPE.get(kind) or _BY_FORM.get(kind.partition("_")[0], "This cannot be accepted.")
    return words if isinstance(words, str) else words(told)


def _is_empty(one: Any) -> bool:
    return bool(one["type"] == "string_too_short" and one["ctx"]["min_length"] == 1)


def _sentence(words: object) -> str:
    """What a validator has raised, as a sentence."""
    text = str(words).strip() or "This cannot be accepted"
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
