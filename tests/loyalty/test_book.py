"""The ledger's arithmetic, alone: an account after anything that may be done to it is what a naive model says."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from regulars_core.plugin import LATEST, Instant, new_id
from regulars_loyalty.ledger.book import PAID, Account, Cause, Short, Terms

DAY = 86_400_000


def cause(at: int, kind: str = "ADJUST") -> Cause:
    return Cause(new_id(), kind, Instant(at))


def opened(*lots: tuple[int, int, int | None], present: int) -> Account:
    """An account with lots given as (amount, day, last day), on a day."""
    account = Account("c", "PTS", Instant(0))
    for amount, day, until in lots:
        account.present = Instant(day * DAY)
        ends = LATEST if until is None else Instant(until * DAY)
        account.give("EARN", amount, cause(account.present), Terms(account.present, ends))
    account.present = Instant(present * DAY)
    return account


def left(account: Account) -> list[int]:
    return [lot.remaining for lot in account.lots or []]


def holds_together(account: Account) -> None:
    """What must hold after every step."""
    assert account.amount == sum(left(account)) >= 0
    assert account.debt >= 0
    assert all(0 <= lot.remaining <= lot.amount for lot in account.lots or [])
    assert account.balance == sum(one.delta for one in account.transfers)
    assert [one.version for one in account.transfers] == list(range(1, account.version + 1))
    taken: dict[str, int] = {}
    for one in account.transfers:
        for use in one.uses:
            taken[use.lot.id] = taken.get(use.lot.id, 0) + use.amount
    for lot in account.lots or []:
        assert lot.amount - taken.get(lot.id, 0) == lot.remaining
    running = 0
    for one in account.transfers:
        running += one.delta
        assert one.balance_after == running
        assert one.amount > 0


def test_soonest_end_first_no_end_last() -> None:
    account = opened((100, 10, 100), (80, 32, 122), (50, 46, None), (40, 60, 95), present=69)
    account.spend("REDEEM", 150, cause(account.present), PAID)
    assert [(use.lot.amount, use.amount) for use in account.transfers[-1].uses] == [(40, 40), (100, 100), (80, 10)]
    assert (left(account), account.balance) == ([0, 70, 50, 0], 120)
    holds_together(account)


def test_what_is_taken_back_beyond_what_is_there_is_owed_and_settled_first() -> None:
    account = opened((100, 1, None), present=2)
    [lot] = account.lots or []
    account.spend("REDEEM", 100, cause(account.present), PAID)
    account.take_back("REVERSE", 100, cause(account.present), [lot])
    assert (account.debt, account.available, account.balance) == (100, 0, -100)
    account.give("EARN", 30, cause(account.present), Terms(account.present))
    assert (account.balance, account.debt) == (-70, 70)
    account.give("EARN", 100, cause(account.present), Terms(account.present))
    assert (account.balance, account.debt, account.available) == (30, 0, 30)
    assert [one.kind for one in account.transfers] == ["EARN", "REDEEM", "DEBT", "EARN", "SETTLE", "EARN", "SETTLE"]
    holds_together(account)


def test_a_lot_can_be_used_until_its_end_and_not_at_it() -> None:
    account = opened((100, 1, 5), present=4)
    account.post_due()
    assert account.available == 100
    account.present = Instant(5 * DAY)
    account.post_due()
    assert (account.available, account.transfers[-1].kind, account.transfers[-1].cause.at) == (0, "EXPIRE", 5 * DAY)


def test_what_is_held_does_not_expire_until_the_hold_closes() -> None:
    account = opened((100, 1, 5), present=4)
    hold = account.hold(60, "basket", Instant(10 * DAY))
    account.present = Instant(6 * DAY)
    account.post_due()
    assert (account.balance, account.available) == (60, 0)
    account.present = Instant(7 * DAY)
    account.release(hold)
    assert (account.balance, account.transfers[-1].cause.at) == (0, 7 * DAY)
    holds_together(account)


def test_a_hold_lowers_what_is_available_and_the_same_basket_replaces_its_own() -> None:
    account = opened((100, 1, None), present=2)
    account.hold(60, "a", Instant(9 * DAY))
    account.hold(90, "a", Instant(9 * DAY))
    assert (account.held, account.available) == (90, 10)
    hold = account.hold_of("a")
    assert hold is not None
    account.spend("PAYMENT", 70, cause(account.present), PAID, hold=hold)
    assert (account.held, account.available, hold.captured) == (0, 30, 70)
    holds_together(account)


def test_overdraft_goes_down_to_the_limit() -> None:
    account = opened((100, 1, None), present=2)
    account.limit = 50
    account.spend("PAYMENT", 150, cause(account.present), PAID)
    assert (account.balance, account.available) == (-50, 0)
    holds_together(account)


def test_what_comes_back_has_its_old_end_or_a_grace_once() -> None:
    account = opened((100, 1, 5), present=2)
    [lot] = account.lots or []
    account.spend("PAYMENT", 60, cause(account.present), PAID)
    account.put_back("RESTORE", [(lot, 30)], cause(account.present), PAID, Instant(40 * DAY))
    assert lot.remaining == 70
    account.present = Instant(6 * DAY)
    account.put_back("RESTORE", [(lot, 30)], cause(account.present), PAID, Instant(40 * DAY))
    grace = (account.lots or [])[-1]
    assert (account.balance, grace.remaining, grace.expires_at) == (30, 30, 40 * DAY)
    account.spend("PAYMENT", 30, cause(account.present), PAID)
    account.present = Instant(41 * DAY)
    account.put_back("RESTORE", [(grace, 30)], cause(account.present), PAID, Instant(99 * DAY))
    assert account.balance == 0
    assert [one.kind for one in account.transfers[-2:]] == ["RESTORE", "EXPIRE"]
    holds_together(account)


def test_nothing_of_what_is_pending_is_spent_or_settles_a_debt() -> None:
    account = opened((10, 1, None), present=2)
    account.give("EARN", 90, cause(account.present), Terms(Instant(9 * DAY)))
    assert (account.balance, account.pending, account.available) == (100, 90, 10)
    account.spend("ADJUST", 50, cause(account.present), PAID, allow_debt=True)
    assert (account.debt, account.balance) == (40, 50)
    account.present = Instant(9 * DAY)
    account.post_due()
    assert (account.debt, account.balance, account.available) == (0, 50, 50)
    holds_together(account)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["give", "spend", "back", "hold", "release", "capture", "restore", "wait", "adjust"]),
        st.integers(1, 60),
        st.integers(0, 12),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.integers(0, 40))
def test_any_sequence_keeps_every_law(steps: list[tuple[str, int, int]], limit: int) -> None:
    account = Account("c", "PTS", Instant(DAY), limit=limit)
    for what, amount, n in steps:
        now = account.present
        lots = account.lots or []
        some = lots[n % len(lots)] if lots else None
        with suppress(Short):
            match what:
                case "give":
                    ends = Instant(now + n * DAY) if n else LATEST
                    account.give("EARN", amount, cause(now), Terms(Instant(now + (n % 3) * DAY), ends))
                case "spend":
                    account.spend("PAYMENT", amount, cause(now), PAID)
                case "adjust":
                    account.spend("ADJUST", amount, cause(now), PAID, allow_debt=True)
                case "back":
                    account.take_back("REVERSE", amount, cause(now), [some] if some else [])
                case "hold":
                    account.hold(amount, f"b{n % 3}", Instant(now + (n + 1) * DAY))
                case "release" if account.open_holds:
                    account.release(account.open_holds[0])
                case "capture" if account.open_holds:
                    hold = account.open_holds[n % len(account.open_holds)]
                    account.spend("PAYMENT", min(amount, hold.amount), cause(now), PAID, hold=hold)
                case "restore" if some is not None and some.amount > some.remaining:
                    part = min(amount, some.amount - some.remaining)
                    account.put_back("RESTORE", [(some, part)], cause(now), PAID, Instant(now + 5 * DAY))
                case "wait":
                    account.present = Instant(now + n * DAY)
                    account.post_due()
        holds_together(account)
        assert account.balance - account.pending - account.held + limit >= 0 or account.debt > 0
        assert not account.debt or account.amount - account.pending <= account.held  # else it would settle


def test_when_the_job_runs_makes_no_difference() -> None:
    """What is owed is settled by what a hold frees on day 5, before the rest of it expires on day 10: whoever looks when."""
    for looks in ([20], [5, 20], [7, 10, 20]):
        account = opened((100, 0, 10), present=0)
        account.hold(100, "basket", Instant(5 * DAY))
        account.take_back("REVERSE", 40, cause(0), [])
        assert (account.balance, account.debt) == (60, 40)
        for day in looks:
            account.present = Instant(day * DAY)
            account.post_due()
        assert (account.balance, account.debt) == (0, 0)
        assert [(one.kind, one.amount) for one in account.transfers[-2:]] == [("SETTLE", 40), ("EXPIRE", 60)]
        holds_together(account)


def test_what_becomes_available_settles_before_it_expires() -> None:
    for looks in ([20], [3, 20]):
        account = opened(present=0)
        account.take_back("REVERSE", 40, cause(0), [])
        account.give("EARN", 100, cause(0), Terms(Instant(2 * DAY), Instant(10 * DAY)))
        for day in looks:
            account.present = Instant(day * DAY)
            account.post_due()
        assert (account.balance, account.debt) == (0, 0)
        holds_together(account)
