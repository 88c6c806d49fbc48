"""Disks that fail: full ones, and ones that do not keep what they were given. Real ones, as far as a process can tell."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCK = 4_096
_PATIENCE = 30.0


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of its own in memory with a size. Skips without the right to mount one."""
    place = Path(tempfile.mkdtemp(prefix="regulars-disk-"))
    place.chmod(0o755)  # PostgreSQL runs as somebody else
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m,mode=1777", "tmpfs"]
    if subprocess.run(["mount", *options, place], capture_output=True, check=False).returncode:
        place.rmdir()
        pytest.skip("a small file system cannot be mounted here: that needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
        place.rmdir()


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """There is not a byte left on the disk, as long as this lasts."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1_048_576, _BLOCK):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def no_larger_file(process: int, size: int) -> Iterator[None]:
    """The kernel lets this process write no file beyond so many bytes (EFBIG), as long as this lasts. Needs no rights."""
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, before)


@contextmanager
def failing_fsync(processes: Sequence[int]) -> Iterator[None]:
    """Every fsync of these processes, of their threads, and of those they start meanwhile, answers EIO and writes nothing.

    strace stands between them and the kernel; the programs are as they are. Skips where it may not.
    """
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    which = "fsync,fdatasync"
    them = [part for process in processes for part in ("-p", str(process))]
    command = ["strace", "-f", "-qq", "-o", os.devnull, f"--trace={which}", f"--inject={which}:error=EIO", *them]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
        deadline = time.monotonic() + _PATIENCE
        while not all(_traced(process) for process in processes):
            if tracer.poll() is not None or time.monotonic() > deadline:
                tracer.kill()
                pytest.skip("strace may not look at other processes here")
            time.sleep(0.01)
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)  # lets go of them
            tracer.wait(_PATIENCE)


def _traced(process: int) -> bool:
    """Whether somebody traces all threads of the process; one that has ended is nobody's any more."""
    try:
        threads = [(task / "status").read_text() for task in Path(f"/proc/{process}/task").iterdir()]
    except OSError:
        return True
    return all("TracerPid:\t0\n" not in status for status in threads)
