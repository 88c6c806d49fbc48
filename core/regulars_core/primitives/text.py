"""Text as people type it: tidied for keeping, folded for finding."""

import hashlib
import re
import unicodedata

from regulars_core.primitives.letters import bare

_UNCLEAN = re.compile("[\0\ud800-\udfff]")
_NOT_WORD = re.compile(r"[\W_]+", re.ASCII)
_BLANK = frozenset(" \u115f\u1160\u2800\u3164\uffa0")  # the latter are letters and signs, and have no form


def tidy(text: str) -> str:
    """Without spaces around it and with single ones inside, in the composed form of Unicode (NFC); otherwise as typed. Empty
    where nothing of it can be seen."""
    if text.isascii():
        return " ".join(text.split())
    tidied = " ".join(unicodedata.normalize("NFC", text).split())
    return tidied if any(map(_is_seen, tidied)) else ""


def _is_seen(character: str) -> bool:
    """Whether a character shows by itself: those that only join, part or turn others do not."""
    return character not in _BLANK and unicodedata.category(character) != "Cf"


def folded_words(text: str) -> list[str]:
    """The words without case, accents and punctuation: `Pérez-Ñandú, J.` → perez, nandu, j. Letters that many have no key for are
    told by those that they type instead, digits are 0 to 9."""
    return (_NOT_WORD.sub(" ", text.lower()) if text.isascii() else bare(text)).split()


def folded(text: str) -> str:
    """The folded words with single spaces between them: the form in which names are compared and sorted."""
    return " ".join(folded_words(text))


def bounded(key: str, most: int) -> str:
    """A key of at most so many characters: folding lengthens some texts. What is too long is cut and told apart by a digest, so
    that two long texts never become one."""
    if len(key) <= most:
        return key
    return f"{key[: most - 9]} {hashlib.sha256(key.encode()).hexdigest()[:8]}"


def name_key(name: str) -> str:
    """What makes two names of groups, or of what else the shop names, the same, however they are written."""
    return bounded(folded(name) or name.casefold(), 160)


def is_clean(text: str) -> bool:
    """Whether both databases can keep the text: no NUL, no lone surrogate."""
    return text.isprintable() or _UNCLEAN.search(text) is None


def camel(name: str) -> str:
    """A column's name as the API spells it: `group_id` is `groupId`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
