"""Where tests keep their databases: in memory, where there is room for them.

A PostgreSQL database is some three hundred files, and a test makes one and removes it again: on a disk that took more of the
processor's time than the test itself.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MEMORY = Path("/dev/shm")
_NEEDED_BYTES = 4 * 2**30
"""Room that tests may need, and somebody else beside them."""
_PREFIX = "regulars-tests-"


@contextmanager
def databases_folder() -> Iterator[Path]:
    """A new folder that is removed afterwards: in memory where four GiB are free, and else, or where the environment's
    TEST_DATABASES is `disk`, where temporary files are."""
    within = _MEMORY if os.environ.get("TEST_DATABASES") != "disk" and _is_roomy(_MEMORY) else None
    if within is not None:
        _remove_abandoned(within)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=within))
    folder.chmod(0o755)  # PostgreSQL runs as another user
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_roomy(folder: Path) -> bool:
    with suppress(OSError):
        available = next(
            int(line.split()[1]) * 1024
            for line in Path("/proc/meminfo").read_text().splitlines()
            if line.startswith("MemAvailable:")
        )
        return os.access(folder, os.W_OK) and min(available, shutil.disk_usage(folder).free) >= _NEEDED_BYTES
    return False


def _remove_abandoned(within: Path) -> None:
    """Memory is not given back by itself: what was left by tests that were killed is removed by the next ones."""
    for folder in within.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)
