"""Settings of plugins, told and checked with core's own."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, create_model

from regulars_core.plugins.owners import PluginError
from regulars_core.shop.settings import SettingsError, load_settings
from regulars_core.start import configured, plugins_on
from tests.hooks.conftest import STAMPS
from tests.hooks.test_plugins import plugin
from tests.support.stamps import StampSettings

MODELS = {"stamps": StampSettings}


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("REGULARS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_they_come_from_the_same_places(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(MODELS).of(StampSettings) == StampSettings(colour="red", per_visit=1)
    assert load_settings().of(StampSettings).colour == "red"
    Path("regulars.toml").write_text('stamps_colour = "blue"\nstamps_per_visit = 2\ncurrency = "EUR"\n')
    monkeypatch.setenv("REGULARS_STAMPS_PER_VISIT", "3")
    found = load_settings(MODELS)
    assert (found.of(StampSettings).colour, found.of(StampSettings).per_visit, found.currency) == ("blue", 3, "EUR")
    assert load_settings(MODELS, stamps_colour="red").of(StampSettings).colour == "red"


def test_every_mistake_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("regulars.toml").write_text("stamps_size = 3\n")
    for name, value in (("STAMPS_COLOUR", "green"), ("STAMPS_PER_VISIT", "0"), ("STAMPS_X", "1"), ("CURRENCY", "EURO")):
        monkeypatch.setenv(f"REGULARS_{name}", value)
    with pytest.raises(SettingsError) as raised:
        load_settings(MODELS)
    said = str(raised.value).splitlines()
    assert len(said) == 5
    assert "REGULARS_STAMPS_COLOUR: use red or blue (given: 'green')" in said
    assert {line.partition(":")[0].removeprefix("REGULARS_") for line in said} == {
        "STAMPS_SIZE", "STAMPS_COLOUR", "STAMPS_PER_VISIT", "STAMPS_X", "CURRENCY"
    }  # fmt: skip


def test_two_owners_of_one_name_stop_the_start() -> None:
    def model(name: str) -> Any:
        return create_model("Settings", **{name: (int, Field(1, description="x"))})

    with pytest.raises(PluginError, match=r"REGULARS_DATABASE_POOL is defined by 'core' and by 'database'"):
        load_settings({"database": model("pool")})
    with pytest.raises(PluginError, match=r"REGULARS_A_B_C is defined by 'a' and by 'a_b'"):
        load_settings({"a": model("b_c"), "a_b": model("c")})
    with pytest.raises(PluginError, match="'a' must answer regulars_settings with a pydantic model"):
        _ = plugins_on({"a": plugin(regulars_settings=lambda: {"b": 1})}).settings_models


def test_settings_of_a_plugin_that_is_off_are_unknown(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install(STAMPS)
    monkeypatch.setenv("REGULARS_STAMPS_COLOUR", "blue")
    monkeypatch.setenv("REGULARS_PLUGINS", "stamps")
    settings, on = configured()
    assert on.names == ("stamps",)
    assert settings.of(StampSettings).colour == "blue"
    assert configured(plugins="+stamps")[1].names == ("stamps",)
    monkeypatch.setenv("REGULARS_PLUGINS", "")
    with pytest.raises(SettingsError, match="REGULARS_STAMPS_COLOUR: its plugin stamps is off"):
        configured()
    Path("regulars.toml").write_text("plugins = 3\n")
    monkeypatch.delenv("REGULARS_PLUGINS")
    with pytest.raises(SettingsError, match="REGULARS_PLUGINS"):
        configured()
    assert issubclass(StampSettings, BaseModel)
