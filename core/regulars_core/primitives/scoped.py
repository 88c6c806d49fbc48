"""Values of context variables for as long as something lasts."""

from contextvars import ContextVar
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Scoped(Generic[T]):
    """Inside, and in tasks started inside, a context variable has this value. A generator would do the same in three times the
    time, and one sale enters half a dozen of these."""

    __slots__ = ("_token", "_value", "_variable")

    def __init__(self, variable: ContextVar[Any], value: T) -> None:
        self._variable, self._value = variable, value

    def __enter__(self) -> T:
        self._token = self._variable.set(self._value)
        return self._value

    def __exit__(self, *_: object) -> None:
        self._variable.reset(self._token)
