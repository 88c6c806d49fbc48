"""What baskets would bring in progress if they were paid now: by the very code by which a sale does."""

from collections.abc import Sequence
from fractions import Fraction

from regulars_core.plugin import Basket, Shop, as_if_sold, fact_of, sale_of
from regulars_rewards.hookspecs import BasketEarning
from regulars_rewards.progress.earning import Earners
from regulars_rewards.progress.explanations import in_progress
from regulars_rewards.systems.known import read_systems

PROGRESS = "PROGRESS"


async def progress_of_baskets(shop: Shop, baskets: Sequence[Basket]) -> Sequence[Sequence[BasketEarning]]:
    """The progress that each of these baskets would bring if it were sold as it is and paid in money, in each reward system in
    which it would bring some; nothing for a stranger's. As many statements as for one."""
    sold = [as_if_sold(basket) for basket in baskets]
    known = await read_systems(shop)
    earners = Earners(shop, known, [(one.customer_id, one.purchased_at) for one in sold if one.customer_id])
    rows = await earners.read()
    told: list[Sequence[BasketEarning]] = []
    for one in sold:
        if not rows or not one.customer_id:
            told.append(())
            continue
        book = earners.book(rows)
        before = {tally.key: tally.standing.units for tally in book.tallies}
        facts = {one.customer_id: [fact_of(shop, one, lines=True)]}
        await earners.earn(book, [sale_of(shop, one, is_new=True)], rows, facts=facts)
        told.append(
            [
                _told(tally.standing.units - before.get(tally.key, Fraction(0)), tally.system.name)
                for tally in book.tallies
                if tally.is_changed and tally.customer_id == one.customer_id and not tally.system.is_shadow
            ]
        )
    return told


def _told(more: Fraction, name: str) -> BasketEarning:
    progress = in_progress(more)
    return BasketEarning(PROGRESS, progress, f"{format(progress, 'f')} towards {name}")
