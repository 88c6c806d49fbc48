"""What all that is done by hand has in common: who does it, where, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.plugin import Checks, CustomerRow, Instant, Shop, acting, new_id
from regulars_loyalty.ledger.book import Account, Cause, Transfer
from regulars_loyalty.settings import LoyaltySettings

MAX_NOTE = 500
"""Characters of a note."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why somebody does something by hand: a reason code of the shop's, what to remember, and the id of the store where it is
    done; None for headquarters."""

    reason: str | None = None
    note: str | None = None
    store_id: str | None = None

    def cause(self, kind: str, at: Instant, *, purchase_id: str | None = None) -> Cause:
        """The cause of what is posted. `kind` is what has happened, an AccountEventKind."""
        actor = acting()
        return Cause(
            new_id(),
            kind,
            at,
            actor.name if actor else None,
            self.store_id,
            purchase_id,
            reason=self.reason,
            note=self.note,
        )


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted: to whom, on which account, and the entry that tells it."""

    customer: CustomerRow
    account: Account
    entry: Transfer


def checked_why(shop: Shop, checks: Checks, reason: str | None, note: str | None, *, required: bool = True) -> Why:
    """A reason and a note in the form in which they are kept."""
    checked = checks.prose(note, "note", MAX_NOTE)
    if reason is None and required:
        checks.fail("REQUIRED", "Say why, by one of `shop.ledgerReasons`.", "reason")
    elif reason is not None and reason not in shop.settings.of(LoyaltySettings).reasons:
        checks.fail("UNKNOWN_REASON", "This is none of `shop.ledgerReasons`.", "reason")
    return Why(reason, checked)


def checked_end(checks: Checks, expires_at: Instant | None, present: Instant) -> None:
    """When something expires that is given now."""
    if expires_at is not None and expires_at <= present:
        checks.fail("INVALID_DATE", "This must lie in the future.", "expiresAt")


def telling(posted: Sequence[Transfer], *kinds: str) -> Transfer:
    """The entry that tells what was done: the last of these kinds. Others are posted along with it, as something expires or is
    settled."""
    return [one for one in posted if one.kind in kinds][-1]
