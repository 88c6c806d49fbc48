"""What occasions bring, such as birthdays, and what becomes of it where one has not been one after all."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, timedelta

from regulars_core.plugin import CustomerMoment, Instant, Shop, hold, now, read_audiences, start_of, told_later
from regulars_rewards.progress.book import OCCASION, Cause, ProgressBook
from regulars_rewards.progress.explanations import Explanation, of_occasion
from regulars_rewards.progress.rows import (
    Earning,
    earnings_from,
    lookup_earnings_by,
    lookup_progress,
    progress_from,
)
from regulars_rewards.systems.known import read_systems
from regulars_rewards.systems.system import RewardSystem
from regulars_rewards.triggers.kinds import Undone
from regulars_rewards.triggers.occasions import Occasion

Due = Sequence[tuple[str, Occasion]]
"""Occasions of customers. Of who was merged meanwhile there is none: the survivor has their own. In a replay they are as they
were."""
Moments = Mapping[tuple[str, str], Instant]
"""When occasions were that have an instant, by customer and key."""
KeepUntold = Callable[[Shop, str, Collection[str], date], Awaitable[None]]
_Opened = tuple[ProgressBook, RewardSystem, Mapping[tuple[str, str, str], Earning], Collection[str]]


async def earn_occasions(
    shop: Shop, system_id: str, due: Due, *, at: Moments | None = None, keep_untold: KeepUntold | None = None
) -> int:
    """Let customers have what occasions bring them in a reward system, and what follows; how many brought something. Each brings
    one unit by the version of the first instant of its day at which the system collects, or of the very instant that `at` tells,
    to whom that is for, and only once, however often it is told. Customers of whom it cannot be told now whether it is for them,
    with the first such day, are for `keep_untold`. In this transaction, or one of its own."""

    async def work() -> int:
        opened = await _opened(shop, system_id, [(customer_id, one.key) for customer_id, one in due])
        if opened is None:
            return 0
        book, system, earned, held = opened
        fresh = [one for one in due if one[0] in held and (one[0], system_id, one[1].key) not in earned]
        wanted, untold = await _for_whom(shop, system, fresh, at)
        if untold and keep_untold is not None:
            await keep_untold(shop, system_id, untold.keys(), min(untold.values()))
        for earning in wanted:
            cause = Cause(OCCASION, earning.at, earning.source, explanation=earning.explanation)
            book.change(None, earning, cause)
        await book.settle()
        await book.write()
        return len(wanted)

    return await shop.database.transaction(work) if due else 0


async def undo_occasions(shop: Shop, system_id: str, undone: Sequence[tuple[str, str]]) -> int:
    """Take back what occasions brought that have not been, such as a tier that a refund took: (customer, key) of each. What was
    given for it and is used lives no more, and its worth is owed where it has one; how many had brought something. Those of kinds
    that nothing takes back stay. In this transaction, or one of its own."""

    async def work() -> int:
        opened = await _opened(shop, system_id, undone)
        if opened is None:
            return 0
        book, system, earned, _ = opened
        present, count, told = now(), 0, set(undone)
        for earning in earned.values():
            kind = system.at(earning.at).kind
            is_told = (earning.customer_id, earning.source) in told
            if is_told and earning.reversed < earning.earned and kind and kind.undone is Undone.BY_OCCASIONS:
                explained = Explanation("It has not been, after all.").as_json()
                cause = Cause(OCCASION, present, earning.source, explanation=explained)
                book.change(earning, earning.with_reversed(earning.earned), cause)
                count += 1
        await book.settle(forced=True)
        await book.write()
        return count

    return await shop.database.transaction(work) if undone else 0


async def _opened(shop: Shop, system_id: str, sources: Sequence[tuple[str, str]]) -> _Opened | None:
    """The progress of these customers, who are held, and what these sources have brought them in a system. None where it is
    gone."""
    customers = sorted({one for one, _ in sources})
    merged = await hold(shop.database, customers)
    customers = [one for one in customers if one not in merged or told_later()]
    known = await read_systems(shop)
    system = known.by_id.get(system_id)
    if system is None:
        return None
    dialect = shop.database.dialect
    progress, earned = await shop.database.read_together(
        [lookup_progress(dialect, customers), lookup_earnings_by(dialect, customers, {key for _, key in sources})]
    )
    found = {key: one for key, one in earnings_from(earned).items() if one.system_id == system_id}
    return ProgressBook(shop, known, progress_from(progress)), system, found, set(customers)


async def _for_whom(
    shop: Shop, system: RewardSystem, due: Due, told_at: Moments | None
) -> tuple[Sequence[Earning], Mapping[str, date]]:
    """What those of these occasions bring at which the system collects, and whose customers it is for; and the customers of whom
    that cannot be told now, with the first day."""
    earnings: dict[tuple[str, str, str], Earning] = {}
    audiences, versions = {}, {}
    days = {(customer_id, one.key): one.day for customer_id, one in due}
    for customer_id, occasion in due:
        at = first_of_day(shop, system, occasion.day) if told_at is None else told_at[customer_id, occasion.key]
        version = None if at is None else system.collecting_at(at)
        if at is None or version is None or version.trigger is None:
            continue
        explained = of_occasion(version.trigger, occasion, shop.currency).as_json()
        earning = Earning(
            customer_id, system.id, occasion.key, None, version.number, version.per, 1, at, explanation=explained
        )
        earnings.setdefault(earning.key, earning)
        audiences[version.number], versions[earning.key] = version.data.audience, version.number
    who = [(one.customer_id, one.at) for one in earnings.values()]
    answers = await read_audiences(shop, audiences, who)
    told = [one for one in earnings.values() if answers[versions[one.key], CustomerMoment(one.customer_id, one.at)]]
    untold: dict[str, date] = {}
    for one in earnings.values():
        if versions[one.key] in answers.failed:
            day = days[one.customer_id, one.source]
            untold[one.customer_id] = min(day, untold.get(one.customer_id, day))
    return told, untold


def first_of_day(shop: Shop, system: RewardSystem, day: date) -> Instant | None:
    """The first instant of a day where the shop is at which a system collects; None where it does not on that day."""
    begins, ends = (start_of(one, shop.settings.zone) for one in (day, day + timedelta(days=1)))
    return system.collecting_within(begins, ends)
