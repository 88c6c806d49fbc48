"""What the plugin keeps: accounts, transfers, lots and their uses, holds, notes, programs of points, and limits of groups.

Amounts are whole: minor units of a currency, or points. A unit is the currency's code, or `PTS`.
"""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.plugin import IdField, InstantField, TextKeyField


class LedgerAccount(Model):
    """What a customer has in one unit, as it was last written: `amount` is what is left of all lots, `debt` what was taken back
    beyond that, `held` what open holds keep. `version` counts the account's transfers. At `next_at` time alone changes it, if
    nothing happens: something expires, becomes available, or a hold runs out. Until then `spendable` can be spent without a
    limit; below zero where it is overdrawn. `active_at` is the last earning or spending, by which the lots of one that
    `is_living` expire."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    unit = TextKeyField(3)
    amount = fields.BigIntField()
    debt = fields.BigIntField()
    held = fields.BigIntField()
    version = fields.BigIntField()
    next_at = InstantField()
    active_at = InstantField()
    spendable = fields.BigIntField()
    is_living = fields.BooleanField()

    class Meta:
        table = "loyalty_account"
        unique_together = (("customer_id", "unit"),)
        indexes: ClassVar = [
            Index(fields=("next_at",), name="loyalty_account_next"),
            Index(fields=("unit", "spendable", "next_at", "customer_id"), name="loyalty_account_spendable"),
        ]


class LedgerTransfer(Model):
    """A positive amount of one unit that went from one account to another, one of them the customer's: `LOTS` what was given and
    is left, or `DEBT` what is owed. The others are the house's: `ISSUED`, `REDEEMED`, `EXPIRED`, `PAID`, `MERGED`. Never changed
    or deleted: a mistake is taken back by another transfer, which names it in `reverses_id`.

    `version` is its place among the account's transfers, and `balance_after` what was left then less the debt, which was
    `debt_after`. `at` is when it counts. Those of one `event_id` were posted together, for one thing that happened. `base` is
    what was eligible for it in a purchase, in minor units, and `shares` how much of that each line was, as JSON; `explanation`
    is how it came about, as JSON.
    """

    id = IdField(primary_key=True)
    customer_id = IdField()
    unit = TextKeyField(3)
    version = fields.BigIntField()
    kind = fields.CharField(12)
    source = fields.CharField(8)
    target = fields.CharField(8)
    amount = fields.BigIntField()
    balance_after = fields.BigIntField()
    debt_after = fields.BigIntField()
    at = InstantField()
    recorded_at = InstantField()
    event_id = IdField()
    event_kind = fields.CharField(12)
    actor = fields.CharField(120, null=True)
    store_id = IdField(null=True)
    purchase_id = IdField(null=True)
    payment_id = IdField(null=True)
    refund_id = IdField(null=True)
    reverses_id = IdField(null=True)
    hold_id = IdField(null=True)
    merge_id = IdField(null=True)
    reason = fields.CharField(60, null=True)
    program = fields.BigIntField(null=True)
    rule = TextKeyField(32, null=True)
    base = fields.BigIntField(null=True)
    shares = fields.TextField(null=True)
    explanation = fields.TextField(null=True)

    class Meta:
        table = "loyalty_transfer"
        unique_together = (("customer_id", "unit", "version"),)
        indexes: ClassVar = [
            Index(fields=("purchase_id",), name="loyalty_transfer_purchase"),
            Index(fields=("reverses_id",), name="loyalty_transfer_reverses"),
            Index(fields=("merge_id",), name="loyalty_transfer_merge"),
            Index(fields=("event_id",), name="loyalty_transfer_event"),
            Index(fields=("customer_id", "at", "event_id"), name="loyalty_transfer_time"),
        ]


class LedgerLot(Model):
    """What one transfer gave, and what is `remaining` of it. It can be spent from `available_at` until before `expires_at`, which
    is LATEST for never. Where `life` is set it expires that long after the account's last activity: `expires_at` then is that
    end as it was last found, and moves with each activity. It is an ISO 8601 duration, followed by ` MONTH_END` where it lasts to
    the end of the month. `origin_id` is the lot that it once was, before
    merges and returns; `is_grace` says that it is a second life of that one, of which there is no third."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    unit = TextKeyField(3)
    transfer_id = IdField()
    origin_id = IdField()
    purchase_id = IdField(null=True)
    amount = fields.BigIntField()
    remaining = fields.BigIntField()
    opened_at = InstantField()
    available_at = InstantField()
    expires_at = InstantField()
    life = fields.CharField(48, null=True)
    is_bought = fields.BooleanField(default=False)
    is_grace = fields.BooleanField(default=False)

    class Meta:
        table = "loyalty_lot"
        indexes: ClassVar = [
            Index(fields=("customer_id", "unit", "remaining"), name="loyalty_lot_of"),
            Index(fields=("transfer_id",), name="loyalty_lot_transfer"),
            Index(fields=("origin_id",), name="loyalty_lot_origin"),
        ]


class LedgerLotUse(Model):
    """How much a transfer took from a lot, or put back to it where `amount` is below zero; never changed or deleted. `position`
    is the order in which it took them."""

    id = IdField(primary_key=True)
    transfer_id = IdField()
    position = fields.IntField()
    lot_id = IdField()
    amount = fields.BigIntField()

    class Meta:
        table = "loyalty_lot_use"
        unique_together = (("transfer_id", "position"),)
        indexes: ClassVar = [Index(fields=("lot_id",), name="loyalty_lot_use_of")]


