"""Which lines of a basket a scope names: by code as it is written, by brand and category without regard to case. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # baskets know their names
    from regulars_rewards.offers.facts import OfferLine

_SKU, _BRAND, _CATEGORY = "s", "b", "c"  # one set of names is met with another faster than three with three


def names_of(skus: Collection[str], brands: Collection[str], categories: Collection[str]) -> frozenset[str]:
    """The names by which lines are found."""
    return frozenset(
        [
            *(_SKU + one for one in skus),
            *(_BRAND + one.casefold() for one in brands),
            *(_CATEGORY + one.casefold() for one in categories),
        ]
    )


def lines_by_name(lines: Iterable["OfferLine"]) -> Mapping[str, Sequence[int]]:
    """Which of these lines, by their number, have a name."""
    found: dict[str, list[int]] = {}
    for n, line in enumerate(lines):
        if line.sku is not None:
            found.setdefault(_SKU + line.sku, []).append(n)
        if line.brand is not None:
            found.setdefault(_BRAND + line.brand.casefold(), []).append(n)
        if line.category is not None:
            found.setdefault(_CATEGORY + line.category.casefold(), []).append(n)
    return found


def named_lines(names: frozenset[str], found: Mapping[str, Sequence[int]]) -> Sequence[int]:
    """The numbers of lines with one of these names, in order."""
    return sorted({n for name in names & found.keys() for n in found[name]})
