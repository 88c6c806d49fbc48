"""What stands against undoing merges, as plugins know it: what a merge gave the survivor may be spent by now."""

from collections.abc import Mapping, Sequence

from regulars_core.customers.merge.reads import MergeRow, standing_merges
from regulars_core.events.ahead import UNMERGED_EVENT
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.shop.shop import Shop

UNMERGING = "customers_unmerging"


async def obstacles_of(shop: Shop, merges: Sequence[MergeRow]) -> Sequence[Sequence[Problem]]:
    """Why each of these cannot be done now, or not be undone any more. Plugins are asked of those alone that core has nothing
    against. Raises CatchingUp for a plugin that cannot know yet."""
    open_ones = [row.id for row in merges if row.id and not row.obstacles]
    found = await plugins_against_undo(shop, open_ones)
    return [row.obstacles or found.get(row.id or "", ()) for row in merges]


async def plugins_against_undo(shop: Shop, merge_ids: Sequence[str]) -> Mapping[str, Sequence[Problem]]:
    """What plugins have against undoing these merges, by id. Raises CatchingUp for a plugin that cannot know yet."""
    asked = shop.plugins.implementing(UNMERGING)
    for plugin in asked:
        shop.refuse_behind(plugin)
    if not (asked and merge_ids):
        return {}
    merges = await standing_merges(shop.database, merge_ids)
    answers = await shop.plugins.answers(UNMERGING, {"shop": shop, "merges": list(merges.values())})
    return {id_: [problem for own in answers.values() for problem in own[place]] for place, id_ in enumerate(merges)}


async def refuse_undo(shop: Shop, merge_id: str) -> None:
    """Raise Refused where a plugin has something against undoing a merge, and CatchingUp where one that takes part in undos is
    behind: told later, it could refuse no more."""
    for plugin in shop.plugins.implementing(UNMERGED_EVENT):
        shop.refuse_behind(plugin)
    if problems := (await plugins_against_undo(shop, [merge_id])).get(merge_id):
        raise Refused(*problems)
