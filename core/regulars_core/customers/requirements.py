"""What a customer must have: by the shop's settings, and in any case one of name, company, e-mail and phone."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.text import camel, tidy

NAMES_OF_PEOPLE = ("first_name", "last_name")
_OF_PEOPLE_ALONE = frozenset({"birth_date", "gender"})
_IDENTIFYING = frozenset({*NAMES_OF_PEOPLE, "preferred_name", "company_name", "email", "phone"})


def said(columns: Mapping[str, Any]) -> frozenset[str]:
    """The columns of which something is told, whether or not it is right."""
    return frozenset(name for name, value in columns.items() if value is not None and tidy(str(value)))


def required_of(required: Sequence[str], *, is_company: bool) -> Sequence[str]:
    """Which of a shop's required columns such a customer must have: the name of a company stands in place of both names of a
    person, and it has neither birth date nor gender."""
    if not is_company:
        return required
    named = {*NAMES_OF_PEOPLE, "company_name"}
    rest = [name for name in required if name not in named and name not in _OF_PEOPLE_ALONE]
    return rest if named.isdisjoint(required) else ["company_name", *rest]


def missing_of(required: Sequence[str], given: Set[str], *, is_company: bool) -> Sequence[str]:
    """The columns that such a customer must have and that are not given, of those that a shop requires; or, where nobody could
    tell who it is, the one to begin with."""
    missing = [name for name in required_of(required, is_company=is_company) if name not in given]
    if missing or not given.isdisjoint(_IDENTIFYING):
        return missing
    return ["company_name" if is_company else "first_name"]


def note_cleared(
    checks: Checks, required: Sequence[str], before: Mapping[str, Any], changes: Mapping[str, Any], *, is_company: bool
) -> None:
    """Note what such a customer must have and has not after these changes, of what they touch. Who has been a person and is to
    be a company, or the other way about, is touched in all names."""
    touched = {name for name in changes if name in before}
    if is_company != before["is_company"]:
        touched |= {*NAMES_OF_PEOPLE, "company_name"}
    columns = {name: changes.get(name, value) for name, value in before.items()}
    needed = required_of(required, is_company=is_company)
    for name in missing_of(required, said(columns), is_company=is_company):
        if name in needed and name in touched:
            checks.fail("REQUIRED", "This must not be empty.", camel(name))
        elif name not in needed and (cleared := sorted(touched & _IDENTIFYING)):
            checks.fail("REQUIRED", "One of name, company, e-mail and phone is needed.", camel(cleared[0]))


def note_missing(checks: Checks, required: Sequence[str], given: Set[str], *, is_company: bool) -> None:
    """Note what such a customer must have and does not."""
    needed = required_of(required, is_company=is_company)
    for name in missing_of(required, given, is_company=is_company):
        message = "This must not be empty." if name in needed else "One of name, company, e-mail and phone is needed."
        checks.fail("REQUIRED", message, camel(name))
