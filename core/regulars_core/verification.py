"""Counting again what is stored twice: core's own figures and those of plugins, each by a verification."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from regulars_core.plugins.host import Plugins
from regulars_core.shop.shop import Shop


@dataclass(frozen=True)
class Verification:
    """Something that is stored twice, and how it is counted again.

    `differences` yields a sentence for each that is not as it should be; it writes nothing.
    """

    name: str
    description: str
    differences: Callable[[Shop], AsyncIterator[str]]
    quick: bool = False
    """Whether it takes hardly longer in a large shop, so that `regulars doctor` looks, too."""


PROGRESS = logging.getLogger("regulars.verification")
"""Says how far a long verification is, which `regulars verify` prints."""


def told_progress(name: str, done: int, expected: int) -> None:
    """Say how far a verification is: so many of about so many rows."""
    PROGRESS.info("%s: %s of %s", name, f"{done:,}", f"{expected:,}")


def verifications_of(plugins: Plugins) -> Sequence[Verification]:
    """Core's verifications and those of plugins. Raises PluginError where two have the same name."""
    return plugins.gathered("regulars_verifications", "verification")
