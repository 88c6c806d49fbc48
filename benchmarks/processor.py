"""Processor time and memory of processes, from /proc."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICK = 1000 / os.sysconf("SC_CLK_TCK")  # milliseconds


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*"):
            try:
                found += map(int, (task / "children").read_text().split())
            except OSError:
                continue  # ended meanwhile
    return found


def spent(pids: Iterable[int]) -> float:
    """The milliseconds of processor time that processes and their ended children have used so far."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile; its parent has its time
        total += sum(map(int, fields[11:15]))  # utime, stime, and those of children that were waited for
    return total * _TICK


def memory(pid: int, what: str = "VmHWM") -> float:
    """The megabytes of a process: `VmHWM` at most so far, `VmRSS` at present."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == what:
            return int(value.split()[0]) / 1024
    raise KeyError(what)


def used(pids: Iterable[int]) -> float:
    """The same as `spent`, to the microsecond but for their ended children; of threads that have not ended."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            threads = [int(one.read_text().split()[0]) for one in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        except OSError:
            continue  # ended meanwhile; its parent has its time
        total += sum(threads) / 1e6 + _TICK * sum(map(int, fields[13:15]))
    return total


def parent(pid: int) -> int:
    """Who has started a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
