"""Counting again what is stored twice: core's own figures and those of plugins, each by a verification."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from regulars_core.customers import recent_text
from regulars_core.plugins import CORE, PluginError, Plugins
from regulars_core.purchases.statistics import differences
from regulars_core.shop import Shop


@dataclass(frozen=True)
class Verification:
    """One thing to count again. `differences` yields a sentence for each that is not as it should be; it writes nothing."""

    name: str
    description: str
    differences: Callable[[Shop], AsyncIterator[str]]


async def _statistics(shop: Shop) -> AsyncIterator[str]:
    async for found in differences(shop.database):
        yield f"customer_{found.customer_id}: stored {found.stored}, recounted {found.recounted}"


async def _recent_text(shop: Shop) -> AsyncIterator[str]:
    async for id_ in recent_text.differences(shop.database):
        yield f"customer_{id_}: a quick search looks into something else than what is known of the customer"


VERIFICATIONS: Sequence[Verification] = (
    Verification("statistics", "Statistics of customers are what their purchases amount to.", _statistics),
    Verification("recent-text", "Quick searches look into the texts of those who were seen last.", _recent_text),
)


def all_verifications(plugins: Plugins) -> Sequence[Verification]:
    """Core's verifications and those of plugins. Raises PluginError where two have the same name."""
    owners = {one.name: CORE for one in VERIFICATIONS}
    found = [*VERIFICATIONS]
    for plugin, verifications in plugins.declared("regulars_verifications").items():
        for one in verifications:
            if elder := owners.get(one.name):
                raise PluginError(f"The verification '{one.name}' is defined by '{elder}' and by '{plugin}'")
            owners[one.name] = plugin
            found.append(one)
    return found
