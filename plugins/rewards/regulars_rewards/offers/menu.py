"""Promotions that stand together, and which of them may be about a basket: what is found of them once, for every basket. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property

from regulars_core.plugin import Instant
from regulars_rewards.offers.facts import OfferBasket
from regulars_rewards.offers.promotion import Promotion

_REMEMBERED = 4


class Menu:
    """Promotions in their order."""

    def __init__(self, promotions: Sequence[Promotion]) -> None:
        self.promotions = promotions
        self._later: dict[int, Menu] = {}

    def at(self, instant: Instant) -> "Menu":
        """Those that had not ended at an instant, those that begin later among them. Between two ends it is the same menu."""
        ended = bisect_right(self._ends, instant)
        if not ended:
            return self
        if ended not in self._later:
            while len(self._later) >= _REMEMBERED:
                del self._later[next(iter(self._later))]
            self._later[ended] = Menu([one for one in self.promotions if one.ends_at > instant])
        return self._later[ended]

    @cached_property
    def _ends(self) -> Sequence[Instant]:
        return sorted(one.ends_at for one in self.promotions)

    @cached_property
    def by_themselves(self) -> "Menu":
        """Those that need no coupon."""
        return Menu([one for one in self.promotions if not one.needs_coupon])

    @cached_property
    def by_id(self) -> Mapping[str, Promotion]:
        """The same by id."""
        return {one.id: one for one in self.promotions}

    @cached_property
    def grouped(self) -> Sequence[Promotion]:
        """Those of which the best of a group applies."""
        return [one for one in self.promotions if one.data.best_of_group is not None]

    @cached_property
    def with_audience(self) -> Sequence[Promotion]:
        """Those that are for some customers."""
        return [one for one in self.promotions if one.data.audience is not None]

    @cached_property
    def needs_customer(self) -> bool:
        """Whether any is for known customers alone."""
        return any(one.needs_customer for one in self.promotions)

    @cached_property
    def counts_customers(self) -> bool:
        """Whether it is counted of any how often each customer has used it."""
        return any(one.data.per_customer_limit is not None for one in self.promotions)

    @cached_property
    def is_limited(self) -> bool:
        """Whether any has a limit or a budget in all."""
        return any(one.is_limited for one in self.promotions)

    def about(self, basket: OfferBasket) -> Sequence[Promotion]:
        """Those that may be about the goods of a basket and its store; the others take nothing off."""
        always, named, in_store = self._places
        found = always.copy()
        for name in basket.by_name if named else ():
            found += named.get(name, ())
        found += in_store.get(basket.store_id, ())
        return [self.promotions[n] for n in sorted(set(found))]

    @cached_property
    def _places(self) -> tuple[list[int], Mapping[str, Sequence[int]], Mapping[str, Sequence[int]]]:
        """Where the promotions stand: each is found by the first that it asks for of a name and a store, if it does."""
        always, named, in_store = list[int](), dict[str, list[int]](), dict[str, list[int]]()
        for n, one in enumerate(self.promotions):
            if one.names is not None:
                for name in one.names:
                    named.setdefault(name, []).append(n)
            elif one.data.store_ids is not None:
                for store_id in one.data.store_ids:
                    in_store.setdefault(store_id, []).append(n)
            else:
                always.append(n)
        return always, named, in_store
