"""What is asked of the ledger as a whole, and proofs of single accounts and entries."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.plugin import CurrencyCode, Instant, Money, Page, survivors_by_ids
from regulars_loyalty.chain import liability, seals, verification
from regulars_loyalty.graphql.accounts import Account, CreditAccount, PointsAccount
from regulars_loyalty.graphql.entry_types import CreditEntry, PointsEntry
from regulars_loyalty.graphql.ledger_types import (
    LedgerCohort,
    LedgerLiability,
    LedgerProof,
    LedgerSeal,
    LedgerVerification,
    cohort_of,
    liability_of,
    proof_of,
    verification_of,
)
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.permissions import LEDGER_VIEW
from regulars_loyalty.points.program import Rate
from regulars_loyalty.points.program_versions import versions_of
from regulars_schema.plugin import (
    Connection,
    Extension,
    NodeKind,
    PageArguments,
    Query,
    RequestContext,
    batched,
    in_every_store,
    key_of,
    root,
    window,
)

_AT = "As it was at this instant, by what is known now; the present if absent."


@root(
    name="ledgerLiability",
    needs=LEDGER_VIEW,
    returns=list[LedgerLiability] | None,
    description="What the shop owes its customers, one row for each currency and one for points.",
)
async def ledger_liability(
    context: RequestContext, *, at: Annotated[Instant | None, strawberry.argument(description=_AT)] = None
) -> list[LedgerLiability]:
    """What is owed in each unit, points at the rate of the program then in force."""
    found, versions = await liability.liabilities(context.shop, at), await versions_of(context.shop)
    version = versions.at(found[0].at)
    rate = version.program.rate if version else None
    return [liability_of(one, _worth(context, one, rate)) for one in found]


def _worth(context: RequestContext, one: liability.Liability, rate: Rate | None) -> Money | None:
    if one.unit == POINTS:
        return context.shop.money(rate.cost(one.outstanding)) if rate else None
    return Money(one.outstanding, CurrencyCode(one.unit))


@root(
    name="ledgerBreakage",
    needs=LEDGER_VIEW,
    returns=list[LedgerCohort] | None,
    description="What has become of what was given out, by the month of giving.",
)
async def ledger_breakage(
    context: RequestContext,
    *,
    from_: Annotated[
        date, strawberry.argument(name="from", description="The first month to look at, by any day of it.")
    ],
    to: Annotated[
        date,
        strawberry.argument(description="The last month to look at, by any day of it; at most 60 months in all."),
    ],
) -> list[LedgerCohort]:
    """The cohorts of these months."""
    return [cohort_of(one) for one in await liability.cohorts(context.shop, from_, to)]


@root(
    name="ledgerSeals",
    needs=LEDGER_VIEW,
    returns=Connection[LedgerSeal] | None,
    description="The seals of the ledger, the latest first: each covers all entries before it and the seal before it.",
)
async def ledger_seals(context: RequestContext, **arguments: Unpack[PageArguments]) -> Page[seals.SealRow]:
    """A page of all seals."""
    return await seals.page_of_seals(context.database, window(seals.LATEST_FIRST, **arguments))


@root(
    name="ledgerVerify",
    needs=LEDGER_VIEW,
    returns=LedgerVerification | None,
    description="Whether the ledger holds: of one customer, counted at once; of the whole shop, as the nightly job last found "
    "it. Writes nothing.",
)
async def ledger_verify(
    context: RequestContext,
    *,
    customer_id: Annotated[
        strawberry.ID | None, strawberry.argument(description="Whose accounts; the whole shop's if absent.")
    ] = None,
) -> LedgerVerification | None:
    """A report; null of a customer who is not there, and of the shop before the job's first run."""
    if customer_id is None:
        report = await verification.last_report(context.shop)
        return verification_of(report) if report else None
    key = key_of(customer_id, "customer", "customerId")
    found = await survivors_by_ids(context.database, [key])
    return verification_of(await verification.verify_customer(context.shop, found[key].id)) if key in found else None


@batched(
    name="proof",
    needs=LEDGER_VIEW,
    returns=LedgerProof | None,
    description="Proof that the balance belongs to a sealed ledger; null where the account is younger than the seal.",
)
async def proof(
    accounts: Sequence[Account],
    context: RequestContext,
    *,
    seal: Annotated[
        int | None, strawberry.argument(description="The number of the seal; the latest if absent.")
    ] = None,
) -> Sequence[LedgerProof | None]:
    """A proof of each account."""
    keys = [(one.standing.account.customer_id, one.standing.account.unit) for one in accounts]
    found = await seals.proofs_of(context.database, keys, seal)
    return [None if one is None else proof_of(one) for one in found]


@batched(
    name="entryHash",
    needs=LEDGER_VIEW,
    returns=str | None,
    description="The hash of the entry, which holds that of the account's entry before: 64 hex digits.",
)
async def entry_hash(entries: Sequence[Any], context: RequestContext) -> Sequence[str | None]:
    """The hash of each entry; null for about a minute, until it is chained."""
    found = await seals.hashes_of(context.database, [entry.id for entry in entries])
    return [found.get(entry.id) for entry in entries]


EXTENSIONS = (
    Extension(Query, [ledger_liability, ledger_breakage, ledger_seals, ledger_verify]),
    Extension(CreditAccount, [proof]),
    Extension(PointsAccount, [proof]),
    Extension(CreditEntry, [entry_hash]),
    Extension(PointsEntry, [entry_hash]),
)
NODE = NodeKind("ledgerseal", in_every_store(seals.seals_by_ids), LEDGER_VIEW)
