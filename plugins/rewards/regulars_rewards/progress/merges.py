"""What a merge of customers does to their progress in reward systems, and what its undoing does.

Progress adds, targets are looked at anew, and what spans bring is found from the purchases of all of them; what an occasion has
brought to several of them counts once. *6/10 and 7/10 → a coupon, 3 left.* Undone, each has what is theirs by then, and what was
given because of the merge is taken back.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from regulars_core.plugin import (
    Instant,
    Merge,
    MergeEffect,
    MergeForecast,
    Moved,
    PlannedMerge,
    Problem,
    Shop,
    StandingMerge,
    day_of,
)
from regulars_rewards.permissions import OFFERS_VIEW
from regulars_rewards.progress.book import Cause, ProgressBook
from regulars_rewards.progress.explanations import Explanation
from regulars_rewards.progress.histories import look_at_spans
from regulars_rewards.progress.law import Terms, to_give
from regulars_rewards.progress.moving import give_back, hand_over
from regulars_rewards.progress.recounting import Recount, recounted
from regulars_rewards.progress.rows import Progress, given_by_merges, lookup_progress, progress_from
from regulars_rewards.systems.known import KnownSystems, read_systems
from regulars_rewards.systems.system import RewardSystem
from regulars_rewards.triggers.histories import HistoryTrigger

MERGE = "MERGE"
"""The cause of what a merge, or its undoing, changes."""
PART = 5_000
"""Purchases whose instants one statement looks up."""


async def merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """What progress goes over to the survivor, and what follows from it."""
    known = await read_systems(shop)
    ids = sorted({one.id for merge in merges for one in merge.everybody})
    if not known.systems or not ids:
        return [MergeForecast() for _ in merges]
    dialect = shop.database.dialect
    theirs, others = dialect.among("t.customer_id", 1), dialect.among("o.customer_id", 1)
    rows, repeated, given = await shop.database.read_together(
        [
            lookup_progress(dialect, ids),
            (
                "SELECT t.customer_id, t.system_id, t.source, t.per, t.earned - t.reversed FROM rewards_earning t"
                f" WHERE {theirs} AND EXISTS (SELECT 1 FROM rewards_earning o WHERE o.system_id = t.system_id"
                f" AND o.source = t.source AND o.customer_id <> t.customer_id AND {others}) ORDER BY t.id",
                [ids],
            ),
            (
                "SELECT t.customer_id, count(*) FROM rewards_given t JOIN rewards_system s ON s.id = t.system_id"
                f" WHERE {theirs} AND NOT s.is_shadow GROUP BY t.customer_id",
                [ids],
            ),
        ]
    )
    progress, counts = progress_from(rows), {row[0]: row[1] for row in given}
    return [_forecast(known, merge, progress, repeated, counts) for merge in merges]


def _forecast(
    known: KnownSystems,
    merge: PlannedMerge,
    progress: Sequence[Progress],
    repeated: Sequence[Sequence[Any]],
    given: Mapping[str, int],
) -> MergeForecast:
    by_id, survivor = {one.id: one for one in merge.everybody}, merge.survivor
    effects: list[str] = []
    for system in known.systems:
        own = [one for one in progress if one.system_id == system.id and one.customer_id in by_id]
        if system.is_shadow or not any(one.customer_id != survivor.id for one in own):
            continue
        for one in own:
            if one.customer_id != survivor.id and one.standing.progress:
                code = by_id[one.customer_id].code
                effects.append(
                    f"{_words(one.standing.progress)} of {code} in {system.name} go over to {survivor.code}."
                )
        twice = [tuple(row) for row in repeated if row[1] == system.id and row[0] in by_id]
        effects += _what_follows(system, own, _counted_once(twice, survivor.id))
    moved = sum(given.get(one.id, 0) for one in merge.absorbed)
    told = [MergeEffect("REWARDS", text, OFFERS_VIEW) for text in effects]
    return MergeForecast(effects=told, moved={"rewards": Moved(moved, OFFERS_VIEW)})


def _words(progress: int) -> str:
    return f"{progress} of progress"


def _counted_once(rows: Sequence[Sequence[Any]], survivor_id: str) -> Mapping[str, Sequence[Fraction]]:
    """How much of what each source has brought to several is too much, by source: all but one of which something stands, the
    survivor's first."""
    by_source: dict[str, list[tuple[bool, bool, Fraction]]] = {}
    for customer_id, _, source, per, units in rows:
        by_source.setdefault(source, []).append((not units, customer_id != survivor_id, Fraction(units, per)))
    return {
        source: [units for *_, units in sorted(own, key=lambda one: one[:2])[1:]]
        for source, own in by_source.items()
        if len(own) > 1
    }


