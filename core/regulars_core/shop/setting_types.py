"""What settings hold that is more than a number or a word: members of a few, and lists that are written with commas between."""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

WhatThen = Literal["REFUSE", "WARN", "ALLOW"]
"""What becomes of a sale that a state is against."""
CustomerField = Literal[
    "first_name",
    "last_name",
    "company_name",
    "preferred_name",
    "email",
    "phone",
    "birth_date",
    "gender",
    "tax_id",
    "preferred_contact",
    "contact_frequency",
    "contact_time",
]
"""A plain column of customers, as imports name it."""
UniqueField = Literal["email", "phone", "tax_id"]
"""A column of customers whose values can be kept apart."""

_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def split(value: Any) -> Any:
    """The parts of a text with commas between; anything else as it is."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _purposes(value: tuple[str, ...]) -> tuple[str, ...]:
    if any(not _PURPOSE.fullmatch(name) for name in value):
        raise ValueError(
            "write purposes in small letters, digits and underscores, 40 at most: marketing,data_collection"
        )
    return tuple(dict.fromkeys(value))


Purposes = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split), AfterValidator(_purposes)]
"""What consents can be for: words of small letters, digits and underscores."""


def _counted(value: tuple[str, ...]) -> tuple[str, ...]:
    known = (*get_args(CustomerField), "billing_address", "shipping_address")
    for name in value:
        before, _, purpose = name.rpartition(".")
        if name not in known and not (before == "consents" and _PURPOSE.fullmatch(purpose)):
            raise ValueError(f"count these, and consents as `consents.marketing`: {', '.join(known)}")
    return tuple(dict.fromkeys(value))


COUNTED_FIELDS = ("first_name", "last_name", "email", "phone", "birth_date", "consents.marketing")
"""What counts where the shop says nothing; the purpose only where it is one of the shop's."""
CountedFields = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split), AfterValidator(_counted)]
"""What the completeness of a profile counts: plain columns, addresses, and consents by their purpose."""
