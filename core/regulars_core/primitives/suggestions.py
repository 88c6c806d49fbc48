"""What somebody may have meant who wrote a name that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches

_LIKENESS = 0.75


def meant(written: str, names: Iterable[str]) -> str | None:
    """The name that is most like what was written, whatever is capital in it and however its words are parted; None where none
    is like it."""
    by_letters = {_letters(name): name for name in names}
    found = get_close_matches(_letters(written), by_letters, n=1, cutoff=_LIKENESS)
    return by_letters[found[0]] if found else None


def suggestion(written: str, names: Iterable[str], called: str = "{}") -> str:
    """The end of a sentence that says what is wrong: `; did you mean tiers?`, or nothing. `called` is how the name is told."""
    found = meant(written, names)
    return "" if found is None else f"; did you mean {called.format(found)}?"


def _letters(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign not in "_- .")
