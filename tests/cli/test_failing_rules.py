"""What the commands say of a criterion that fails, or whose plugin is off: doctor and verify name the plugin, at status 1."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.metadata import EntryPoint

import pytest

from regulars_core.plugin import plugins_wanted
from regulars_core.plugins import discovery
from regulars_core.testing import opened_shop
from tests.support import moody
from tests.support.commands import Regulars
from tests.support.moody import Moody, moody_policy, raising
from tests.tiers.conftest import Owner

TIERS, MOODY = EntryPoint("tiers", "regulars_tiers", "regulars"), EntryPoint("moody", "tests.support.moody", "regulars")


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Moody:
    """The plugins that are installed, and the one whose mood can be changed."""
    monkeypatch.setattr(discovery, "entry_points", lambda group: [TIERS, MOODY])
    well = Moody()
    monkeypatch.setattr(moody, "installed", well)
    return well


def in_shop(url: str, work: Callable[[Owner], Awaitable[None]], *plugins: str) -> None:
    """Do something in the shop, by the API."""

    async def opened() -> None:
        async with opened_shop(url, plugins_wanted(plugins)) as shop:
            await work(Owner(shop))

    asyncio.run(opened())


async def sold(owner: Owner) -> None:
    """A policy that asks for what the plugin measures, and somebody who has bought once."""
    given = {"policy": moody_policy(), "effectiveAt": "2020-01-01T00:00:00Z"}
    await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", given)
    await owner.sells(await owner.customer(), "1.00", "2026-01-19")


async def again(owner: Owner) -> None:
    """Who has bought buys again."""
    [row] = await owner.shop.database.rows("SELECT id FROM customer")
    given = {"reference": "again", "customerId": f"customer_{row[0]}", "lines": [{"name": "Tea", "total": "1.00"}]}
    await owner.api.done("purchaseRecord", "purchase { id }", given)


def test_doctor_and_verify(regulars: Regulars, database_url: str, installed: Moody) -> None:
    on = {"database_url": database_url, "plugins": "tiers,moody"}
    assert regulars("migrate", **on).exit_code == 0
    regulars("key", "create", "--name", "a", "--role", "administrator", **on)
    in_shop(database_url, sold, "tiers", "moody")
    well = regulars("doctor", **on)
    assert well.exit_code == 0
    assert "ok   tier-criteria: Every criterion of a policy in force can be measured." in well.stdout.splitlines()
    assert regulars("verify", **on).exit_code == 0

    installed.answer = raising
    early = regulars("doctor", **on)  # before anybody has bought
    assert early.exit_code == 1
    assert "criterion MOODY of the plugin 'moody': breaks a law" in early.stdout
    assert "it answers, and does not raise ZeroDivisionError" in early.stdout
    in_shop(database_url, again, "tiers", "moody")
    failing = "tier criterion MOODY of the plugin 'moody': could not be measured for 1 customers, such as customer_"
    ill = regulars("doctor", **on)
    assert ill.exit_code == 1
    assert [line for line in ill.stdout.splitlines() if line.startswith(f"BAD  tier-criteria: {failing}")]
    wrong = regulars("verify", **on)
    assert wrong.exit_code == 1
    assert [line for line in wrong.stdout.splitlines() if line.startswith(failing)]
    assert "tier-criteria: 2" in wrong.stderr

    off = {**on, "plugins": "tiers"}
    missing = "tier criterion MOODY: the plugin 'moody', which brings it, is off; tiers stay as they are until"
    for command in ("doctor", "verify"):
        said = regulars(command, **off)
        assert said.exit_code == 1
        assert missing in said.stdout
    assert regulars("tiers", "reassess", **off).exit_code == 0

    installed.answer = moody.counted
    assert regulars("tiers", "reassess", **on).exit_code == 0
    assert (regulars("doctor", **on).exit_code, regulars("verify", **on).exit_code) == (0, 0)


def test_a_verification_that_raises_is_a_finding(regulars: Regulars, database_url: str) -> None:
    """Here because there are no tables of the plugin, though it says that all is migrated."""
    on = {"database_url": database_url, "plugins": "tiers"}
    regulars("migrate", **on)

    async def lose(owner: Owner) -> None:
        await owner.shop.database.transaction(lambda: owner.shop.database.run("DROP TABLE tier_policy"))

    in_shop(database_url, lose, "tiers")
    said = regulars("doctor", **on)
    assert said.exit_code == 1
    assert "BAD  tier-criteria: could not be looked at: " in said.stdout


def test_a_kind_that_could_not_be_listed_is_named_before_the_start(
    regulars: Regulars, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Moody, "regulars_rules", lambda self: ["MOODY"])
    on = {"database_url": database_url, "plugins": "tiers,moody"}
    said = regulars("doctor", **on)
    assert said.exit_code == 1
    assert "BAD  plugins: The plugin 'moody' must answer regulars_rules with kinds of rules" in said.stdout
    refused = regulars("serve", **on)
    assert refused.exit_code == 1
    assert "The plugin 'moody' must answer regulars_rules" in refused.stderr


def test_a_policy_in_a_file_is_refused_with_its_place(
    regulars: Regulars, database_url: str, installed: Moody, tmp_path: object
) -> None:
    on = {"database_url": database_url, "plugins": "tiers,moody"}
    regulars("migrate", **on)
    installed.answer = raising
    with open(f"{tmp_path}/policy.toml", "w") as file:
        file.write(
            '[[tiers]]\ncode = "M"\nname = "Many"\ncriteria = [[{metric = "MOODY", threshold = "2"}]]\n'
            '[[tiers]]\ncode = "C"\nname = "All"\n'
        )
    said = regulars("tiers", "simulate", f"{tmp_path}/policy.toml", **on)
    assert said.exit_code == 1
    assert "policy.tiers.0.criteria.0.0.metric: MOODY of the plugin 'moody' cannot be used" in said.stderr
