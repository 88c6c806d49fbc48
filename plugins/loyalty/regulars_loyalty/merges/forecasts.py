"""What a merge will do to credit and points, told before it is done."""

from collections.abc import Mapping, Sequence

from regulars_core.plugin import (
    MergeEffect,
    MergeForecast,
    PlannedMerge,
    Problem,
    Shop,
    decimal_text,
    exponent_of,
    now,
)
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.ledger.storage import Ledger, ledger_from, lookup_accounts
from regulars_loyalty.merges.once import given_once, repeated
from regulars_loyalty.permissions import CREDIT_VIEW, POINTS_VIEW


async def merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """What goes over to the survivor, and which open baskets are in the way."""
    ids, present = {one.id for merge in merges for one in merge.everybody}, now()
    # Without what each lot says, of which there may be very many, unless time has changed something since.
    found = await shop.database.read_together(lookup_accounts(shop.database.dialect, ids, present))
    ledger = ledger_from(shop, found, present)
    once = await given_once(shop, ids)
    return [_forecast(shop, ledger, once, merge) for merge in merges]


def _forecast(shop: Shop, ledger: Ledger, once: Mapping[str, Mapping[str, str]], merge: PlannedMerge) -> MergeForecast:
    obstacles: list[Problem] = []
    effects: list[MergeEffect] = []
    survivor = merge.survivor
    for account in ledger.accounts.values():
        account.post_due()
    paths = {survivor.id: ("survivorId",)} | {one.id: ("absorbedIds", str(n)) for n, one in enumerate(merge.absorbed)}
    for (customer_id, unit), account in sorted(ledger.accounts.items()):
        if customer_id not in paths:
            continue
        if account.open_holds:
            message = "An open basket keeps something of this customer's; capture or release it first."
            obstacles.append(Problem("OPEN_HOLD", message, paths[customer_id]))
        if customer_id != survivor.id and (account.amount or account.debt):
            code = next(one.code for one in merge.absorbed if one.id == customer_id)
            what = _words(account.balance, unit)
            kind, needs = ("POINTS", POINTS_VIEW) if unit == POINTS else ("CREDIT", CREDIT_VIEW)
            effects.append(MergeEffect(kind, f"{what} of {code} go over to {survivor.code}.", needs))
    for rule, count in sorted(repeated(once, [one.id for one in merge.everybody]).items()):
        message = (
            f"What the rule {rule} gives once per customer was given {count + 1} times, and is taken back {count}, as far as it"
            " has not expired."
        )
        effects.append(MergeEffect("POINTS", message, POINTS_VIEW))
    return MergeForecast(obstacles=list(dict.fromkeys(obstacles)), effects=effects)


def _words(amount: int, unit: str) -> str:
    return f"{amount} points" if unit == POINTS else f"{decimal_text(amount, exponent_of(unit))} {unit} of credit"
