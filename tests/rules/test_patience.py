"""Functions of plugins are broken off where they take too long, and the process that tried them is as quick as before."""

import subprocess
import sys

import pytest

# The interpreter would look for what waits to be raised at each call; while it profiles it would never do anything else. That is
# seen from outside of the process, since nothing within it could end it.
_PROFILED = """
import cProfile
from regulars_core.rules.laws import LawBroken, try_laws
from tests.rules.test_laws import kind

def some(n):
    return n + 1

def endless(facts):
    while True:
        pass

try_laws(kind(len))
if {breaks_off}:
    try:
        try_laws(kind(endless))
    except LawBroken as broken:
        print(broken)
with cProfile.Profile() as profile:
    some(1)
print("profiled")
"""


@pytest.mark.parametrize("breaks_off", [False, True])
def test_nothing_is_left_to_be_raised(breaks_off: bool) -> None:
    program = _PROFILED.format(breaks_off=breaks_off)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1:] == ["profiled"], done.stderr
    assert ("it answers in 1 second" in done.stdout) is breaks_off
