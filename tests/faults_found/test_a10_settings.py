"""A10: settings that nearly exist are suggested, "all but" these plugins can be said, and a folder that is not there is named."""

from pathlib import Path

import pytest

from regulars_core.plugins.discovery import chosen, installed
from regulars_core.plugins.owners import PluginError
from tests.cli.conftest import elsewhere, regulars  # noqa: F401
from tests.support.commands import Regulars


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("timezon", "REGULARS_TIMEZONE"),
        ("time_zone", "REGULARS_TIMEZONE"),
        ("databaseurl", "REGULARS_DATABASE_URL"),
        ("currancy", "REGULARS_CURRENCY"),
        ("plugin", "REGULARS_PLUGINS"),
        ("loyalty_hold_minute", "REGULARS_LOYALTY_HOLD_MINUTES"),
    ],
)
def test_a10_a_setting_that_nearly_exists_is_suggested(regulars: Regulars, written: str, meant: str) -> None:  # noqa: F811
    said = regulars("plugins", **({"plugins": "loyalty"} | {written: "UTC"}))
    assert said.exit_code == 1
    assert f"REGULARS_{written.upper()}: no such setting; did you mean {meant}?" in said.stderr


def test_a10_so_is_one_of_the_file(regulars: Regulars, elsewhere: Path) -> None:  # noqa: F811
    (elsewhere / "regulars.toml").write_text('timezon = "UTC"\ncolour = "red"\n')
    said = regulars("plugins").stderr
    assert "REGULARS_TIMEZON: no such setting; did you mean REGULARS_TIMEZONE?" in said
    assert "REGULARS_COLOUR: no such setting\n" in said


def test_a10_one_whose_plugin_is_off_says_so(regulars: Regulars, elsewhere: Path) -> None:  # noqa: F811
    for given in ({"plugins": "tiers"}, {"plugins": ""}, {"plugins": "-loyalty"}):
        said = regulars("plugins", **given, loyalty_hold_minutes="2").stderr
        assert "REGULARS_LOYALTY_HOLD_MINUTES: its plugin loyalty is off; REGULARS_PLUGINS switches it on" in said
    (elsewhere / "regulars.toml").write_text("loyalty_hold_minutes = 2\n")
    assert "REGULARS_LOYALTY_HOLD_MINUTES: its plugin loyalty is off" in regulars("plugins").stderr
    assert regulars("plugins", plugins="loyalty").exit_code == 0


def test_a10_values_that_nearly_exist_are_suggested_too(regulars: Regulars) -> None:  # noqa: F811
    said = regulars("plugins", timezone="Europe/Parsi", currency="eur", country="mx").stderr
    assert "did you mean Europe/Paris?" in said
    assert "did you mean EUR?" in said
    assert "did you mean MX?" in said


def test_a10_all_but_some_plugins() -> None:
    available = installed()
    box = [plugin.name for plugin in available if plugin.in_the_box]

    def names(*wanted: str) -> list[str]:
        return [plugin.name for plugin in chosen(available, wanted)]

    assert names("-tiers") == [name for name in box if name != "tiers"]
    assert names("-tiers", "-loyalty") == [name for name in box if name not in {"tiers", "loyalty"}]
    assert names(*[f"-{name}" for name in box]) == []
    assert names("-tiers", "+loyalty") == names("-tiers")
    for wanted in (("tiers", "-loyalty"), ("loyalty", "+tiers", "-rewards"), ("+tiers", "-tiers")):
        with pytest.raises(PluginError, match="REGULARS_PLUGINS"):
            chosen(available, wanted)


def test_a10_all_but_some_plugins_on_the_command_line(regulars: Regulars) -> None:  # noqa: F811
    listed = regulars("plugins", plugins="-tiers")
    assert listed.exit_code == 0
    rows = [[cell.strip() for cell in line.split("│")] for line in listed.stdout.splitlines() if "│" in line]
    on = {row[1]: row[3] for row in rows if row[1]}  # a long description goes on in a row without a name
    assert on == {"analytics": "yes", "tiers": "no", "loyalty": "yes", "rewards": "yes"}
    assert regulars("tiers", "--help", plugins="-tiers").exit_code != 0


@pytest.mark.parametrize("wanted", ["tires", "-tires", "+tires"])
def test_a10_a_plugin_that_nearly_exists_is_suggested(regulars: Regulars, wanted: str) -> None:  # noqa: F811
    said = regulars("plugins", plugins=wanted)
    assert said.exit_code == 1
    assert "REGULARS_PLUGINS names tires, which is not installed; did you mean tiers?" in said.stderr


@pytest.mark.parametrize("command", ["migrate", "verify", "doctor"])
def test_a10_a_folder_that_is_not_there_is_named(regulars: Regulars, elsewhere: Path, command: str) -> None:  # noqa: F811
    said = regulars(command, database_url="sqlite://nodir/shop.db")
    assert said.exit_code == 1
    assert f"{elsewhere}/nodir" in said.output
    if command != "verify":
        assert f"there is no folder {elsewhere}/nodir" in said.output


def test_a10_a_file_that_cannot_be_opened_is_named(regulars: Regulars, elsewhere: Path) -> None:  # noqa: F811
    (elsewhere / "shop.db").mkdir()
    (elsewhere / "letter.db").write_text("Dear Ana" * 1_000)
    for name in ("shop.db", "letter.db", "letter.db/shop.db"):
        said = regulars("migrate", database_url=f"sqlite://{name}")
        assert said.exit_code == 1
        assert f"{elsewhere}/{name.partition('/shop')[0]}" in said.output, said.output


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("migrat",), "migrate"),
        (("tires", "--help"), "tiers"),
        (("key", "creat"), "create"),
    ],
)
def test_a10_what_nearly_exists_on_the_command_line_is_suggested(
    regulars: Regulars,  # noqa: F811
    arguments: tuple[str, ...],
    meant: str,
) -> None:
    assert regulars("migrate", plugins="tiers").exit_code == 0
    said = regulars(*arguments, plugins="tiers")
    assert said.exit_code != 0
    assert "did you mean" in said.output.lower()
    assert meant in said.output.lower().partition("did you mean")[2]


def test_a10_a_command_whose_plugin_is_off_says_so(regulars: Regulars) -> None:  # noqa: F811
    said = regulars("tiers", "reassess", plugins="")
    assert said.exit_code != 0
    assert "'tiers' is of a plugin that is off; REGULARS_PLUGINS switches it on" in said.output
