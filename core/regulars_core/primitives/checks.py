"""Checking what was given: every mistake is gathered, none is repaired silently, and all are told at once."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Malformed, Problem, Refused
from regulars_core.primitives.text import is_clean, tidy

T = TypeVar("T")


class Checks:
    """Gathers the problems of one input; each method answers the value in the form in which it is kept."""

    def __init__(self, *prefix: str) -> None:
        self.problems: list[Problem] = []
        self._prefix = prefix
        self._outer: Checks | None = None
        self._of_records = 0

    def nested(self, *path: str) -> "Checks":
        """Checks of an object inside this input, at a path under it. Their problems are this input's too."""
        inner = Checks(*self._prefix, *path)
        inner._outer = self
        return inner

    def fail(self, code: str, message: str, *path: str) -> None:
        """Note a problem at a path under this input."""
        self._note(Problem(code, message, (*self._prefix, *path)))

    def unfit(self, code: str, message: str, *path: str) -> None:
        """Note, at a path under this input, that it does not fit what is recorded."""
        self._note(Problem(code, message, (*self._prefix, *path)), of_records=True)

    def _note(self, problem: Problem, *, of_records: bool = False) -> None:
        self.problems.append(problem)
        self._of_records += of_records
        if self._outer is not None:
            self._outer._note(problem, of_records=of_records)

    def attempt(self, make: Callable[[], T]) -> T | None:
        """What this makes of a part of the input; None where that is malformed, whose problems are this input's too. Other
        refusals are raised."""
        try:
            return make()
        except Malformed as malformed:
            for problem in malformed.problems:
                self._note(problem.under(*self._prefix))
            return None

    async def looked_up(self, work: Awaitable[T]) -> T | None:
        """What this finds that the input names; None where it is not there or named wrongly, which is this input's problem too.
        So whoever has mistyped a store is told in the same answer what else is wrong."""
        try:
            return await work
        except Refused as refusal:
            if type(refusal) not in {Refused, Malformed}:
                raise
            for problem in refusal.problems:
                self._note(problem.under(*self._prefix), of_records=type(refusal) is Refused)
            return None

    def text(self, value: str | None, name: str, max_length: int, *, required: bool = False) -> str | None:
        """One line of text, tidied; an empty one is as good as none."""
        return None if value is None and not required else self._checked(tidy(value or ""), name, max_length, required)

    def capitals(self, value: str | None, name: str, max_length: int) -> str | None:
        """One line of text in capitals, tidied. What is measured are these: those of `ß` are two."""
        return None if value is None else self._checked(tidy(value).upper(), name, max_length, required=False)

    def prose(self, value: str | None, name: str, max_length: int, *, required: bool = False) -> str | None:
        """Text of many lines, as typed apart from space around it."""
        return self._checked((value or "").strip(), name, max_length, required)

    def _checked(self, value: str, name: str, max_length: int, required: bool) -> str | None:
        if value and len(value) <= max_length and is_clean(value):
            return value
        if value and not is_clean(value):
            self.fail("INVALID_TEXT", "NUL and lone surrogates are not text.", name)
        elif value:
            self.fail("TOO_LONG", f"At most {max_length} characters; {len(value)} were given.", name)
        elif required:
            self.fail("REQUIRED", "This must not be empty.", name)
        return None  # so that nobody finds a second fault in it

    def choice(self, value: str | None, members: Sequence[str], name: str) -> str | None:
        """One of these members, which are words in capitals with underscores between; given in any case, with spaces or dashes
        between the words. Empty is as good as none."""
        text = tidy(value or "").upper()
        member = text.replace("-", "_").replace(" ", "_")
        if text and member not in members:
            self.fail("INVALID_CHOICE", f"This is none of {', '.join(members)}.", name)
            return None
        return member or None

    def at_least(self, value: int, minimum: int, name: str, code: str = "INVALID_AMOUNT") -> None:
        """A whole number that must not be below a bound."""
        if value < minimum:
            self.fail(code, "This must be more than zero." if minimum > 0 else "This must not be negative.", name)

    def past_day(self, value: date | None, name: str) -> str | None:
        """A calendar day that somebody can have been born on, as ISO text."""
        today = (datetime.now(UTC) + timedelta(hours=14)).date()  # the latest calendar day anywhere
        if value is not None and not date(1880, 1, 1) <= value <= today:
            self.fail("INVALID_DATE", "This must be a day between 1880 and today.", name)
        return None if value is None else value.isoformat()

    def not_after(self, value: Instant, latest: Instant, name: str) -> None:
        """An instant at which something has happened that must not lie after the latest one that is believed."""
        if value > latest:
            self.fail("INVALID_DATE", "This lies too far in the future.", name)

    def refuse(self, *, recorded: bool = False) -> None:
        """Raise Malformed if anything was wrong; Refused if it was `recorded` data alone that the input does not fit."""
        if self.problems:
            raise (Refused if recorded or self._of_records == len(self.problems) else Malformed)(*self.problems)
