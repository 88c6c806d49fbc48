"""The codes of the `userErrors` of a mutation: its description lists them, each one once."""

import re
from collections.abc import Sequence

from regulars_schema.composition.contributions import MutationCode

_BEGINNING = "Codes"
_CODE = re.compile(r"`([A-Z][A-Z0-9_]*)`")


def listed_codes(description: str) -> Sequence[str]:
    """The codes that the description of a mutation lists: whatever stands in backquotes and capitals after `Codes`."""
    return _CODE.findall(description.partition(_BEGINNING)[2])


def with_codes(description: str, owner: str, codes: Sequence[MutationCode]) -> str:
    """The description of a mutation, with the codes that an owner adds and that it does not list yet."""
    known = listed_codes(description)
    new = {one.code: one.when for one in codes if one.code not in known}
    listed = ", ".join(f"`{code}` ({when})" if when else f"`{code}`" for code, when in new.items())
    if not new:
        return description
    return f"{description} {_BEGINNING} of the {owner} plugin: {listed}."
