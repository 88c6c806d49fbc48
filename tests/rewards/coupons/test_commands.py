"""Codes of any number are made by a command and written to a file, which is whole or not there."""

import asyncio
import importlib
from pathlib import Path
from typing import Any

import pytest

import regulars_rewards
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import opened_shop
from regulars_rewards.coupons.codes import is_sound
from tests.cli.conftest import elsewhere, regulars  # noqa: F401
from tests.rewards.coupons.shop_owner import Owner
from tests.support.commands import Regulars


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"rewards": regulars_rewards})


def prepared(url: str, plugins: Plugins) -> str:
    async def work() -> str:
        async with opened_shop(url, plugins) as shop:
            return await Owner(shop).promotion()

    return asyncio.run(work())


def test_codes(
    regulars: Regulars,  # noqa: F811
    database_url: str,
    plugins: Plugins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.import_module("regulars_rewards.commands"), "MAX_RANDOM", 10)
    offer, file = prepared(database_url, plugins), tmp_path / "codes.txt"
    settings: dict[str, Any] = {"database_url": database_url, "plugins": "rewards"}
    asked = ("rewards", "codes", offer, "--to", str(file), "--prefix", "may")
    made = regulars(*asked, "--count", "25", **settings)
    assert made.exit_code == 0, made.output
    codes = file.read_text().split()
    assert len(codes) == len(set(codes)) == 25
    assert all(code.startswith("MAY") and is_sound(code) for code in codes)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "25 of 25" in made.output
    again = regulars(*asked, "--count", "25", **settings)
    assert again.exit_code == 2
    assert "is there already" in again.output
    batch = next(word for word in made.output.replace(":", " ").split() if word.startswith("couponbatch_"))
    more = tmp_path / "more.txt"
    went_on = regulars("rewards", "codes", offer, "--to", str(more), "--count", "32", "--batch", batch, **settings)
    assert went_on.exit_code == 0, went_on.output
    assert len(set(more.read_text().split())) == 32
    assert set(codes) < set(more.read_text().split())
    for wrong in (["--prefix", "A-B"], ["--expires-at", "soon"], ["--batch", "nonsense"]):
        refused = regulars("rewards", "codes", offer, "--to", str(tmp_path / "x"), "--count", "1", *wrong, **settings)
        assert refused.exit_code == 2, refused.output
    assert not (tmp_path / "x").exists()
