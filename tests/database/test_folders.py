"""Where the databases of tests lie, and what of them stays."""

import os
import subprocess
from pathlib import Path

import pytest

from regulars_core.testing import databases_folder, folders


def test_databases_lie_in_memory_where_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_DATABASES", raising=False)
    monkeypatch.setattr(folders, "_MEMORY", tmp_path)
    monkeypatch.setattr(folders, "_NEEDED_BYTES", 1)
    killed = subprocess.Popen(["true"])
    killed.wait()
    (tmp_path / f"regulars-tests-{killed.pid}-x").mkdir()
    (tmp_path / f"regulars-tests-{os.getppid()}-x").mkdir()
    with databases_folder() as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o755, "PostgreSQL runs as another user"
        (folder / "shop.db").touch()
        left = {one.name.split("-")[2] for one in tmp_path.iterdir()}
        assert left == {str(os.getpid()), str(os.getppid())}, "what those left who were killed is gone"
    assert not folder.exists()


def test_they_lie_on_the_disk_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_MEMORY", tmp_path)
    for asked, needed in (("disk", 1), ("", 2**62)):
        monkeypatch.setenv("TEST_DATABASES", asked)
        monkeypatch.setattr(folders, "_NEEDED_BYTES", needed)
        with databases_folder() as folder:
            assert folder.is_dir()
            assert tmp_path not in folder.parents
