"""Who bought, as a receipt shows it: as it was when the purchase was recorded, in a row that an erasure takes away.

The database writes the row, whoever records a purchase or gives it to somebody else (migration 0016). A purchase by nobody has
none, and neither has one that was recorded before there were any: what a customer was called then is not known, and what they are
called now is not what their receipt says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regulars_core.customers.sealed import opened_tax_ids
from regulars_core.database import Database
from regulars_core.database.seals import Sealed
from regulars_core.purchases.reads import PurchaseRow
from regulars_core.queries.rows import Readable, by_ids


@dataclass(slots=True)
class ReceiptCustomer:
    """A customer as one receipt shows them, with the parts of the billing address."""

    customer_name: str | None
    customer_tax_id: str | None
    recipient: str | None
    line1: str | None
    line2: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None

    @property
    def billing_address(self) -> list[str]:
        """The address as it stands on an envelope, line by line."""
        town = " ".join(part for part in (self.postal_code, self.city) if part)
        return [part for part in (self.recipient, self.line1, self.line2, town, self.region, self.country) if part]


@dataclass(slots=True)
class ReceiptRow:
    """A purchase as its receipt shows it: who bought as it was then, the rest as it is now."""

    purchase: PurchaseRow
    customer_name: str | None = None
    customer_tax_id: str | None = None
    billing_address: Sequence[str] = field(default_factory=list)
    lost: Sealed | None = None
    """Why there is a tax id and it cannot be told."""


_READABLE = Readable(
    "purchase_receipt pr", "pr.purchase_id", [f"pr.{name}" for name in ReceiptCustomer.__slots__], ReceiptCustomer
)


async def receipts_of(database: Database, purchases: Sequence[PurchaseRow]) -> Sequence[ReceiptRow]:
    """The receipts of purchases, in their order."""
    known: Mapping[str, ReceiptCustomer] = await by_ids(database, _READABLE, [row.id for row in purchases])
    found = [_receipt(row, known.get(row.id)) for row in purchases]
    opened = await opened_tax_ids(database, [(one.purchase.customer_id, one.customer_tax_id) for one in found])
    for receipt, tax_id in zip(found, opened, strict=True):
        receipt.customer_tax_id = None if isinstance(tax_id, Sealed) else tax_id
        receipt.lost = tax_id if isinstance(tax_id, Sealed) else None
    return found


def _receipt(purchase: PurchaseRow, customer: ReceiptCustomer | None) -> ReceiptRow:
    if customer is None:
        return ReceiptRow(purchase)
    return ReceiptRow(purchase, customer.customer_name, customer.customer_tax_id, customer.billing_address)
