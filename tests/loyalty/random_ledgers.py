"""Customers to whom anything may happen, at random."""

from contextlib import suppress
from random import Random

from regulars_core.plugin import DAY_MS, LATEST, Instant, moment, new_id, now
from regulars_loyalty.ledger.book import PAID, POINTS, REDEEMED, Account, Cause, Short, Terms
from regulars_loyalty.ledger.storage import read_ledger, write_ledger
from tests.loyalty.conftest import Owner, key

CUSTOMERS, STEPS = 50, 14


def happens(random: Random, account: Account) -> None:
    """One thing, of all that may happen to an account."""
    present, day = account.present, lambda most: Instant(random.randint(0, most) * DAY_MS)
    back = Instant(present - random.choice([0, 0, 0, random.randint(1, 40) * DAY_MS]))  # what is told late
    some = random.randint(1, 100)

    def cause(kind: str) -> Cause:
        return Cause(new_id(), kind, back)

    with suppress(Short):
        match random.choice(["give", "give", "live", "spend", "spend", "adjust", "owe", "hold", "release"]):
            case "give":
                ends = random.choice([LATEST, Instant(back + DAY_MS + day(60))])
                account.give("EARN", some, cause("PURCHASE"), Terms(Instant(back + random.choice([0, day(20)])), ends))
                account.is_active(back)
            case "live":
                account.give(
                    "EARN", some, cause("PURCHASE"), Terms(back, LATEST, random.choice(["P1M", "P20D MONTH_END"]))
                )
                account.is_active(back)
            case "spend":
                account.spend(
                    *random.choice(
                        [("PAYMENT", some, cause("PURCHASE"), PAID), ("REDEEM", some, cause("REDEEM"), REDEEMED)]
                    )
                )
            case "adjust":
                account.spend("ADJUST", some, cause("ADJUST"), "ISSUED", allow_debt=random.random() < 0.3)
            case "owe":
                account.take_back("REVERSE", some, cause("REFUND"), account.in_order()[:1])
            case "hold":
                account.hold(some, random.choice(["A", "B"]), Instant(present + 1 + day(20)))
            case "release":
                account.post_due()
                if account.open_holds:
                    account.release(random.choice(account.open_holds))


async def filled(owner: Owner, random: Random) -> list[str]:
    """The keys of customers to whom things happened in the last half year."""
    shop = owner.shop
    ids = [key(await owner.customer(f"Ana{n}")) for n in range(CUSTOMERS)]
    present = now()
    times = sorted(Instant(present - random.randint(1, 180 * 24) * 3_600_000) for _ in range(STEPS))
    for at in times:

        async def work() -> None:
            ledger = await read_ledger(shop, ids)
            for id_ in random.sample(ids, CUSTOMERS // 2):
                happens(random, ledger.account(id_, random.choice([POINTS, POINTS, "USD"])))
            await write_ledger(ledger)

        with moment(at):
            state = random.getstate()
            await shop.database.transaction(work)
            assert random.getstate() != state
    return ids
