"""Making, changing and removing reward systems."""

from typing import Any

import pytest

from regulars_core.plugin import DAY_MS, LATEST, Instant, Malformed, Refused, Window, now
from regulars_rewards.systems.changes import SystemDraft, delete_system, update_system
from regulars_rewards.systems.known import read_systems
from regulars_rewards.systems.reads import BY_NAME, issued_counts, page_of_systems, systems_by_ids
from tests.rewards.systems.conftest import Club, bands, rule_data

NTH = rule_data("NTH_PURCHASE", n=5)


async def changes(club: Club, name: str | None = None, **data: Any) -> None:
    """Change the system."""
    await update_system(
        club.shop, club.system,
        lambda one: SystemDraft(name or one.name, one.data.model_copy(update=data), one.is_shadow),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        ({"target": 0}, "OUT_OF_RANGE", ("target",)),
        ({"target": 1_000_001}, "OUT_OF_RANGE", ("target",)),
        ({"trigger": NTH, "bands": bands((0, None, 1))}, "INVALID_RULE", ("bands",)),
        ({"bands": bands((0, 1_000, 1), (999, None, 2))}, "BANDS_OVERLAP", ("bands", "1", "from")),
        ({"audience": {"hasEmail": True}}, "INVALID_AUDIENCE", ("audience", "hasEmail")),
        ({"ends_at": Instant(1_000)}, "INVALID_DATE", ("endsAt",)),
    ],
)
async def test_what_cannot_be(club: Club, data: dict[str, Any], code: str, path: tuple[str, ...]) -> None:
    with pytest.raises(Malformed) as malformed:
        await club.opens(**data)
    found = [(one.code, one.path) for one in malformed.value.problems]
    assert found[0] == (code, ("rewardSystem", *path))
    await club.opens()
    with pytest.raises(Malformed) as malformed:
        await changes(club, **data)
    assert (malformed.value.problems[0].code, malformed.value.problems[0].path) == (code, path)


async def test_names_are_unique(club: Club) -> None:
    await club.opens(name="Club")
    with pytest.raises(Refused) as refused:
        await club.opens(name="  CLUB".strip())
    assert (refused.value.problems[0].code, refused.value.problems[0].path) == ("NAME_TAKEN", ("rewardSystem", "name"))
    await club.opens(name="Other")
    with pytest.raises(Refused) as refused:
        await changes(club, name="club")
    assert (refused.value.problems[0].code, refused.value.problems[0].path) == ("NAME_TAKEN", ("name",))
    await changes(club, name="OTHER")


async def test_a_change_is_a_version_from_now_on(club: Club) -> None:
    began = now()
    await club.opens(target=10)
    await changes(club, target=20)
    await changes(club, target=20)
    [system] = (await read_systems(club.shop)).systems
    assert [(one.number, one.data.target) for one in system.versions] == [(1, 10), (2, 20)]
    assert system.at(Instant(began - 1)).number == 1
    assert system.at(now()).number == 2


async def test_when_it_began_stays(club: Club) -> None:
    await club.opens()
    with pytest.raises(Malformed) as malformed:
        await changes(club, starts_at=Instant(now() + DAY_MS))
    assert malformed.value.problems[0].path == ("startsAt",)
    await club.opens(name="Later", starts_at=Instant(now() + DAY_MS))
    await changes(club, starts_at=None)
    [_, later] = (await read_systems(club.shop)).systems
    assert later.collecting_at(Instant(now() + 1)) is not None


async def test_one_in_which_somebody_has_progress_is_not_removed(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens()
    await club.buys(ana, "10.00")
    with pytest.raises(Refused) as refused:
        await delete_system(club.shop, club.system)
    assert refused.value.problems[0].code == "SYSTEM_IN_USE"
    await club.opens(name="Empty")
    await delete_system(club.shop, club.system)
    with pytest.raises(Refused) as refused:
        await delete_system(club.shop, club.system)
    assert refused.value.problems[0].code == "NOT_FOUND"
    assert len((await read_systems(club.shop)).systems) == 1


async def test_they_are_read_by_name_without_shadows(club: Club) -> None:
    ana = await club.till.customer()
    beta = await club.opens(name="beta", target=1)
    await club.opens(name="Alpha", ends_at=LATEST)
    shadow = await club.opens(name="Shadow", is_shadow=True)
    await club.buys(ana, "30.00")
    found = await page_of_systems(club.shop.database, Window.of(BY_NAME, 10, None, None, None))
    assert [one.name for one in found.nodes] == ["Alpha", "beta"]
    assert await systems_by_ids(club.shop.database, [shadow]) == {}
    assert await issued_counts(club.shop.database, [beta, club.system]) == {beta: 3, club.system: 0}
