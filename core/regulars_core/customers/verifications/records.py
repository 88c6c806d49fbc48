"""Writing down what was verified: only that it was, and by what kind of document."""

from dataclasses import dataclass
from datetime import date

from regulars_core.customers.changes import locked_customer
from regulars_core.customers.sealed import kept_beside
from regulars_core.customers.verifications.subjects import ABOUT
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, day_of, now
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.shop.shop import Shop

MAX_DOCUMENT = 40
_COLUMNS = ("id", "customer_id", "subject", "is_passed", "at", "valid_until", "document", "about", "author")


@dataclass(frozen=True, slots=True)
class NewVerification:
    """Something that was looked at, as given; `at` is now if it is not told."""

    customer_id: str
    subject: str
    is_passed: bool = True
    at: Instant | None = None
    valid_until: date | None = None
    document: str | None = None


async def record(shop: Shop, new: NewVerification, author: str) -> str:
    """Write it down and answer its id. Raises Refused: NOT_FOUND, INVALID_DATE, TOO_LONG, INVALID_TEXT."""
    checks, present = Checks(), now()
    at = present if new.at is None else new.at
    document = checks.text(new.document, "document", MAX_DOCUMENT)
    checks.not_after(at, present, "at")
    if new.valid_until is not None and at <= present and new.valid_until < day_of(at, shop.settings.zone):
        checks.fail("INVALID_DATE", "It would have ended before it was looked at.", "validUntil")
    checks.refuse()

    async def work() -> str:
        customer = await locked_customer(shop, new.customer_id, "customerId")
        column, id_ = ABOUT.get(new.subject), new_id()
        # What a sealed tax id is found by, and not the tax id; of one that cannot be opened nothing is known.
        about = {**customer, **kept_beside(shop.seals, customer)}.get(column) if column else None
        until = new.valid_until and new.valid_until.isoformat()
        row = (id_, customer["id"], new.subject, new.is_passed, at, until, document, about, author)
        await insert(shop.database, "customer_verification", _COLUMNS, [row])
        return id_

    return await shop.database.transaction(work)
