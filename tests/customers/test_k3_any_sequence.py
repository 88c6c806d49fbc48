"""Whatever is said in whatever order, at whatever times, and whoever is made one with whom and two again: in force is what a
naive reading of the whole story gives, and so it is kept."""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random

import pytest

from regulars_core.customers.columns import CONTACT_METHODS
from regulars_core.customers.consent_records import record_checked
from regulars_core.customers.consents.entries import CheckedConsent
from regulars_core.customers.consents.reads import states_of
from regulars_core.customers.consents.rules import DECISIONS, PROOFS
from regulars_core.customers.consents.verification import differences
from regulars_core.customers.merge.forecasts import Wanted
from regulars_core.customers.merge.service import merge
from regulars_core.customers.merge.undo import unmerge
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import Instant, Refused, Shop, now

STEPS = int(os.environ.get("CONSENT_STEPS", "60"))
PURPOSES = ("marketing", "profiling")
RANK = {decision: n for n, decision in enumerate(DECISIONS)}


@dataclass(frozen=True)
class Told:
    """Something that happened: somebody said something, or somebody was made one with others."""

    number: int
    who: str
    said: CheckedConsent | None = None
    absorbed: tuple[str, ...] = ()


def naive(story: list[Told], who: str, purpose: str, channel: str | None) -> Told | None:
    """What is in force, from the whole story, one after the other; undone merges are not in it."""
    holds: Told | None = None
    for told in (one for one in story if one.who == who):
        if told.absorbed:
            others = [
                naive([one for one in story if one.number < told.number], one, purpose, channel)
                for one in told.absorbed
            ]
            holds = stricter([one for one in (holds, *others) if one])
        elif told.said and (told.said.purpose, told.said.channel) in {(purpose, channel), (purpose, None)}:
            holds = told if holds is None else max(holds, told, key=order)
    return holds


def order(told: Told) -> tuple[int, int, int]:
    assert told.said
    assert told.said.at is not None
    return told.said.at, RANK[told.said.decision], told.number


def stricter(held: list[Told]) -> Told | None:
    """Of what each of several says for themselves."""
    against = [one for one in held if one.said and one.said.decision != "GRANTED"]
    agreed = [one for one in held if one not in against]
    for refused in against:
        agreed = [one for one in agreed if one.said and one.said.proof != "NONE" and order(one)[0] > order(refused)[0]]
    if agreed:
        return max(agreed, key=order)
    return max(against, key=lambda one: (order(one)[1], order(one)), default=None)


class Story:
    """What happens to four people."""

    def __init__(self, shop: Shop, dice: Random) -> None:
        self.shop, self.dice, self.began = shop, dice, now()
        self.people: list[str] = []
        self.story: list[Told] = []
        self.merges: list[tuple[str, int]] = []
        self.ids: dict[str, int] = {}
        self.leads: list[dict[str, str]] = []
        self.leads_to: dict[str, str] = {}

    async def begin(self) -> None:
        for n in range(4):
            said = (self.entry(), self.entry()) if n else ()
            new = replace(checked(self.shop.settings, NewCustomer(f"P{n}", "Li")), consents=said)
            self.people.append((await find_or_register(self.shop, new, ())).id)
            await self._noted([(self.people[-1], one) for one in said])
        self.leads_to = {one: one for one in self.people}

    def entry(self) -> CheckedConsent:
        dice = self.dice
        at = Instant(self.began - dice.randrange(8) * 1_000)
        channel = dice.choice([None, None, *CONTACT_METHODS[:2]])
        decision, proof = dice.choice(DECISIONS), dice.choice([*PROOFS, "NONE"])
        return CheckedConsent(decision, "x", channel, dice.choice(PURPOSES), at, proof, None, None)

    async def _noted(self, said: list[tuple[str, CheckedConsent]]) -> None:
        rows = await self.shop.database.rows("SELECT id FROM consent ORDER BY id")
        for (id_,), (who, one) in zip(rows[len(rows) - len(said) :], said, strict=True):
            self.ids[id_] = len(self.story)
            self.story.append(Told(len(self.story), who, one))

    async def goes_on(self) -> None:
        what = self.dice.choice(["say", "say", "say", "merge", "undo"])
        who = self.dice.choice(self.people)
        living = sorted(set(self.leads_to.values()))
        if what == "say":
            said = tuple(self.entry() for _ in range(self.dice.choice([1, 1, 3])))
            await record_checked(self.shop, who, said)
            await self._noted([(self.leads_to[who], one) for one in said])
        elif what == "merge" and len(living) > 1:
            survivor, *absorbed = self.dice.sample(living, self.dice.randint(2, len(living)))
            self.merges.append((await merge(self.shop, Wanted(survivor, absorbed), "test"), len(self.story)))
            self.story.append(Told(len(self.story), survivor, None, tuple(absorbed)))
            self.leads.append(dict(self.leads_to))
            self.leads_to = {one: survivor if to in absorbed else to for one, to in self.leads_to.items()}
        elif what == "undo" and self.merges:
            merge_id, number = self.merges.pop()
            await unmerge(self.shop, merge_id)
            undone = self.story[number]
            since = [one.said for one in self.story[number:] if one.who == undone.who and one.said]
            refused = [one for one in since if one.decision != "GRANTED"]  # nobody knows who of them said so
            self.story = [one for one in self.story if one.number != number or one.said]
            self.story.append(Told(number, "nobody"))  # so that numbers go on
            self.story.sort(key=lambda one: one.number)
            self.leads_to = self.leads.pop()
            await self._noted([(who, one) for who in undone.absorbed for one in refused])

    async def compared(self) -> None:
        for who, state in (await states_of(self.shop.database, self.people)).items():
            for purpose in PURPOSES:
                for channel in (None, *CONTACT_METHODS):
                    expected, found = naive(self.story, who, purpose, channel), state.get((purpose, channel))
                    assert (expected and expected.number) == (found and self.ids[found.id]), (who, purpose, channel)


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_sequence(shop: Shop, seed: int) -> None:
    story = Story(shop, Random(seed + 100 * STEPS))
    await story.begin()
    for n in range(STEPS // 2):
        await story.goes_on()
        if n % 5 == 0:
            await story.compared()
    await story.compared()
    assert [line async for line in differences(shop)] == []


async def test_many_at_once(shop: Shop) -> None:
    """All that is said at the same time is written down, a merge among it; and what is said afterwards holds."""
    story = Story(shop, Random(STEPS))
    await story.begin()
    ana, bo, *_ = story.people

    async def made_one() -> None:
        with suppress(Refused):  # the other one was quicker
            await unmerge(shop, await merge(shop, Wanted(ana, [bo]), "test"))
            await merge(shop, Wanted(ana, [bo]), "test")

    said = [record_checked(shop, (ana, bo)[n % 2], [story.entry(), story.entry()]) for n in range(12)]
    await asyncio.gather(*said[:6], made_one(), *said[6:], made_one())
    counted = await shop.database.rows("SELECT count(*) FROM consent WHERE source = 'x'")
    assert counted[0][0] == 6 + 24
    assert [line async for line in differences(shop)] == []
    no = replace(story.entry(), decision="WITHDRAWN", channel=None, purpose="marketing", at=None)
    await asyncio.gather(*(record_checked(shop, bo, [replace(no, purpose=one)]) for one in PURPOSES))
    [state] = (await states_of(shop.database, [ana])).values()
    assert {one.decision for one in state.values()} == {"WITHDRAWN"}
