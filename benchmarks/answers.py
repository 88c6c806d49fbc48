"""Whether contestants answer the same."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from regulars_core.primitives.clock import instant_of, printed

_ID = re.compile(r"(?:[a-z]+_)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT.*")


def data_of(body: bytes) -> Any:
    """The data of an answer. Raises AssertionError for one with errors."""
    answer = orjson.loads(body)
    assert not answer.get("errors"), answer["errors"]
    return answer["data"]


def plain(value: Any) -> Any:
    """Data without what contestants may write in their own ways: an amount alone may stand without its object, ids have
    kinds or hyphens or neither, and instants have their own offset."""
    if isinstance(value, dict):
        return value["amount"] if value.keys() == {"amount"} else {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, str):
        if found := _ID.fullmatch(value):
            return "".join(found.groups())
        if _INSTANT.fullmatch(value):
            return printed(instant_of(datetime.fromisoformat(value)))
    return value


def counted(value: Any) -> tuple[int, int]:
    """How many objects and how many scalars there are in data."""
    if isinstance(value, dict | list):
        inside = [counted(part) for part in (value.values() if isinstance(value, dict) else value)]
        objects = sum(one for one, _ in inside) + isinstance(value, dict)
        return objects, sum(two for _, two in inside)
    return 0, 1


def check_of(operation: str) -> Callable[[bytes], None]:
    """Look into an answer while it is measured: no errors, and something in it."""

    def check(body: bytes) -> None:
        [found] = data_of(body).values()
        if operation == "M1":
            assert not found.get("userErrors"), found
            assert found["purchase"]["id"]
        elif operation == "D1":
            assert not found["userErrors"], found
            assert found["entry"]["id"]
        elif operation in {"Q2", "Q4"}:
            assert len(found["nodes"]) == (50 if operation == "Q2" else 100), len(found["nodes"])
        else:
            assert found, "Nothing was found."

    return check


def same(one: Any, other: Any) -> None:
    """Raise AssertionError, which tells where, unless two answers to a read say the same."""
    difference = _difference(plain(one), plain(other), "data")
    assert difference is None, difference


def _difference(one: Any, other: Any, path: str) -> str | None:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        inside = ((one[name], other[name], f"{path}.{name}") for name in one)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        inside = ((left, right, f"{path}.{n}") for n, (left, right) in enumerate(zip(one, other, strict=True)))
    else:
        return None if one == other else f"{path}: {one!r} and {other!r}"
    return next(filter(None, (_difference(*part) for part in inside)), None)