class LedgerHold(Model):
    """What is kept for an open basket, so that nothing else spends it. `closed_at` is when it was captured, released or ran out;
    null while it is open."""

    id = IdField(primary_key=True)
    customer_id = IdField()
    unit = TextKeyField(3)
    basket = TextKeyField(120, null=True)
    amount = fields.BigIntField()
    captured = fields.BigIntField()
    created_at = InstantField()
    held_until = InstantField()
    closed_at = InstantField(null=True)

    class Meta:
        table = "loyalty_hold"
        indexes: ClassVar = [Index(fields=("customer_id", "unit", "closed_at"), name="loyalty_hold_of")]


class LedgerNote(Model):
    """What somebody typed beside the reason of a transfer; an erasure removes it."""

    transfer = IdField(primary_key=True, source_field="transfer_id")
    customer_id = IdField()
    note = fields.CharField(500)

    class Meta:
        table = "loyalty_note"
        indexes: ClassVar = [Index(fields=("customer_id",), name="loyalty_note_of")]


class CreditLine(Model):
    """A line of a purchase that sold store credit."""

    line = IdField(primary_key=True, source_field="line_id")
    purchase_id = IdField()

    class Meta:
        table = "loyalty_credit_line"


class OncePerCustomer(Model):
    """A rule that gives once per customer has given to this one, by this transfer; to nobody where that was taken back whole."""

    id = IdField(primary_key=True)
    customer_id = IdField(null=True)
    rule = TextKeyField(32)
    transfer_id = IdField()

    class Meta:
        table = "loyalty_once"
        unique_together = (("customer_id", "rule"),)


class MissedEarning(Model):
    """A rule of points has failed at a purchase, so that it must be made up for."""

    id = IdField(primary_key=True)
    purchase_id = IdField()
    rule = TextKeyField(32)

    class Meta:
        table = "loyalty_missed"
        unique_together = (("purchase_id", "rule"),)


class GroupCreditLimit(Model):
    """Down to how far below zero customers of a group may spend credit, in minor units of the shop's currency."""

    group = IdField(primary_key=True, source_field="group_id")
    amount = fields.BigIntField()

    class Meta:
        table = "loyalty_group_limit"


class PointsProgram(Model):
    """A version of the program, never changed: `body` is points.program.ProgramData as JSON. One that was withdrawn before it
    began, or replaced by another that begins at the same instant, says when."""

    number = fields.BigIntField(primary_key=True, generated=True)
    starts_at = InstantField()
    body = fields.TextField()
    author = fields.CharField(120)
    created_at = InstantField()
    withdrawn_at = InstantField(null=True)

    class Meta:
        table = "loyalty_program"


class LedgerUnchained(Model):
    """A transfer that has been posted and has no place in the chain yet; the job takes it from here."""

    transfer = IdField(primary_key=True, source_field="transfer_id")

    class Meta:
        table = "loyalty_unchained"


class LedgerLink(Model):
    """The place of a transfer, named by its account and version, in the order of recording, and its hash, which holds that of the
    account's transfer before. Positions have no hole. Never changed or deleted."""

    position = fields.BigIntField(primary_key=True, generated=False)
    customer_id = IdField()
    unit = TextKeyField(3)
    version = fields.BigIntField()
    hash = fields.BinaryField()

    class Meta:
        table = "loyalty_link"
        indexes: ClassVar = [
            Index(fields=("customer_id", "unit", "version", "position"), name="loyalty_link_of"),
        ]


class LedgerSeal(Model):
    """A seal over the first `entry_count` transfers of the chain; `root`, `previous_hash` and `hash` as 64 hexadecimal digits.
    Never changed or deleted."""

    number = fields.BigIntField(primary_key=True, generated=False)
    sealed_at = InstantField()
    entry_count = fields.BigIntField()
    root = fields.CharField(64)
    previous_hash = fields.CharField(64, null=True)
    hash = fields.CharField(64)

    class Meta:
        table = "loyalty_seal"


class LedgerSealPart(Model):
    """The accounts from the first to the last of a part of a seal, in the order of the tree, and the node over them: so that a
    proof reads one part, and not all accounts. Never changed or deleted."""

    id = IdField(primary_key=True)
    seal = fields.BigIntField()
    part = fields.IntField()
    first_account_id = IdField()
    first_unit = TextKeyField(3)
    last_account_id = IdField()
    last_unit = TextKeyField(3)
    hash = fields.BinaryField()

    class Meta:
        table = "loyalty_seal_part"
        unique_together = (("seal", "part"),)


class LedgerFigure(Model):
    """What became of what was given in one month and ends in one, of all that is chained: months are counted from the year 0 on,
    where the shop is. `ends` is 0 where it never ends and -1 where it ends after the last activity. What was given less what was
    spent, expired and taken back, with what was `moved` from elsewhere by merges, is what is left."""

    id = IdField(primary_key=True)
    unit = TextKeyField(3)
    month = fields.IntField()
    ends = fields.IntField()
    given = fields.BigIntField()
    spent = fields.BigIntField()
    expired = fields.BigIntField()
    reversed = fields.BigIntField()
    moved = fields.BigIntField()

    class Meta:
        table = "loyalty_figure"
        unique_together = (("unit", "month", "ends"),)


class LedgerCheckResult(Model):
    """What the nightly job last found of one check; `samples` is JSON."""

    code = TextKeyField(40, primary_key=True)
    at = InstantField()
    checked = fields.BigIntField()
    differences = fields.BigIntField()
    samples = fields.TextField()

    class Meta:
        table = "loyalty_check_result"


class LedgerExpiryRun(Model):
    """How far the job is that tells what expires soon: what it looks at as of `at`, after the run `before` it, is told of all
    customers up to `reached_id`; null once it is told of all."""

    id = fields.BigIntField(primary_key=True, generated=False)
    at = InstantField()
    before = InstantField()
    reached_id = IdField(null=True)

    class Meta:
        table = "loyalty_expiry_run"
