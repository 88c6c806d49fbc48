"""How a plugin's command reaches the shop, without knowing of the command line that it hangs on."""

from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

from regulars_core.shop.shop import Shop

T = TypeVar("T")
Opener = Callable[[Callable[[Shop], Coroutine[Any, Any, Any]]], Any]
"""Opens the shop of the environment, does something in it, and closes it."""

_opener: ContextVar[Opener] = ContextVar("opener")


def carry(opener: Opener) -> None:
    """Let the command that is about to run open the shop."""
    _opener.set(opener)


def in_shop(work: Callable[[Shop], Coroutine[Any, Any, T]]) -> T:
    """Open the shop, await the work, and answer what it answers; to be called by a plugin's command."""
    done: T = _opener.get()(work)
    return done
