"""What becomes of consents when customers are made one, and two again. No record goes over: each is read by whom its customer
leads to."""

from collections.abc import Sequence

from regulars_core.customers.consents.entries import CheckedConsent
from regulars_core.customers.consents.people import lookup_people, people_from
from regulars_core.customers.consents.reads import CONSENTS, ConsentRow, states_of
from regulars_core.customers.consents.rules import GRANTED, WAYS, State, united
from regulars_core.customers.consents.writes import keep, write
from regulars_core.customers.merge.facts import Merge, MergeEffect, MergeForecast, PlannedMerge
from regulars_core.shop.shop import Shop

_SAID = {"GRANTED": "agreed to", "PENDING": "been asked about", "WITHDRAWN": "refused"}
_BY = {"EMAIL": "e-mail", "PHONE": "phone", "SMS": "text message", "POST": "post", "MESSENGER": "messenger"}


async def merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """What will be in force of each survivor that is not now."""
    states = await states_of(shop.database, [one.id for merge in merges for one in merge.everybody])
    return [
        MergeForecast(
            effects=[
                MergeEffect("CONSENT", f"{merge.survivor.code} will have {said}.", "consents.view")
                for said in _changes(states[merge.survivor.id], united([states[one.id] for one in merge.everybody]))
            ]
        )
        for merge in merges
    ]


def _changes(before: State[ConsentRow], since: State[ConsentRow]) -> Sequence[str]:
    """What differs, in words, by purpose and decision."""
    found: dict[tuple[str, str], list[str | None]] = {}
    for (purpose, way), record in since.items():
        known = before.get((purpose, way))
        if known is None or known.decision != record.decision:
            found.setdefault((purpose, record.decision), []).append(way)
    return [
        f"{_SAID[decision]} {purpose}{_by(ways)}"
        for (purpose, decision), ways in sorted(found.items(), key=lambda each: each[0])
    ]


def _by(ways: Sequence[str | None]) -> str:
    """By which ways, in their order; nothing where it is about every one."""
    if None in ways:
        return ""
    *words, last = [_BY[way] for way in WAYS if way is not None and way in ways]
    return f" by {', '.join(words)} and {last}" if words else f" by {last}"


async def merged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Let what is in force of all of them be in force of the survivor."""
    for merge in merges:
        states = await states_of(shop.database, merge.customer_ids)
        together = united([states[id_] for id_ in merge.customer_ids])
        await keep(shop.database, merge.survivor.id, states[merge.survivor.id], together)


async def unmerged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Let that be in force of the survivor which would be without the merge; of the others it still is, but for what was refused
    meanwhile: nobody knows which of them said so, and it must not be lifted for any."""
    for merge in merges:
        refused = await _refused_since(shop, merge)
        for absorbed in merge.absorbed:
            await write(shop, absorbed.id, refused)
        id_ = merge.survivor.id
        sql, values = lookup_people(shop.database.dialect, [id_])
        alone = people_from(await shop.database.rows(sql, *values))[id_].state()
        await keep(shop.database, id_, (await states_of(shop.database, [id_]))[id_], alone)


UNDONE = "unmerge"
"""The source of what is written down for those whom an undo gives back."""


async def _refused_since(shop: Shop, merge: Merge) -> Sequence[CheckedConsent]:
    """All but agreements that were written down for the survivor while the merge stood, as it is written down for the others."""
    sql = (
        f"SELECT {CONSENTS.column_list} FROM {CONSENTS.table}"
        " WHERE co.customer_id = $1 AND co.id > $2 AND co.decision <> $3 ORDER BY co.id"
    )
    said = [ConsentRow(*row) for row in await shop.database.rows(sql, merge.survivor.id, merge.id, GRANTED)]
    return [
        CheckedConsent(
            one.decision, UNDONE, one.channel, one.purpose, one.at, one.proof, one.proof_reference, one.text_version
        )
        for one in said
    ]
