"""What can go wrong in the domain, as data that a caller can act on."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

log = logging.getLogger("regulars")


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why something was refused.

    `code` is stable and for programs, `message` is one sentence for people, `path` leads to the offending part of the
    input, from its root: `("input", "lines", "0", "quantity")`. The message quotes nothing that somebody typed, because a
    problem is kept under the idempotency key; figures of the shop's own it may name. Fields of subclasses are plain JSON.
    """

    code: str
    message: str
    path: tuple[str, ...] = ()

    def under(self, *prefix: str) -> Self:
        """The same problem seen from further out."""
        return replace(self, path=(*prefix, *self.path))


class Refused(Exception):
    """A domain outcome: nothing of what was asked for has happened, and these are the reasons."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{problem.code}: {problem.message}" for problem in problems))
        self.problems: Sequence[Problem] = problems


class Malformed(Refused):
    """A refusal for the input's own sake, whatever is recorded.

    It is not kept under an idempotency key, so that the input can be mended and sent again under the same one.
    """


class Questioned(Refused):
    """A refusal that asks a person something: whoever knows the answer may send it under the same idempotency key.

    It is not kept under its key, since nothing was written.
    """


class BadInput(Exception):
    """The request itself is malformed: a broken id, a cursor of another list.

    `path` as in Problem; `reason` is for programs, where the path does not tell.
    """

    def __init__(self, message: str, path: tuple[str, ...] = (), reason: str | None = None) -> None:
        super().__init__(message)
        self.path, self.reason = path, reason


class Forbidden(Exception):
    """The caller lacks a permission, or lacks it where it is needed: in the `store` of this key or, if it must be held
    `shop_wide`, in the whole shop.

    `refused` is how many values it was wanted for.
    """

    def __init__(self, permission: str, refused: int = 1, *, shop_wide: bool = False, store: str | None = None) -> None:
        where = " in the whole shop" if shop_wide else " in this store" if store else ""
        super().__init__(f"This needs the permission {permission}{where}.")
        self.permission, self.refused, self.shop_wide, self.store = permission, refused, shop_wide, store


class TimedOut(Exception):
    """The deadline of a request is over; what was not committed by then has been undone. `unknown`: it fell into a commit, and
    nobody knows whether that was done."""

    def __init__(self, *, unknown: bool = False) -> None:
        super().__init__()
        self.unknown = unknown


class RateLimited(Exception):
    """A caller has used up what it may ask for at the moment; `seconds` from now there is enough again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def logged(error: BaseException, place: object) -> str:
    """Write what nobody foresaw into the log, and answer the id under which it stands there."""
    error_id = secrets.token_hex(8)
    notes = "".join(f", {note}" for note in getattr(error, "__notes__", ()))  # such as the plugin that it came from
    log.error("error %s in %s%s", error_id, place, notes, exc_info=error)
    return error_id
