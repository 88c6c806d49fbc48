"""How often the interpreter looks for garbage while very much is made."""

import gc
from contextlib import ExitStack

from regulars_core.primitives.garbage import seldom_collected


def test_whoever_leaves_last_lets_it_be_as_it_was_before_the_first() -> None:
    before = gc.get_threshold()
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(seldom_collected())
        seldom = gc.get_threshold()
        second.enter_context(seldom_collected())
        first.close()
        assert gc.get_threshold() == seldom != before
        second.close()
        assert gc.get_threshold() == before
