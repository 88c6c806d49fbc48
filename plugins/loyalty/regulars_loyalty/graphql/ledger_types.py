"""The ledger as a whole in the language of the API: what is owed, what became of it, whether it holds, seals and proofs."""

from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from regulars_core.plugin import Instant, decimal_text, exponent_of
from regulars_core.plugin import Money as Amount
from regulars_loyalty.chain.checks import CHECKS, Result
from regulars_loyalty.chain.liability import Cohort, Liability
from regulars_loyalty.chain.seals import Proof, SealRow
from regulars_loyalty.chain.verification import Report
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.permissions import LEDGER_VIEW
from regulars_schema.plugin import BigInt, Money, Node, backed_by, identified, requires

_UNIT = "What is counted: a currency such as `USD`, or `PTS`."
_FIRST_DAY = "The first day of the month."
_HASH = "64 hex digits."
_PLACES = Decimal("0.0001")


def shown(amount: int, unit: str) -> Decimal:
    """Points as they are, money with the decimals of its currency."""
    return Decimal(amount) if unit == POINTS else Decimal(decimal_text(amount, exponent_of(unit)))


@requires(LEDGER_VIEW)
@strawberry.type(description=f"What expires in one month. Needs `{LEDGER_VIEW}`.")
class LedgerExpiry:
    """An entry of liability.Liability.expiring."""

    amount: Decimal = strawberry.field(description="How much.")
    month: date = strawberry.field(description=_FIRST_DAY)


@requires(LEDGER_VIEW)
@strawberry.type(description=f"What the shop owes its customers in one unit. Needs `{LEDGER_VIEW}`.")
class LedgerLiability:
    """Over liability.Liability."""

    at: Instant = strawberry.field(description="The instant of the figures.")
    customer_count: int = strawberry.field(description="Accounts that are not empty.")
    debt: Decimal = strawberry.field(description="What customers owe, taken back after it was spent.")
    expiring: list[LedgerExpiry] = strawberry.field(
        description="What of it expires in each of the next twelve months; what never expires is in none."
    )
    held: Decimal = strawberry.field(description="What is kept for open baskets.")
    outstanding: Decimal = strawberry.field(description="All that is left and has not expired.")
    pending: Decimal = strawberry.field(description="What of it cannot be spent yet.")
    unit: str = strawberry.field(description=_UNIT)
    value: Money | None = strawberry.field(
        description="What is outstanding in money, points at the program's rate; null where points pay for nothing."
    )


def liability_of(one: Liability, value: Amount | None) -> LedgerLiability:
    """A liability as it is shown, with what it is worth."""
    return LedgerLiability(
        at=one.at,
        customer_count=one.count,
        debt=shown(one.debt, one.unit),
        expiring=[LedgerExpiry(amount=shown(amount, one.unit), month=month) for month, amount in one.expiring],
        held=shown(one.held, one.unit),
        outstanding=shown(one.outstanding, one.unit),
        pending=shown(one.pending, one.unit),
        unit=one.unit,
        value=value,  # type: ignore[arg-type]
    )


@requires(LEDGER_VIEW)
@strawberry.type(
    description=f"What has become of all that was given out in one month, in one unit. Needs `{LEDGER_VIEW}`."
)
class LedgerCohort:
    """Over liability.Cohort."""

    breakage: Decimal | None = strawberry.field(
        description="The part of `given` that has expired, 0 to 1; null where nothing was given."
    )
    expired: Decimal = strawberry.field(description="What has expired.")
    given: Decimal = strawberry.field(description="What was given out.")
    month: date = strawberry.field(description=_FIRST_DAY)
    open: Decimal = strawberry.field(description="What is left.")
    reversed: Decimal = strawberry.field(description="What was taken back.")
    spent: Decimal = strawberry.field(description="What was spent.")
    unit: str = strawberry.field(description=_UNIT)


def cohort_of(one: Cohort) -> LedgerCohort:
    """A cohort as it is shown."""
    figure, unit = one.figure, one.unit
    return LedgerCohort(
        breakage=(Decimal(figure.expired) / figure.given).quantize(_PLACES) if figure.given else None,
        expired=shown(figure.expired, unit),
        given=shown(figure.given, unit),
        month=one.month,
        open=shown(figure.open, unit),
        reversed=shown(figure.reversed, unit),
        spent=shown(figure.spent, unit),
        unit=unit,
    )


