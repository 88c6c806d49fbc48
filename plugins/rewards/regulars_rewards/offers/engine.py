"""Which offers apply to a basket, what each takes off each line, and why the others do not. Pure.

The same function answers the quote and decides the sale.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from regulars_core.plugin import RuleExplanation
from regulars_rewards.offers.explanations import explained
from regulars_rewards.offers.facts import OfferBasket
from regulars_rewards.offers.goods import NOTHING, Attempt, Failure, Goods
from regulars_rewards.offers.obstacles import Obstacle, Reason, in_order
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.offers.standing import standing_obstacles


@dataclass(frozen=True, slots=True)
class Candidate:
    """A promotion that may apply: by itself, or by the coupon with this code. `obstacles` stand in its way whatever is in the
    basket, and `budget_left` is how much it may still take off, None without a budget."""

    promotion: Promotion
    coupon_code: str | None = None
    coupon_id: str | None = None
    obstacles: Sequence[Obstacle] = ()
    budget_left: int | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """An offer that applies: what it takes off each line, by its place, and how that comes about."""

    candidate: Candidate
    shares: Mapping[int, int]
    explanation: RuleExplanation

    @property
    def amount(self) -> int:
        """What it takes off in all."""
        return sum(self.shares.values())


@dataclass(frozen=True, slots=True)
class Skipped:
    """An offer that does not apply, and all that stands in its way, in the order of reasons."""

    candidate: Candidate
    obstacles: Sequence[Obstacle]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What offers do to a basket: those that apply in the order in which they do; those that do not, typed codes first, as they
    were given, then by their order; and which kinds failed when they were asked."""

    applied: Sequence[Applied] = ()
    skipped: Sequence[Skipped] = field(default=())
    failures: Sequence[Failure] = ()


def evaluate(
    basket: OfferBasket, candidates: Sequence[Candidate], *, grouped: Sequence[Promotion] = (), explains: bool = True
) -> Evaluation:
    """What these offers do to a basket.

    `grouped` are the promotions of which the best of a group applies, those too of which no code was typed: a group stands where
    the first of them does that is in force, whatever else stands in its way. So a basket that is sold with the codes that apply
    costs what it was quoted with all that were typed.

    Whose obstacles are known already, or that are not in force at its instant or in its store, do not apply. With `explains`, all
    else that would stand in the way of those that do not apply is found too; without it only of those that came by a code, and
    the others are not told at all.
    """
    asked = _Asked(basket, candidates, grouped, explains)
    run, tried = _Run(asked, {}), set[tuple[int, int]]()
    while (pair := run.overtaken(tried)) is not None:
        tried.add(pair)
        late, early = pair
        other = _Run(asked, {**run.yielding, late: early})
        if early in other.applied:
            run = other
    return run.told()


class _Asked:
    """What was asked. Candidates are numbered as they were given; `order` are those that may apply and those that are told why
    not, `known` is what stands in the way of the latter, and `steps` are those of which one applies, in their order."""

    def __init__(
        self, basket: OfferBasket, candidates: Sequence[Candidate], grouped: Sequence[Promotion], explains: bool
    ) -> None:
        self.basket, self.candidates, self.explains = basket, candidates, explains
        self.goods = Goods(basket)
        self.known: dict[int, Sequence[Obstacle]] = {}
        self.places = [one.promotion.order for one in candidates]
        self.order = sorted(self._asked(), key=self.places.__getitem__)
        self.exclusive = [n for n in self.order if n not in self.known and candidates[n].promotion.data.is_exclusive]
        self.steps = self._steps(grouped)

    def is_told(self, n: int) -> bool:
        """Whether all that stands in the way of it is told."""
        return self.explains or self.candidates[n].coupon_code is not None

    def group(self, n: int) -> str | None:
        """The group of which it is one."""
        return self.candidates[n].promotion.data.best_of_group

    def _steps(self, grouped: Sequence[Promotion]) -> Sequence[Sequence[int]]:
        alone, groups = list[tuple[tuple[int, str], list[int]]](), dict[str, list[int]]()
        for n in self.order:
            group = self.group(n)
            if group is None or n in self.known:
                alone.append((self.places[n], [n]))
            else:
                groups.setdefault(group, []).append(n)
        if not groups:
            return [step for _, step in alone]
        places = {group: self.places[members[0]] for group, members in groups.items()}
        for one in grouped:
            group = one.data.best_of_group
            if group in places and one.order < places[group] and self._is_in_force(one):
                places[group] = one.order
        together = [(places[group], members) for group, members in groups.items()]
        return [step for _, step in sorted([*alone, *together], key=lambda each: each[0])]

    def _is_in_force(self, promotion: Promotion) -> bool:
        """Whether it is whole, and in force when and where the basket is."""
        stores = promotion.data.store_ids
        return (
            promotion.starts_at <= self.basket.at < promotion.ends_at
            and promotion.is_whole
            and (stores is None or self.basket.store_id in stores)
        )

    def _asked(self) -> Iterator[int]:
        """Those that may apply as far as that is known before the goods are looked at, and those that are told why not."""
        for n, one in enumerate(self.candidates):
            if not one.obstacles and self._is_in_force(one.promotion):
                yield n
            elif self.is_told(n):
                reasons = {known.reason for known in one.obstacles}
                found = standing_obstacles(one.promotion, self.basket.at, self.basket.store_id)
                self.known[n] = [*one.obstacles, *(other for other in found if other.reason not in reasons)]
                yield n


