"""What is given of a consent, and the form in which it is kept. Pure: no database, only the shop's settings."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from regulars_core.customers.columns import CONTACT_METHODS
from regulars_core.customers.consents.rules import DECISIONS, GRANTED, PROOFS, UNPROVEN, WITHDRAWN
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.shop.settings import Settings

MAX_ENTRIES = 20
MARKETING = "marketing"
"""What it is for where nothing is said."""
_CLOCKS_DIFFER_MS = 600_000


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """Something that a customer agrees to or refuses, as given; now where no instant is given, and by every way without a
    channel."""

    decision: str
    source: str
    channel: str | None = None
    purpose: str | None = None
    at: Instant | None = None
    proof: str | None = None
    proof_reference: str | None = None
    text_version: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedConsent:
    """The same in the form in which it is kept; now where `at` is None."""

    decision: str
    source: str
    channel: str | None
    purpose: str
    at: Instant | None
    proof: str
    proof_reference: str | None
    text_version: str | None


def believed(at: Instant, arrived: Instant) -> Instant:
    """When a customer said something that comes from elsewhere, such as a store that was cut off: no later than ten minutes after
    it arrived, or a clock that is years ahead would decide for as long."""
    return Instant(min(at, arrived + _CLOCKS_DIFFER_MS))


def checked_consents(
    settings: Settings, checks: Checks, entries: Sequence[ConsentEntry], field: str, said_before: Set[str] = frozenset()
) -> list[CheckedConsent]:
    """The entries in the form in which they are kept. What the customer has `said_before` anything about can be refused even if
    the shop does not ask for it any more: no agreement is for ever. What is wrong goes to the checks: TOO_MANY, REQUIRED,
    TOO_LONG, INVALID_TEXT, INVALID_CHOICE, INVALID_DATE, UNKNOWN_PURPOSE, PROOF_REQUIRED."""
    if len(entries) > MAX_ENTRIES:
        checks.fail("TOO_MANY", f"At most {MAX_ENTRIES} at once.", field)
        return []
    return [_checked(settings, checks.nested(field, str(n)), entry, said_before) for n, entry in enumerate(entries)]


def unasked_refusals(settings: Settings, entries: Sequence[ConsentEntry]) -> bool:
    """Whether something is refused that the shop does not ask for."""
    return any(
        one.decision == WITHDRAWN and (one.purpose or MARKETING) not in settings.consent_purposes for one in entries
    )


def refused_in(entries: Sequence[ConsentEntry]) -> Set[str]:
    """The purposes to which somebody does not agree."""
    return {one.purpose or MARKETING for one in entries if one.decision == WITHDRAWN}


def _checked(settings: Settings, checks: Checks, entry: ConsentEntry, said_before: Set[str]) -> CheckedConsent:
    purpose = checks.text(entry.purpose, "purpose", 40) or MARKETING
    decision = checks.choice(entry.decision, DECISIONS, "decision") or ""
    proof = checks.choice(entry.proof, PROOFS, "proof") or UNPROVEN
    made = CheckedConsent(
        decision,
        checks.text(entry.source, "source", 40, required=True) or "",
        checks.choice(entry.channel, CONTACT_METHODS, "channel"),
        purpose,
        _not_ahead(checks, entry.at),
        proof,
        checks.text(entry.proof_reference, "proofReference", 120),
        checks.text(entry.text_version, "textVersion", 40),
    )
    if purpose not in settings.consent_purposes and not (decision == WITHDRAWN and purpose in said_before):
        known = ", ".join(settings.consent_purposes)
        checks.fail("UNKNOWN_PURPOSE", f"The shop asks for consent to these purposes alone: {known}.", "purpose")
    elif decision == GRANTED and purpose in settings.consent_proof:
        if made.text_version is None:
            message = "To agree to this takes the version of the text that was shown."
            checks.fail("PROOF_REQUIRED", message, "textVersion")
        if proof == UNPROVEN:
            checks.fail("PROOF_REQUIRED", "To agree to this takes something that speaks for it.", "proof")
    return made


def _not_ahead(checks: Checks, at: Instant | None) -> Instant | None:
    """Clocks differ by some minutes; who is ahead by that says so now, or a refusal that follows would not hold at once."""
    if at is None:
        return None
    checks.not_after(at, Instant(now() + _CLOCKS_DIFFER_MS), "at")
    return Instant(min(at, now()))
