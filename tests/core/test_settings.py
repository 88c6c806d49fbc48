"""Settings: where they come from, and every mistake at once."""

import os
from pathlib import Path
from typing import Any

import pytest

from regulars_core.shop.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("REGULARS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def mistakes(**given: Any) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load_settings(**given)
    return str(raised.value).splitlines()


def test_without_anything_they_are_the_defaults() -> None:
    found = load_settings()
    assert (found.database_url, found.currency, found.timezone, found.country) == (
        "sqlite://regulars.db",
        "USD",
        "UTC",
        "US",
    )
    assert found.plugins is None
    assert found == Settings()


def test_arguments_win_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("regulars.toml").write_text('currency = "EUR"\ncountry = "DE"\nshop_name = "Of the file"\n')
    monkeypatch.setenv("REGULARS_COUNTRY", "FR")
    monkeypatch.setenv("REGULARS_SHOP_NAME", "Of the environment")
    found = load_settings(shop_name="Given")
    assert (found.currency, found.country, found.shop_name) == ("EUR", "FR", "Given")


@pytest.mark.parametrize(
    ("written", "plugins"),
    [("tiers, loyalty", ("tiers", "loyalty")), ("", ()), (" ,", ()), ("+birthday", ("+birthday",))],
)
def test_plugins_are_a_list_with_commas(
    monkeypatch: pytest.MonkeyPatch, written: str, plugins: tuple[str, ...]
) -> None:
    monkeypatch.setenv("REGULARS_PLUGINS", written)
    assert load_settings().plugins == plugins
    monkeypatch.delenv("REGULARS_PLUGINS")
    Path("regulars.toml").write_text('plugins = ["tiers"]\n')
    assert load_settings().plugins == ("tiers",)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("database_url", "mysql://host/name"),
        ("database_url", "regulars.db"),
        ("database_url", ""),
        ("database_url", "postgres://user@host:port/name"),
        ("database_url", "postgres://user@[::1/name"),
        ("currency", "usd"),
        ("currency", "XXY"),
        ("currency", ""),
        ("currency", "US Dollar"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("timezone", "europe/madrid"),
        ("timezone", ""),
        ("country", "mx"),
        ("country", "MEX"),
        ("country", "ZZ"),
        ("shop_name", ""),
        ("shop_name", "x" * 121),
        ("database_pool", "0"),
        ("database_pool", "many"),
        ("database_pool", "1.5"),
        ("sqlite_readers", "33"),
        ("max_body_bytes", "-1"),
        ("document_cache", "-1"),
    ],
)
def test_each_mistake_names_its_setting(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(f"REGULARS_{name.upper()}", wrong)
    [said] = mistakes()
    assert said.startswith(f"REGULARS_{name.upper()}: ")


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("regulars.toml").write_text('country = "mx"\ncolour = "red"\n')
    for name, value in (("CURRENCY", "EURO"), ("TIMEZONE", "Mars"), ("SHADE", "dark"), ("DATABASE_POOL", "x")):
        monkeypatch.setenv(f"REGULARS_{name}", value)
    said = mistakes(sqlite_readers=0)
    assert {line.partition(":")[0] for line in said} == {
        f"REGULARS_{name}"
        for name in ("COUNTRY", "COLOUR", "CURRENCY", "TIMEZONE", "SHADE", "DATABASE_POOL", "SQLITE_READERS")
    }
    assert len(said) == 7
    assert "REGULARS_SHADE: no such setting" in said
    assert any("'EURO'" in line for line in said)


def test_a_password_is_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_DATABASE_URL", "postgresql+asyncpg://user:hunter2@host/name")
    monkeypatch.setenv("REGULARS_CURRENCY", "EURO")
    assert "hunter2" not in "".join(mistakes())


def test_a_file_that_is_no_toml(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("regulars.toml").write_text("currency = EUR\n")
    monkeypatch.setenv("REGULARS_SHADE", "dark")
    unknown, broken = mistakes()
    assert unknown == "REGULARS_SHADE: no such setting"
    assert broken.startswith("regulars.toml: ")


def test_they_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().currency = "EUR"  # type: ignore[misc]