class _Run:
    """The offers one after another. `yielding` are coupons that give way to another of higher priority, which does not go with
    them and comes later, since their group stands earlier than they do."""

    def __init__(self, asked: _Asked, yielding: Mapping[int, int]) -> None:
        self.asked, self.yielding = asked, yielding
        self.goods = asked.goods.copy()
        self.applied: dict[int, Attempt] = {}
        self.shares: dict[int, Mapping[int, int]] = {}
        self.used: set[str] = set()
        self.coupons: list[int] = []
        self.skipped: dict[int, Attempt] = {}
        self.blocked: dict[int, int] = {}
        if not self._exclusive():
            self._one_after_another()

    def overtaken(self, tried: set[tuple[int, int]]) -> tuple[int, int] | None:
        """A coupon that applies and one of higher priority that it kept out; None where there is none that was not tried."""
        for early, late in self.blocked.items():
            is_earlier = self._order(early) < self._order(late)
            if is_earlier and (late, early) not in tried and early not in self.asked.known:
                return late, early
        return None

    def told(self) -> Evaluation:
        """What came of it."""
        candidates = self.asked.candidates
        applied = [
            Applied(candidates[n], self.shares[n], explained(candidates[n].promotion, one, self.asked.basket))
            for n, one in self.applied.items()
        ]
        told = [n for n in self.skipped if self.asked.is_told(n)]
        told.sort(
            key=lambda n: (candidates[n].coupon_code is None, n if candidates[n].coupon_code else self._order(n), n)
        )
        skipped = [Skipped(candidates[n], self._obstacles(n)) for n in told]
        return Evaluation(applied, skipped, list(dict.fromkeys(self.goods.failures)))

    def _order(self, n: int) -> tuple[int, str]:
        return self.asked.places[n]

    def _exclusive(self) -> bool:
        """Whether an exclusive offer applies: the first that takes something off the untouched goods. Then nothing else does."""
        for n in self.asked.exclusive:
            attempt = self._try(n)
            if attempt.amount:
                for other in self.asked.order:
                    if other != n and other not in self.skipped and self.asked.is_told(other):
                        self.skipped[other] = self._try(other)
                self._apply(n, attempt)
                return True
            self.skipped[n] = attempt
        return False

    def _one_after_another(self) -> None:
        explains, candidates, is_met = self.asked.explains, self.asked.candidates, self.goods.is_met
        for step in self.asked.steps:
            members = [n for n in step if n not in self.applied and n not in self.skipped]
            if len(members) > 1 or any(
                explains or candidates[n].coupon_code is not None or is_met(candidates[n].promotion) for n in members
            ):
                self._one_of(members)

    def _one_of(self, members: Sequence[int]) -> None:
        """Apply the one of these that takes off most, of equal ones the first."""
        best: int | None = None
        for n in members:
            excluded = self._keeps_out(n)
            if excluded is not None:
                self.blocked[n] = excluded
            is_out = excluded is not None or n in self.yielding or n in self.asked.known
            self.skipped[n] = attempt = NOTHING if is_out and not self.asked.is_told(n) else self._try(n)
            if not is_out and attempt.amount and (best is None or attempt.amount > self.skipped[best].amount):
                best = n
        if best is not None:
            self._apply(best, self.skipped.pop(best))

    def _try(self, n: int) -> Attempt:
        one = self.asked.candidates[n]
        if _is_of_another(one):
            return NOTHING
        return self.goods.try_offer(one.promotion, one.budget_left, is_complete=self.asked.is_told(n))

    def _apply(self, n: int, attempt: Attempt) -> None:
        self.applied[n], self.shares[n] = attempt, attempt.shares
        self.goods.take(self.shares[n], attempt.off.prices if attempt.off else {})
        one = self.asked.candidates[n]
        self.used.add(one.promotion.id)
        if one.coupon_code is not None:
            self.coupons.append(n)

    def _keeps_out(self, n: int) -> int | None:
        """The first offer that applies and does not go with this one."""
        one = self.asked.candidates[n]
        if one.promotion.id in self.used or (one.coupon_code is not None and self.coupons):
            return next((other for other in self.applied if self._clash(n, other)), None)
        return None

    def _clash(self, n: int, other: int) -> bool:
        one, applied = self.asked.candidates[n], self.asked.candidates[other]
        if one.promotion.id == applied.promotion.id:
            return True
        are_coupons = one.coupon_code is not None and applied.coupon_code is not None
        return are_coupons and not (one.promotion.data.is_stackable and applied.promotion.data.is_stackable)

    def _obstacles(self, n: int) -> Sequence[Obstacle]:
        """All that stands in the way of one that does not apply."""
        one = self.asked.candidates[n]
        known = self.asked.known.get(n, ())
        if _is_of_another(one):
            return [other for other in known if other.reason is Reason.NOT_THEIRS]
        return in_order([*known, *self.skipped[n].obstacles, *self._excluding(n)])

    def _excluding(self, n: int) -> Iterator[Obstacle]:
        one, group = self.asked.candidates[n], self.asked.group(n)
        for other in self.applied:
            promotion = self.asked.candidates[other].promotion
            if promotion.id == one.promotion.id:
                message = "It applies already."
            elif promotion.data.is_exclusive:
                message = f"{promotion.name} applies, and nothing else beside it."
            elif group is not None and group == promotion.data.best_of_group:
                message = f"{promotion.name} applies, which takes off most of its group."
            elif self._clash(n, other) and (self.blocked.get(n) == other or promotion.order < one.promotion.order):
                message = f"{promotion.name} applies by a coupon, and both do not go together."
            else:
                continue
            yield Obstacle(Reason.EXCLUDED_BY, message, excluded_by=promotion.id)


def _is_of_another(one: Candidate) -> bool:
    """Whether it came by a code that is not theirs, of which nothing more is told."""
    return one.coupon_code is not None and any(known.reason is Reason.NOT_THEIRS for known in one.obstacles)
