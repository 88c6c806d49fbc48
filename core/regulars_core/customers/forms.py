"""Looking at a customer who is not registered yet, as somebody types: nothing is written, and everything is told at once."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from regulars_core.customers.columns import NAMES, checked_columns
from regulars_core.customers.contact import formatted_phone
from regulars_core.customers.duplicates import MAX_MATCHES, Match, Traits, alike, matches_among, not_unique
from regulars_core.customers.names import NameSuggestion, suggested
from regulars_core.customers.requirements import missing_of, said
from regulars_core.customers.rules import NewCustomer, is_company
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import Problem
from regulars_core.primitives.text import camel
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class FormCheck:
    """What is to be said about it: contact as it would be kept, what is missing by its name in the API, what is wrong, who it may
    already be, the likeliest first, and how the name might be written."""

    email: str | None
    phone: str | None
    missing: Sequence[str]
    problems: Sequence[Problem]
    matches: Sequence[Match]
    name_suggestion: NameSuggestion | None = None

    @property
    def phone_formatted(self) -> str | None:
        """The phone number as people read it."""
        return formatted_phone(self.phone) if self.phone else None


async def look_over(shop: Shop, new: NewCustomer, told: Set[str]) -> FormCheck:
    """Look at a customer as typed. Nobody is looked for by what the caller may not be `told` by: a form that is tried again and
    again would tell it."""
    checks, typed = Checks(), {name: getattr(new, name) for name in NAMES}
    columns, company = checked_columns(checks, shop.settings, typed), is_company(new)
    traits = Traits.of(columns, is_company=company).only(told)
    others = await alike(shop, None, traits)
    return FormCheck(
        email=columns["email"],
        phone=columns["phone"],
        missing=[camel(name) for name in missing_of(shop.settings.required_fields, said(typed), is_company=company)],
        problems=[*checks.problems, *not_unique(shop.settings.unique_fields, traits, others, told)],
        matches=matches_among(traits, others)[:MAX_MATCHES],
        name_suggestion=suggested(columns["first_name"] or "", columns["last_name"] or ""),
    )
