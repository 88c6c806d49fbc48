"""The tables of purchases."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.customers.models import Customer
from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, QuantityField, TextKeyField
from regulars_core.stores.models import Store

_OF_FIGURES = ("status", "total", "refunded", "discount", "prices_include_tax", "pieces")
"""What figures read of each purchase of a customer: it stands in the index."""


class Purchase(Model):
    """What somebody bought at one time in one store. Amounts are minor units of `currency`.

    total = subtotal - discount + shipping + tax, without the tax where prices include it. `digest` is the SHA-256 of what
    was recorded: the same reference with the same digest is the same purchase sent again. A reference is unique in its store
    or, where a till names them, in its `register` and `session`, which are empty where it does not. `origin` says how the
    purchase came here: TILL, IMPORT or SYNC. `basket` is the caller's own name of what was sold.

    payments + returns = total + rounding - due. `shipping_tax` is the part of the tax that is on delivery. Of a reference the
    purchase that counts has `generation` 0; voided ones that were recorded anew have 1, 2, … and the new one their id. `pieces`
    is how much the lines that were sold hold, less what came back.
    """

    id = IdField(primary_key=True)
    reference = TextKeyField(120)
    store: fields.ForeignKeyRelation[Store] = fields.ForeignKeyField(
        "core.Store", related_name=False, on_delete=fields.RESTRICT
    )
    customer: fields.ForeignKeyNullableRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    purchased_at = InstantField()
    recorded_at = InstantField()
    status = fields.CharField(24)
    currency = fields.CharField(3)
    channel = fields.CharField(40, null=True)
    note = fields.TextField(null=True)
    prices_include_tax = fields.BooleanField(default=False)
    subtotal = MinorUnitsField()
    discount = MinorUnitsField()
    shipping = MinorUnitsField()
    tax = MinorUnitsField()
    total = MinorUnitsField()
    refunded = MinorUnitsField(default=0)
    digest = fields.CharField(64)
    origin = fields.CharField(8, db_default="TILL")
    register = TextKeyField(40, db_default="")
    session = TextKeyField(40, db_default="")
    basket = TextKeyField(120, null=True)
    shipping_tax = MinorUnitsField(db_default=0)
    rounding = MinorUnitsField(db_default=0)
    due = MinorUnitsField(db_default=0)
    replaces_id = IdField(null=True)
    generation = fields.IntField(db_default=0)
    pieces = QuantityField(db_default=0)

    class Meta:
        table = "purchase"
        unique_together = (("store_id", "reference", "register", "session", "generation"),)
        indexes: ClassVar = [
            Index(fields=("customer_id", "purchased_at", "id", *_OF_FIGURES), name="purchase_of_customer"),
            Index(fields=("purchased_at", "id"), name="purchase_time"),
            Index(fields=("total", "id"), name="purchase_total"),
            Index(fields=("reference",), name="purchase_reference"),
            Index(fields=("replaces_id",), name="purchase_replaces"),
            Index(fields=("store_id", "recorded_at"), name="purchase_of_store"),
        ]


class PurchaseLine(Model):
    """One article of a purchase. `total` is what counts; the unit price is kept where it was told. `tax` is as it was told, or
    the line's share. `refunded_amount` is what refunds of an amount, without goods, have taken from what it is worth."""

    id = IdField(primary_key=True)
    purchase: fields.ForeignKeyRelation[Purchase] = fields.ForeignKeyField(
        "core.Purchase", related_name=False, on_delete=fields.CASCADE
    )
    position = fields.IntField()
    sku = fields.CharField(120, null=True)
    name = fields.CharField(240)
    brand = fields.CharField(120, null=True)
    category = fields.CharField(120, null=True)
    quantity = QuantityField()
    unit_price = MinorUnitsField(null=True)
    discount = MinorUnitsField()
    total = MinorUnitsField()
    refunded_quantity = QuantityField(default=0)
    tax = MinorUnitsField(db_default=0)
    refunded_amount = MinorUnitsField(db_default=0)

    class Meta:
        table = "purchase_line"
        unique_together = (("purchase_id", "position"),)
        indexes: ClassVar = [Index(fields=("sku", "purchase_id"), name="line_of_article")]


class PurchaseReceipt(Model):
    """Who bought, for the receipt: as it was when the purchase was recorded, or given to this customer.

    There is none of a purchase by nobody, and the customer's erasure takes it away.
    """

    purchase: fields.OneToOneRelation[Purchase] = fields.OneToOneField(
        "core.Purchase", related_name=False, primary_key=True, on_delete=fields.CASCADE
    )
    customer_name = fields.CharField(300, null=True)
    customer_tax_id = fields.CharField(512, null=True)
    recipient = fields.CharField(240, null=True)
    line1 = fields.CharField(240, null=True)
    line2 = fields.CharField(240, null=True)
    city = fields.CharField(120, null=True)
    region = fields.CharField(120, null=True)
    postal_code = fields.CharField(32, null=True)
    country = fields.CharField(2, null=True)

    class Meta:
        table = "purchase_receipt"


