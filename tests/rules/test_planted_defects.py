"""Whatever an author gets wrong is named by a law, with an example that is read at a glance."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from regulars_core.rules import patience
from regulars_core.rules.patience import WaitedTooLong
from regulars_core.testing import LawBroken, try_laws
from tests.support.planted import PLANTED, Planted


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one.name)
def test_it_is_named_by_a_law(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    if planted.law == WaitedTooLong.law:
        monkeypatch.setattr(patience, "WAITING", 0.5)  # so that the test does not wait as long as shops do
    with pytest.raises(LawBroken) as raised:
        try_laws(planted.kind, planted.settings)
    first, *example = str(raised.value).splitlines()
    print(raised.value)  # the table of all of them is read by `pytest -rP`
    assert first.startswith(f"{planted.kind.use} {planted.kind.name} breaks a law: {planted.law}")
    assert 1 <= len(example) <= 5
    assert len(first) < 300


def test_there_are_many_of_each_use() -> None:
    counts = Counter(one.kind.use for one in PLANTED)
    assert set(counts) == {"POINTS_RULE", "REWARD_TRIGGER", "OFFER_DISCOUNT", "OFFER_CONDITION", "TIER_CRITERION"}
    assert min(counts.values()) >= 8
    assert len({one.name for one in PLANTED}) == len(PLANTED)


def test_what_hangs_on_hashes_is_named_even_if_one_process_agrees() -> None:
    seed = "7"  # the hashes of all words that are tried have the same last bits as with 1
    program = (
        "from regulars_core.testing import LawBroken, try_laws\n"
        "from tests.support.planted import PLANTED\n"
        "for one in PLANTED:\n"
        "    if one.kind.name in {'HASH', 'SET'}:\n"
        "        try: try_laws(one.kind, one.settings)\n"
        "        except LawBroken: print(one.kind.name)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=True,
    )
    assert run.stdout.split() == ["SET", "HASH"]
