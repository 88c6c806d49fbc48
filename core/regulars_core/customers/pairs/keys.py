"""By what others are looked for who may be a customer. Pure.

Of a million customers nobody is compared with all others, but with who shares a key: the whole e-mail address, telephone number
or tax id; the last digits of the number; the date of birth with the sound of a word of the name, the first given one or the
first of the family; the sounds of all words of the name, in any order. A key is kept as a digest. Two that differ may have the
same digest, and are compared in vain.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from regulars_core.customers.duplicates import Traits
from regulars_core.customers.likeness.names import common_name, company_words, name_of, sound


class Keys(NamedTuple):
    """The digests of a record, in the order of the table's columns."""

    email: int | None
    phone: int | None
    phone_tail: int | None
    tax_id: int | None
    name: int | None
    given_and_birth: int | None
    family_and_birth: int | None


MOST_ALIKE = Keys(50, 50, 50, 50, 8, 50, 50)
"""How many records may share a key. What more than these share tells nobody apart: the number of the shop itself, the tax id of
who gives none, a name that many have; it is as if they had none."""


def digest(*parts: str) -> int:
    """Sixty-four bits, as both databases keep them."""
    text = "\x1f".join(parts).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def keys_of(traits: Traits) -> Keys:
    """The keys of who has these traits."""
    given, family = _with_birth_date(traits)
    return Keys(
        _digest("email", traits.email),
        _digest("phone", traits.phone),
        _digest("tail", traits.phone_tail),
        _digest("tax", traits.tax_id),
        _name_key(traits),
        given,
        family,
    )


def tax_id_key(form: str) -> int:
    """The key of a tax id that is kept in this form."""
    return digest("tax", form)


def _digest(kind: str, value: str | None) -> int | None:
    return None if value is None else digest(kind, value)


def _name_key(traits: Traits) -> int | None:
    if traits.name is None:
        return None
    if traits.is_company:
        return digest("company", "".join(map(sound, company_words(traits.name))))
    return digest("person", *sorted(sound(common_name(word)) for word in name_of(traits.name).words))


def _with_birth_date(traits: Traits) -> tuple[int | None, int | None]:
    if traits.name is None or traits.birth_date is None or traits.is_company:
        return None, None
    name, born = name_of(traits.name), traits.birth_date
    given, family = name.given or name.other, name.family
    return _born(born, given), _born(born, family)


def _born(day: str, words: Sequence[str]) -> int | None:
    return digest("born", day, sound(common_name(words[0]))) if words else None
