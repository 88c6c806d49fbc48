"""What counts in the completeness of a profile, by the shop's settings, and how it reads in SQL that it is there. Pure."""

from collections.abc import Mapping, Sequence

from regulars_core.customers.columns import COLUMNS
from regulars_core.customers.requirements import required_of
from regulars_core.customers.rules import ADDRESSES
from regulars_core.customers.verifications.subjects import AGE, holds
from regulars_core.primitives.text import camel
from regulars_core.queries.where import Values
from regulars_core.shop.settings import Settings

CONSENTS, VERIFICATIONS = "consents.", "verifications."
_KINDS = {name: kind for kind, name in ADDRESSES.items()}
_BLANKS = {column.name: column.blank for column in COLUMNS}


def counted(settings: Settings, *, is_company: bool) -> Sequence[str]:
    """What counts of a person or a company but for attributes, as the settings name it, each once: columns and addresses,
    consents for purposes that there are, and what the shop wants verified. Of companies neither birth date nor age."""
    purposes = {f"{CONSENTS}{purpose}" for purpose in settings.consent_purposes}
    fields = [name for name in settings.counted_fields if not name.startswith(CONSENTS) or name in purposes]
    subjects = [subject.upper() for subject in settings.verifications]
    return list(
        dict.fromkeys(
            [
                *required_of(fields, is_company=is_company),
                *(f"{VERIFICATIONS}{subject}" for subject in subjects if not (is_company and subject == AGE)),
            ]
        )
    )


def told(name: str) -> str:
    """What the API calls it."""
    return name if "." in name else camel(name)


def presence(name: str, today: str, values: Values) -> str:
    """The condition that what is counted under a name is there of a customer `c` on a day."""
    if name.startswith(CONSENTS):
        purpose = values.bind(name.removeprefix(CONSENTS))
        return f"EXISTS (SELECT 1 FROM consent_in_force f WHERE f.customer_id = c.id AND f.purpose = {purpose})"
    if name.startswith(VERIFICATIONS):
        subject = values.bind(name.removeprefix(VERIFICATIONS))
        written = (
            "SELECT 1 FROM customer a JOIN customer_verification v ON v.customer_id = a.id"
            f" WHERE {{}} AND v.subject = {subject} AND {holds(values.bind(today), 'c')}"
        )
        return f"(EXISTS ({written.format('a.id = c.id')}) OR EXISTS ({written.format('a.merged_into_id = c.id')}))"
    if name in _KINDS:
        kind = values.bind(_KINDS[name])
        return f"EXISTS (SELECT 1 FROM customer_address a WHERE a.customer_id = c.id AND a.kind = {kind})"
    return f"c.{name} IS NOT NULL" if _BLANKS[name] is None else f"c.{name} <> ''"


def presences(names: Sequence[str], today: str, values: Values) -> Mapping[str, str]:
    """The conditions of several, by name."""
    return {name: presence(name, today, values) for name in names}