@requires(LEDGER_VIEW)
@strawberry.type(description=f"One thing that must hold in the ledger. Needs `{LEDGER_VIEW}`.")
class LedgerCheck:
    """Over checks.Result."""

    checked_count: BigInt = strawberry.field(description="How many accounts, lots or entries were looked at.")
    code: str = strawberry.field(
        description="Its name, such as `DEBITS_EQUAL_CREDITS`, `BALANCE_IS_LOTS` or `SEALS_CHAIN`."
    )
    description: str = strawberry.field(description="What must hold, in a sentence.")
    difference_count: int = strawberry.field(description="How many differ.")
    samples: list[strawberry.ID] = strawberry.field(
        description="The entries or accounts that differ, by id; at most 20."
    )


@requires(LEDGER_VIEW)
@strawberry.type(description=f"Whether the ledger holds. Needs `{LEDGER_VIEW}`.")
class LedgerVerification:
    """Over verification.Report."""

    at: Instant = strawberry.field(description="When it was counted.")
    checks: list[LedgerCheck] = strawberry.field(description="What was looked at, one by one.")
    holds: bool = strawberry.field(description="Whether no check has found a difference.")


def verification_of(report: Report) -> LedgerVerification:
    """A report as it is shown."""
    checks = [_check(code, result) for code, result in report.in_order]
    return LedgerVerification(at=report.at, checks=checks, holds=report.holds)


def _check(code: str, result: Result) -> LedgerCheck:
    return LedgerCheck(
        checked_count=BigInt(result.checked),
        code=code,
        description=CHECKS[code],
        difference_count=result.differences,
        samples=[strawberry.ID(one) for one in result.samples],
    )


@requires(LEDGER_VIEW)
@strawberry.type(
    description="A seal over all entries that stand before it in the order of recording; never changed. What is changed in them "
    "afterwards is found against it, once its hash is published elsewhere. hash = SHA-256 of "
    f"`number|sealedAt|entryCount|root|previousHash`. Needs `{LEDGER_VIEW}`."
)
class LedgerSeal(Node):
    """Over seals.SealRow."""

    is_type_of = backed_by(SealRow)
    entry_count: BigInt = strawberry.field(description="How many entries it covers.")
    hash: str = strawberry.field(description=f"The seal itself, to be published or kept elsewhere: {_HASH}")
    id: strawberry.ID = identified("ledgerseal")
    number: int = strawberry.field(description="Grows by one with each seal.")
    previous_hash: str | None = strawberry.field(description="The hash of the seal before; null of the first.")
    root: str = strawberry.field(description=f"The root of the tree over all accounts at that moment: {_HASH}")
    sealed_at: Instant = strawberry.field(description="When it was made.")


@requires(LEDGER_VIEW)
@strawberry.type(description="A step of a proof: the other half of a pair that is hashed together.")
class LedgerProofStep:
    """An entry of seals.Proof.path."""

    hash: str = strawberry.field(description=f"The other half: {_HASH}")
    is_first: bool = strawberry.field(description="Whether the other half comes first.")


@requires(LEDGER_VIEW)
@strawberry.type(
    description="Proof that an account had a balance and a history when the ledger was sealed. The leaf is SHA-256 of the byte 0 "
    "and `statement` in UTF-8, each step SHA-256 of the byte 1 and the 32 bytes of both halves, the last one the seal's root. "
    f"Needs `{LEDGER_VIEW}`."
)
class LedgerProof:
    """Over seals.Proof."""

    path: list[LedgerProofStep] = strawberry.field(description="The way from the account to the root.")
    seal: LedgerSeal = strawberry.field(description="The seal.")
    statement: str = strawberry.field(
        description="What is proven, as it was hashed: `account|unit|balance|debt|version|hash`, amounts in minor units, the "
        "hash that of the account's last entry."
    )


def proof_of(proof: Proof) -> LedgerProof:
    """A proof as it is shown."""
    seal: Any = proof.seal
    path = [LedgerProofStep(hash=half, is_first=is_first) for half, is_first in proof.path]
    return LedgerProof(path=path, seal=seal, statement=proof.statement)
