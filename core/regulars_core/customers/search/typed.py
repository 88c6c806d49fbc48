"""What somebody has typed to find customers by, and what of it is looked for.

Groups of digits in a row are one number, however it is grouped: `06 12 34 56 78` is 0612345678. They may as well be a code and a
number, or be dialled from abroad: so a part of what was typed has alternatives, and is found where one of them is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from regulars_core.customers.contact import parse_email, phone_part, phone_words, phones_typed
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.text import folded_words, is_clean

MAX_QUERY = 1_000
"""Characters of a query: more than a customer's names or address may have."""
MAX_WORDS = 200
_GROUP, _LONG_GROUP = 3, 5
"""Digits that each of two numbers beside each other has at least, and one of them: more than groups of telephone numbers have."""


class Part(NamedTuple):
    """What SQL depends on of a part of a query."""

    counts: tuple[int, ...]
    """How many needles each alternative has."""
    is_host: bool = False
    """Whether it stands behind the @ of an address: half of all customers may have it, and an index is not to be asked for it."""


Shape = tuple[Part, ...]
"""Of a query its parts."""


@dataclass(frozen=True)
class Typed:
    """A query as it was read: its `text` without spaces around, and its `parts`. Of each part all words of one of its
    alternatives must be found."""

    text: str
    parts: Sequence[Sequence[Sequence[str]]]
    phones: Sequence[str] = ()
    """The numbers in E.164 that all of it may be."""
    hosts: frozenset[str] = frozenset()
    """The words that stand behind the @ of an address alone, where a word that few have stands before it."""

    @cached_property
    def shape(self) -> Shape:
        """What of it SQL depends on."""
        return tuple(Part(tuple(map(len, part)), part[0][0] in self.hosts) for part in self.parts)

    @cached_property
    def needles(self) -> list[str]:
        """What is looked for in the texts, in the order of the shape: the words, the short ones behind a space, so that a word
        begins there."""
        return [needle_of(word) for part in self.parts for words in part for word in words]

    @cached_property
    def email(self) -> str | None:
        """The e-mail address that it is."""
        return parse_email(self.text) if "@" in self.text else None


def needle_of(word: str) -> str:
    """What is looked for in the texts to find a word."""
    return word if len(word) > 2 else word.rjust(3)


def read(query: str, country: str, argument: str = "search") -> Typed:
    """What has been typed, in a shop of this country. Raises BadInput for what is too long or no text."""
    if len(query) > MAX_QUERY or not is_clean(query):
        raise BadInput(f"A search is text of at most {MAX_QUERY:,} characters.", (argument,))
    text = query.strip()
    parts, digits, people, hosts = list[Sequence[Sequence[str]]](), list[str](), set[str](), set[str]()
    for token in text.replace("(0)", " ").split():
        words = folded_words(token)
        if words and all(word.isdigit() for word in words):
            digits.append(("+" if token.startswith(("+", "(+")) else "") + "".join(words))
            continue
        if words:
            parts += _number(digits, country)
            digits = []
        parts += [[[word]] for word in words]
        before, _, host = token.partition("@")
        people.update(folded_words(before))
        if any(len(word) > 2 for word in folded_words(before)):
            hosts.update(folded_words(host))
    phones = () if parts or not digits else phones_typed(text, country)
    parts += _number(digits, country)
    parts = [part for n, part in enumerate(parts) if part not in parts[:n]]
    if len(parts) > MAX_WORDS:
        raise BadInput(f"A search has at most {MAX_WORDS} words.", (argument,))
    return Typed(text, parts, phones, frozenset(hosts - people))


def _number(typed: Sequence[str], country: str) -> list[Sequence[Sequence[str]]]:
    """The part that groups of digits in a row are, if there are any."""
    if not typed:
        return []
    groups = [group.removeprefix("+") for group in typed]
    whole, phones = "".join(groups), phones_typed("".join(typed), country)
    alternatives = [[whole]]
    if phones:
        # Texts have it as it is kept, and as it is dialled in its country.
        alternatives += [[phone[1:]] for phone in phones if not any(whole in word for word in phone_words(phone))]
    else:
        if part := phone_part(typed[0] + "".join(groups[1:])):
            alternatives.append([part])
        alternatives += _apart(groups)
    return [alternatives]


def _apart(groups: Sequence[str]) -> Iterator[list[str]]:
    for n in range(1, len(groups)):
        beside = sorted((len(groups[n - 1]), len(groups[n])))
        if beside[0] >= _GROUP and (beside[1] >= _LONG_GROUP or beside[0] > _GROUP):
            yield ["".join(groups[:n]), "".join(groups[n:])]
