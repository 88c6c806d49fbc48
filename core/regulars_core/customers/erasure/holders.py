"""Whoever holds something of customers, asked: core, every plugin that is on, and those that are installed and off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from regulars_core.customers.erasure.holdings import Parts
from regulars_core.database import Database, migrations
from regulars_core.events import journal
from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import CORE, PluginError
from regulars_core.shop.shop import Shop

ERASED_EVENT = "customers_erased"


async def ids_alone(_: Database, customer_ids: Sequence[str]) -> Mapping[str, str]:
    """What the journal tells of an erasure, also of who is not there any more: ids."""
    return {id_: id_ for id_ in customer_ids}


@dataclass(frozen=True, slots=True)
class Holders:
    """Those who are asked, and the host that asks them."""

    plugins: Plugins
    names: Sequence[str]

    @classmethod
    async def of(cls, shop: Shop) -> "Holders":
        """Those of a shop. A plugin that was never on has no tables, and so holds nothing.

        Raises PluginError for one that is off and cannot be asked: nobody knows what it holds.
        """
        everybody = shop.plugins.with_those_off
        apps = {app.label: app for app in everybody.apps}
        names = [CORE]
        for name in everybody.names:
            if name not in shop.plugins.names and (app := apps.get(name)) is not None:
                applied, missing = await migrations.state_of(shop.database, app)
                if not applied:
                    continue
                if missing:
                    raise PluginError(
                        f"The plugin '{name}' is off, and its tables lack {', '.join(missing)}, so it cannot say what they hold"
                        f" of customers; run `REGULARS_PLUGINS=+{name} regulars migrate`."
                    )
            names.append(name)
        return cls(everybody, names)

    async def erase(self, shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
        """Let all of them erase what they hold of customers, in the caller's transaction; of how much, by kind.

        It is written into the journal as an event of which those did not hear that are off: they are told once more after what
        they missed. So is a plugin that is not even installed at the time, when it comes back.
        """
        told = [name for name in shop.plugins.names if name not in shop.behind]
        await journal.write(shop, ERASED_EVENT, customer_ids, took_part=told)
        facts = {"shop": shop, "customers": customer_ids}
        answers = await self.plugins.answers(ERASED_EVENT, facts, only=self.names)
        return _sums(answers.values())

    async def references(self, shop: Shop, customer_id: str) -> Mapping[str, int]:
        """What refers to a customer, by kind: those of which there are any. Raises CatchingUp for a plugin that cannot know
        yet."""
        self._refuse_behind(shop, "customers_referenced")
        facts = {"shop": shop, "customers": [customer_id]}
        answers = await self.plugins.answers("customers_referenced", facts, only=self.names)
        return {kind: count for kind, count in _sums(one[0] for one in answers.values()).items() if count}

    async def data(self, shop: Shop, customer_ids: Sequence[str]) -> Sequence[Mapping[str, Parts]]:
        """What they tell of each of these customers, in their order, by whose it is. Raises CatchingUp for a plugin that does not
        have everything yet."""
        self._refuse_behind(shop, "customers_data")
        facts = {"shop": shop, "customers": customer_ids}
        answers: Mapping[str, Sequence[Parts]] = await self.plugins.answers("customers_data", facts, only=self.names)
        return [{owner: parts[n] for owner, parts in answers.items()} for n in range(len(customer_ids))]

    def _refuse_behind(self, shop: Shop, hook: str) -> None:
        for plugin in self.plugins.implementing(hook):
            shop.refuse_behind(plugin)


def _sums(counted: Iterable[Mapping[str, int] | None]) -> Mapping[str, int]:
    sums: dict[str, int] = {}
    for counts in counted:
        for kind, count in (counts or {}).items():
            sums[kind] = sums.get(kind, 0) + count
    return sums