def _what_follows(
    system: RewardSystem, own: Sequence[Progress], too_much: Mapping[str, Sequence[Fraction]]
) -> Iterator[str]:
    if isinstance(system.current.kind, HistoryTrigger):
        yield f"What {system.name} gives is found anew from the purchases of all of them."
        return
    for source, each in sorted(too_much.items()):
        if any(each):
            times = f"{len(each)} time{'' if len(each) == 1 else 's'}"
            yield f"What {source} brought in {system.name} counts once, and {times} less than before."
    units = sum((one.standing.units for one in own), Fraction(0)) - sum(sum(each) for each in too_much.values())
    beside = sum(one.standing.progress - floor(one.standing.units) for one in own)
    data, progress = system.current.data, floor(units) + beside
    given = to_give(progress, Terms(data.target, data.mode))
    if given:
        rewards = f"{given} reward{' is' if given == 1 else 's are'}"
        yield f"With {progress} of {data.target} in {system.name}, {rewards} given."
    elif progress < 0:
        yield f"With {progress} in {system.name}, rewards that nobody has used are taken back."


async def merged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Let progress go over to the survivor, and give or take back what follows. Raises what givers and those who are told raise,
    Refused too."""
    known = await read_systems(shop)
    for merge, at in zip(merges, moments, strict=True) if known.systems else ():
        await hand_over(shop, merge.id, merge.survivor.id, [one.id for one in merge.absorbed])
        book, cause = await _book_of(shop, known, merge), Cause(MERGE, at, merge_id=merge.id)
        _take_stock(book, merge, await recounted(shop.database, [merge.survivor.id]), cause)
        who = [(merge.survivor.id, at) for _, at in await _moments_of(shop, known, merge)]
        await look_at_spans(shop, book, who, cause)
        await book.settle()
        await book.write()


async def unmerging(shop: Shop, merges: Sequence[StandingMerge]) -> Sequence[Sequence[Problem]]:
    """What is in the way of undoing merges: a reward that was given because of one was used since."""
    given = await given_by_merges(shop.database, [one.id for one in merges])
    used = set[str]()
    if given:
        book = ProgressBook(shop, await read_systems(shop), [])
        used = await book.used([one for own in given.values() for one in own])
    message = "A reward that was given because of the merge was used since."
    return [
        [Problem("REWARD_USED", message, ("mergeId",))] if any(g.id in used for g in given.get(one.id, ())) else []
        for one in merges
    ]


async def unmerged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Let each have what is theirs by now, take back what was given because of the merge as far as nobody has used it, and give
    or take back what follows. Raises what `merged` raises."""
    known = await read_systems(shop)
    for merge, at in zip(merges, moments, strict=True) if known.systems else ():
        given = (await given_by_merges(shop.database, [merge.id])).get(merge.id, ())
        await give_back(shop, merge, at)
        book, cause = await _book_of(shop, known, merge), Cause(MERGE, at, merge_id=merge.id)
        _take_stock(book, merge, await recounted(shop.database, merge.customer_ids), cause)
        moments_of = await _moments_of(shop, known, merge)
        who = [(one, at) for id_, at in moments_of for one in (merge.survivor.id, merge.purchases[id_])]
        await look_at_spans(shop, book, who, cause)
        await book.take_back([one for one in given if one.customer_id == merge.survivor.id])
        await book.settle()
        await book.write()


async def _book_of(shop: Shop, known: KnownSystems, merge: Merge) -> ProgressBook:
    sql, values = lookup_progress(shop.database.dialect, merge.customer_ids)
    return ProgressBook(shop, known, progress_from(await shop.database.read(sql, *values)))


def _take_stock(book: ProgressBook, merge: Merge, counted: Mapping[tuple[str, str], Recount], cause: Cause) -> None:
    """Let everybody have what was counted, and those of whom nothing was counted nothing."""
    for customer_id, system_id in sorted(counted):
        if (system := book.known.by_id.get(system_id)) is not None:
            book.tally(customer_id, system).is_changed = True  # so that there is a row by which entries are read
    for tally in book.tallies:
        fresh = counted.get(tally.key, Recount())
        tally.cause = cause
        if (fresh.standing, fresh.issued) != (tally.standing, tally.issued):
            explained = Explanation(f"{tally.standing.progress} became {fresh.standing.progress}")
            tally.issued = fresh.issued
            tally.book(fresh.standing, cause._replace(explanation=explained.as_json()))


async def _moments_of(shop: Shop, known: KnownSystems, merge: Merge) -> Sequence[tuple[str, Instant]]:
    """The purchases that go over or back, with their instants, of each customer and day one; none where no system looks at
    spans."""
    versions = [version for one in known.systems for version in one.versions]
    if not any(isinstance(one.kind, HistoryTrigger) for one in versions):
        return []
    found: dict[tuple[str, date], tuple[str, Instant]] = {}
    ids = sorted(merge.purchases)
    for start in range(0, len(ids), PART):
        among = shop.database.dialect.among("id", 1)
        sql = f"SELECT id, purchased_at FROM purchase WHERE {among}"
        for id_, at in await shop.database.rows(sql, ids[start : start + PART]):
            found[merge.purchases[id_], day_of(at, shop.settings.zone)] = (id_, at)
    return list(found.values())
