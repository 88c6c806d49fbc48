"""Text as people type it: tidied for keeping, folded for finding."""

import hashlib
import re
import unicodedata

_UNCLEAN = re.compile("[\0\ud800-\udfff]")
_NOT_WORD = re.compile(r"[^\w]+", re.UNICODE)
_BLANK = frozenset(" \u115f\u1160\u2800\u3164\uffa0")  # the latter are letters and signs, and have no form
# Letters that Unicode does not take apart, though people type them apart.
_APART = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ł": "l", "Ł": "l"}
)


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
    """The words without case, accents and punctuation: `Pérez-Ñandú, J.` → perez, nandu, j."""
    bare = text.lower() if text.isascii() else _bare(text)
    return [word for word in _NOT_WORD.sub(" ", bare).replace("_", " ").split(" ") if word]


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_APART))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def folded(text: str) -> str:
    """The folded words with single spaces between them: the form in which names are compared and sorted."""
    return " ".join(folded_words(text))


def bounded(key: str, most: int) -> str:
    """A key of at most so many characters: folding lengthens some texts. What is too long is cut and told apart by a digest, so
    that two long texts never become one."""
    if len(key) <= most:
        return key
    return f"{key[: most - 9]} {hashlib.sha256(key.encode()).hexdigest()[:8]}"


def is_clean(text: str) -> bool:
    """Whether both databases can keep the text: no NUL, no lone surrogate."""
    return text.isprintable() or _UNCLEAN.search(text) is None


def camel(name: str) -> str:
    """A column's name as the API spells it: `group_id` is `groupId`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
