"""What is typed at the till: how codes are compared, which the shop may choose, and how random ones are made. Pure, but for
chance.

A random code is a prefix, random symbols and a check symbol. Symbol by symbol from the right, the check symbol included, the sum
of value × 3ⁿ is a multiple of 31, n counting from 0. Since 31 is a prime of which 3 is a primitive root, one wrong symbol and two
neighbours that have changed places are always found: whoever has typed the code can be told so without asking the server.
"""

import re
import secrets
import unicodedata

from regulars_core.plugin import Checks

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""What random codes are made of: no 0 and O, no 1, I and L."""
MIN_CODE, MAX_CODE = 4, 40
"""Characters of a code."""
MIN_LENGTH, MAX_LENGTH = 8, 24
"""Random symbols of a code that is made here."""
MAX_PREFIX = 8
_MAX_TYPED = 200
"""Characters of what may be a code with dashes and spaces; more are none."""
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_ALIKE = str.maketrans("OIL", "011")
_PREFIX = re.compile(rf"[0-9A-Za-z]{{0,{MAX_PREFIX}}}")


def key_of_code(typed: str) -> str | None:
    """By what a code is unique and found: in capitals, without dashes and spaces, O read as 0, I and L as 1. None for what is the
    code of no coupon, whatever there is."""
    if len(typed) > _MAX_TYPED or not _is_printable(typed):
        return None
    capitals = unicodedata.normalize("NFC", typed).upper()
    key = "".join(one for one in capitals if unicodedata.category(one) not in ("Pd", "Zs")).translate(_ALIKE)
    return key if 0 < len(key) <= MAX_CODE else None


def _is_printable(text: str) -> bool:
    return text.isprintable() or all(one.isprintable() or unicodedata.category(one) == "Zs" for one in text)


def checked_code(checks: Checks, typed: str, *path: str) -> str | None:
    """A code of the shop's own choice in the form in which it is kept: in capitals, as typed otherwise. What is none is noted as
    INVALID_CODE."""
    code = unicodedata.normalize("NFC", typed[:_MAX_TYPED]).upper()
    if MIN_CODE <= len(code) <= MAX_CODE and code.isprintable() and code == code.strip() and key_of_code(code):
        return code
    message = f"A code has {MIN_CODE} to {MAX_CODE} printable characters, and no space at either end."
    checks.fail("INVALID_CODE", message, *path)
    return None


def checked_prefix(checks: Checks, typed: str, *path: str) -> str:
    """What random codes begin with, in capitals."""
    if _PREFIX.fullmatch(typed) is None:
        checks.fail("INVALID_CODE", f"A prefix has at most {MAX_PREFIX} letters A to Z and digits.", *path)
    return typed.upper()


def random_code(length: int, prefix: str = "") -> str:
    """A code with so many random symbols behind a prefix, and its check symbol. Nobody can guess it from others."""
    return random_codes(1, length, prefix)[0]


def random_codes(count: int, length: int, prefix: str = "") -> list[str]:
    """So many of these."""
    symbols = _random_symbols(count * length)
    own = 3**length * _sum(prefix)  # of the prefix, which is the same for all
    befores = (symbols[n : n + length] for n in range(0, count * length, length))
    return [f"{prefix}{one}{ALPHABET[-3 * (own + _value(one)) % len(ALPHABET)]}" for one in befores]


_SYMBOL_OF_BYTE = bytes(ord(ALPHABET[n % len(ALPHABET)]) for n in range(256))
_SURPLUS = bytes(range(256 - 256 % len(ALPHABET), 256))
"""Bytes that would make some symbols more frequent than others."""


def _random_symbols(count: int) -> str:
    """Symbols of which each is as likely as any other: secret bytes, but for the surplus."""
    symbols = b""
    while len(symbols) < count:
        symbols += secrets.token_bytes(count + count // 16 + 16 - len(symbols)).translate(_SYMBOL_OF_BYTE, _SURPLUS)
    return symbols[:count].decode()


def key_of_random(code: str) -> str:
    """The same as `key_of_code`, of a code that is made here: letters and digits."""
    return code.translate(_ALIKE)


def _value(symbols: str) -> int:
    """What `_sum` says of random symbols, as far as it matters: they read as they are, and are the digits of a number."""
    total = 0
    for symbol in symbols:
        total = total * 3 + _VALUES[symbol]
    return total


def check_symbol(before: str) -> str:
    """The symbol that makes these ones a sound code."""
    return ALPHABET[-3 * _sum(before) % len(ALPHABET)]


def is_sound(code: str) -> bool:
    """Whether a random code's check symbol is that of the others, as it is typed."""
    key = key_of_code(code)
    return key is not None and len(key) > 1 and _sum(key) % len(ALPHABET) == 0


def _sum(symbols: str) -> int:
    """Each value × 3ⁿ, n counting from the right; what is no symbol of random codes, as in a prefix, has its own number."""
    total = 0
    for symbol in symbols.upper().translate(_ALIKE):
        total = total * 3 + _VALUES.get(symbol, ord(symbol))
    return total % len(ALPHABET)


def fits(length: int, count: int) -> bool:
    """Whether so many codes leave at least half of their space free: a code that is guessed would be somebody's too often
    otherwise."""
    space: int = len(ALPHABET) ** length
    return 2 * count <= space
