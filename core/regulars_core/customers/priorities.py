"""How urgently customers are to be answered, as plugins say it.

What a plugin does wrong is contained: it is logged, and what the others say stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from regulars_core.database import Lookup
from regulars_core.events.events import look_up
from regulars_core.primitives.errors import logged
from regulars_core.shop.shop import Shop

PRIORITY, LOOKUPS = "customers_priority", "customers_priority_lookups"
USUAL, MAX_PRIORITY = 0, 1_000
"""The priority of who is answered as usual, and the highest."""


class WrongAnswer(ValueError):
    """What a plugin has answered is no priorities."""


async def priorities_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """How urgently each of these customers is to be answered: the highest number that a plugin says, from 0, which is as usual,
    to 1000. One statement for all of them where plugins look something up; none where no plugin says anything."""
    ids = list(dict.fromkeys(customer_ids))
    found = dict.fromkeys(ids, USUAL)
    # Those that are being told what they missed would answer by what was true then.
    plugins = [one for one in shop.plugins.implementing(PRIORITY) if one not in shop.behind] if ids else []
    named: dict[str, Sequence[Lookup]] = {}
    for plugin in plugins:
        with _contained(plugin):
            named[plugin] = list(shop.plugins.ask(LOOKUPS, plugin, {"shop": shop, "customers": ids}) or ())
    rows, _ = await look_up(shop, named)
    for plugin in named:
        with _contained(plugin):
            facts = {"shop": shop, "customers": ids, "found": rows.get(plugin, ())}
            answer = list(shop.plugins.ask(PRIORITY, plugin, facts))
            if len(answer) != len(ids) or not all(type(number) is int for number in answer):
                raise WrongAnswer(f"one whole number for each of {len(ids)} customers is answered")
            for id_, number in zip(ids, answer, strict=True):
                found[id_] = min(max(found[id_], number), MAX_PRIORITY)
    return found


async def priority_of(shop: Shop, customer_id: str) -> int:
    """How urgently one customer is to be answered."""
    return (await priorities_of(shop, [customer_id]))[customer_id]


@contextmanager
def _contained(plugin: str) -> Iterator[None]:
    """Whatever a plugin raises inside is logged, and everything goes on."""
    try:
        yield
    except Exception as error:  # it is a stranger's code, and notes are written all the same
        logged(error, f"the priorities of the plugin '{plugin}'")
