"""The tables of what is kept of each day."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, QuantityField, TextKeyField


class Rollup(Model):
    """What the purchases of a `day` (since 1970, where the shop is) come to: in one store, or in all where `store` is empty; of a
    `division` those of one `part`, or all where both are empty.

    `noted` are all that were not voided, which came to `total`; `purchases` those that count, which came to `counted_total`;
    `theirs` those of them by somebody who is known, which were made `theirs_ms` after the day began, added up. `firsts` are how
    many of these were the customer's first one there, `first_two` the first or second one; `firsts_ms` is of the first ones.
    `again` has how long ago the customer had bought there before: see `cells`.

    Of all purchases alone it is kept what those by known customers came to (`their_total`), and by how long before customers had
    bought first (`ages`); what was taken off and what it would have come to; how many pieces they hold; the ids of those that do
    not count and came to something (`odd`). `registered` is how many customers were registered on the day, and are not gone; it
    stands in the row of all stores.
    """

    number = fields.BigIntField(primary_key=True, generated=True)
    division = TextKeyField(20)
    store = TextKeyField(32)
    day = fields.IntField()
    part = TextKeyField(130)
    noted = fields.BigIntField()
    total = MinorUnitsField()
    purchases = fields.BigIntField()
    counted_total = MinorUnitsField()
    theirs = fields.BigIntField()
    firsts = fields.BigIntField()
    first_two = fields.BigIntField()
    again = fields.BinaryField()
    their_total = MinorUnitsField()
    ages = fields.BinaryField()
    discounted = fields.BigIntField()
    discount = MinorUnitsField()
    undiscounted = MinorUnitsField()
    pieces = fields.BigIntField()
    registered = fields.BigIntField()
    odd = fields.TextField()

    class Meta:
        table = "rollup"
        unique_together = (("division", "store", "day", "part"),)
        indexes: ClassVar = [Index(fields=("day",), name="rollup_day")]


class RollupState(Model):
    """How far it is kept: by the days of a `zone` and in a `layout`, which a later version may change. From the beginning on it
    has come to the day `reached`; there is everything up to the day `until`, null once that was reached. `steps` counts what was
    settled, so that a reader knows whether something was meanwhile; notes up to the number `anew_to` may be of what was. One row,
    or none before it began."""

    id = fields.IntField(primary_key=True, generated=False)
    zone = fields.CharField(60)
    layout = fields.IntField()
    reached = fields.IntField()
    until = fields.IntField(null=True)
    steps = fields.BigIntField()
    anew_to = fields.BigIntField(default=0)

    class Meta:
        table = "rollup_state"


class RollupDue(Model):
    """A purchase was written or has moved, or a person was registered as a customer or went. The note has what it was: `at` which
    instant, and of a purchase whose, in which store, and so on, and how many `payments` it had. Where there is no `status` it was
    not there; then `at` and `customer_id` say what was written. `to_at` and `to_customer_id` are where it has gone, if either is
    another one. It concerns these days and, where it is `later`, every day on which these customers bought afterwards. Where it
    is not `told` what was, what is kept of them is to be found anew. The database notes it itself, in the transaction that does
    it."""

    number = fields.BigIntField(primary_key=True, generated=True)
    at = InstantField()
    customer_id = IdField(null=True)
    later = fields.BooleanField()
    told = fields.BooleanField(db_default=False)
    purchase_id = IdField(null=True)
    person_id = IdField(null=True)
    status = fields.CharField(24, null=True)
    store_id = IdField(null=True)
    channel = fields.CharField(40, null=True)
    total = MinorUnitsField(null=True)
    refunded = MinorUnitsField(null=True)
    discount = MinorUnitsField(null=True)
    pieces = QuantityField(null=True)
    payments = fields.IntField(null=True)
    to_at = InstantField(null=True)
    to_customer_id = IdField(null=True)

    class Meta:
        table = "rollup_due"
