"""Letters as people type them who have no key for them: without accents, strokes and hooks, of one case, digits as 0 to 9.

Unicode takes apart what is a letter and a mark, such as `é`. It does not take apart `ø`, which to it is a letter of its own; what
people write for those is told here, by the letter's name where that says it (`H WITH STROKE`), or else one by one.
"""

import unicodedata

_APART = {
    "ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "ꜳ": "aa", "ꜵ": "ao", "ꜷ": "au", "ꜹ": "av", "ꜽ": "ay", "ꝏ": "oo", "ꝡ": "vy",
    "ꜩ": "tz", "ȣ": "ou", "ỻ": "ll", "ƕ": "hv", "ƣ": "gh", "ȸ": "db", "ȹ": "qp", "þ": "th", "ð": "d", "ı": "i", "ȷ": "j",
    "ĸ": "k", "ŋ": "n", "ə": "e", "ǝ": "e", "ɘ": "e", "ɛ": "e", "ɜ": "e", "ɔ": "o", "ɵ": "o", "ɤ": "o", "ɑ": "a", "ɒ": "a",
    "ɐ": "a", "ɖ": "d", "ɣ": "g", "ɡ": "g", "ᵹ": "g", "ɩ": "i", "ɪ": "i", "ɯ": "u", "ʉ": "u", "ʊ": "u", "ʌ": "v", "ʃ": "s",
    "ʒ": "z", "ȝ": "y", "ƿ": "w", "ꝺ": "d", "ꝼ": "f", "ꞃ": "r", "ꞅ": "s", "ꞇ": "t", "ꝛ": "r", "ʀ": "r", "ꝥ": "th", "ꝧ": "th",
    # Arabic and Persian keyboards have different letters at the same place, and some are left out in a hurry.
    "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ھ": "ه", "ە": "ه", "ٱ": "ا", "\u0640": "",
    "ґ": "г", "ү": "у", "ұ": "у", "ө": "о", "ә": "а", "һ": "х",
}  # fmt: skip
_LIKE_APOSTROPHES = frozenset("ʹʺʻʼʽʾʿˈˊˋꞌߴߵ")
"""Letters to Unicode, of which others write an apostrophe or nothing."""
_SCRIPTS = ("LATIN ", "GREEK ", "CYRILLIC ")
"""In which a letter with something to it is typed as the letter."""
_KATAKANA, _HIRAGANA = range(0x30A1, 0x30F7), 0x3041


class _Folded(dict[int, str]):
    """What stands for a character: nothing, letters and digits, or a space where a word ends. Filled as it is asked."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _folded(chr(code))
        return found


_FOLDED = _Folded()


def bare(text: str) -> str:
    """The text in plain small letters and digits, with spaces between words, and perhaps around them."""
    return unicodedata.normalize("NFKD", text).translate(_FOLDED)


def _folded(letter: str) -> str:
    """Of a letter of which Unicode takes nothing apart any more."""
    category = unicodedata.category(letter)
    small = letter.casefold()
    if small in _APART:
        return _APART[small]
    if unicodedata.combining(letter) or category == "Cf":
        return ""
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    if ord(letter) in _KATAKANA:
        return chr(ord(letter) - _KATAKANA.start + _HIRAGANA)
    if category.startswith("M"):
        return letter  # a vowel, inside of a word
    if small in _LIKE_APOSTROPHES or not letter.isalnum():
        return " "
    if small != letter:
        return bare(small)
    return _without_what_it_has(letter)


def _without_what_it_has(letter: str) -> str:
    name = unicodedata.name(letter, "")
    plain, has, _ = name.partition(" WITH ")
    if not (has and name.startswith(_SCRIPTS)):
        return letter
    try:
        found = unicodedata.lookup(plain)
    except KeyError:
        return letter
    return bare(found)