class PurchaseReassignment(Model):
    """A purchase that was given from one customer to another; null is nobody. `reason` is what somebody typed; it is emptied
    when one of the customers is erased."""

    id = IdField(primary_key=True)
    purchase: fields.ForeignKeyRelation[Purchase] = fields.ForeignKeyField(
        "core.Purchase", related_name=False, on_delete=fields.CASCADE
    )
    at = InstantField()
    before_id = IdField(null=True)
    after_id = IdField(null=True)
    reason = fields.CharField(240, null=True)

    class Meta:
        table = "purchase_reassignment"
        indexes: ClassVar = [
            Index(fields=("purchase_id", "at", "id"), name="reassignment_of_purchase"),
            Index(fields=("before_id",), name="reassignment_before"),
            Index(fields=("after_id",), name="reassignment_after"),
        ]


class Payment(Model):
    """How a part of a purchase was paid; `tendered` is what was handed over, if that was told. `paid_at` is when it was recorded
    of what was due; null of what was paid with the sale."""

    id = IdField(primary_key=True)
    purchase: fields.ForeignKeyRelation[Purchase] = fields.ForeignKeyField(
        "core.Purchase", related_name=False, on_delete=fields.CASCADE
    )
    position = fields.IntField()
    method = fields.CharField(40)
    amount = MinorUnitsField()
    reference = fields.CharField(120, null=True)
    tendered = MinorUnitsField(null=True)
    paid_at = InstantField(null=True)

    class Meta:
        table = "payment"
        unique_together = (("purchase_id", "position"),)


class Refund(Model):
    """Money given back for a purchase: `shipping` of it for delivery, and `due` of it by owing less. `exchanged_for_id` is the
    purchase that it paid for a part of, if it was made together with one; if that one was voided, `undone_at` is when, and the
    refund counts no more than if it had not been."""

    id = IdField(primary_key=True)
    purchase: fields.ForeignKeyRelation[Purchase] = fields.ForeignKeyField(
        "core.Purchase", related_name=False, on_delete=fields.CASCADE
    )
    refunded_at = InstantField()
    amount = MinorUnitsField()
    reason = fields.CharField(240, null=True)
    shipping = MinorUnitsField(db_default=0)
    due = MinorUnitsField(db_default=0)
    exchanged_for_id = IdField(null=True)
    undone_at = InstantField(null=True)

    class Meta:
        table = "refund"
        indexes: ClassVar = [
            Index(fields=("purchase_id", "refunded_at", "id"), name="refund_of_purchase"),
            Index(fields=("exchanged_for_id",), name="refund_exchanged_for"),
        ]


class RefundLine(Model):
    """How much of one line a refund took back: what was given for it, and how much of the line's worth that took away."""

    id = IdField(primary_key=True)
    refund: fields.ForeignKeyRelation[Refund] = fields.ForeignKeyField(
        "core.Refund", related_name=False, on_delete=fields.CASCADE
    )
    line: fields.ForeignKeyRelation[PurchaseLine] = fields.ForeignKeyField(
        "core.PurchaseLine", related_name=False, on_delete=fields.CASCADE
    )
    quantity = QuantityField()
    amount = MinorUnitsField()
    worth = MinorUnitsField(db_default=0)

    class Meta:
        table = "refund_line"
        unique_together = (("refund_id", "line_id"),)
        indexes: ClassVar = [Index(fields=("line_id",), name="refund_line_of_line")]


class RefundPayment(Model):
    """How a part of a refund was given back, as Payment; a refund of which that was not told has none."""

    id = IdField(primary_key=True)
    refund: fields.ForeignKeyRelation[Refund] = fields.ForeignKeyField(
        "core.Refund", related_name=False, on_delete=fields.CASCADE
    )
    position = fields.IntField()
    method = fields.CharField(40)
    amount = MinorUnitsField()
    reference = fields.CharField(120, null=True)
    tendered = MinorUnitsField(null=True)

    class Meta:
        table = "refund_payment"
        unique_together = (("refund_id", "position"),)


class RegularCount(Model):
    """By how many purchases it was counted last who is a regular.

    One row, or none while nobody has counted all. `reached` is the customer up to whom that has come, null when it is done."""

    number = fields.BigIntField(primary_key=True, generated=True)
    purchases = fields.IntField()
    reached = IdField(null=True)

    class Meta:
        table = "regular_count"
