"""Asking audiences: what has to be looked up for them, and who belongs to which at which instant.

    First half of an event          audience_lookups(shop, audiences, who)            names, reads nothing
    Second half                     audience_answers(shop, audiences, who, found)     pure, from those rows
    At once, of whatever is past    await read_audiences(shop, audiences, who)        both, one round

An audience of None is everybody. One with a leaf that nobody who is on brings is for nobody, also where that leaf stands under
`not`; so is one whose leaf fails. A segment is the conditions that it had at the instant; which these are is only found, so all
that leaves look at is looked up with it.
"""

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from regulars_core.audiences.leaves import Audience, AudienceFacts, CustomerMoment
from regulars_core.audiences.named import SEGMENT, SegmentsThen, keys_in, lookup_segments_then, segments_named, tree_of
from regulars_core.audiences.registry import AudienceLeaves, audience_leaves
from regulars_core.audiences.trees import TREE, leaves_in
from regulars_core.database import Lookup
from regulars_core.primitives.clock import Instant
from regulars_core.shop.shop import Shop

log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
Audiences = Mapping[K, Audience | None]
"""Audiences by what their owner knows them by, such as the code of a rule."""
Who = Sequence[tuple[str, Instant]]
"""Customers and instants, as CustomerMoment."""
_Known = Mapping[AudienceFacts, Mapping[CustomerMoment, Any]]
_Belongs = Callable[[CustomerMoment, _Known], bool]


def audience_lookups(shop: Shop, audiences: Audiences[K], who: Who) -> Sequence[Lookup]:
    """What `audience_answers` will have to know: the look-ups of the leaves that occur, each once. Nothing for nobody."""
    moments = _distinct(who)
    if not moments:
        return []
    named = [name(shop, moments) for facts in _facts(audience_leaves(shop), audiences) for name in facts.lookups]
    segments = segments_named(audiences.values())
    return [*named, lookup_segments_then(shop, segments, moments)] if segments else named


class AudienceAnswers(dict[tuple[K, CustomerMoment], bool]):
    """Whether each customer belonged to each audience at each instant: `(key, (customer, instant))`. `failed` are the audiences
    with a leaf that nobody who is on brings, or that has failed: these are for nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: set[K] = set()


def audience_answers(
    shop: Shop, audiences: Audiences[K], who: Who, found: Sequence[Sequence[Any]]
) -> AudienceAnswers[K]:
    """Whether each customer belonged to each audience at each instant. `found` are the rows of `audience_lookups` of the same
    audiences; it may have been named of customers whose keys were only sought then."""
    moments, leaves, answers = _distinct(who), audience_leaves(shop), AudienceAnswers[K]()
    if not moments:
        return answers
    rows, known, failed = iter(found), dict[AudienceFacts, Mapping[CustomerMoment, Any]](), set[AudienceFacts]()
    for facts in _facts(leaves, audiences):
        own = list(islice(rows, len(facts.lookups)))
        try:
            known[facts] = facts.read(shop, moments, own)
        except Exception as error:
            _tell(leaves, next(name for name, leaf in leaves.by_name.items() if leaf.facts == facts), error)
            failed.add(facts)
    compiling = _Compiling(shop, leaves, failed, SegmentsThen(next(rows, ())))
    for key, audience in audiences.items():
        belongs = _everybody if audience is None else compiling.audience(audience)
        if belongs is _nobody:
            answers.failed.add(key)
        try:
            own_answers = {(key, one): belongs(one, known) for one in moments}
        except _LeafFailed as error:
            if error.cause is not None:
                _tell(leaves, error.leaf, error.cause)
            answers.failed.add(key)
            own_answers = {(key, one): False for one in moments}
        answers.update(own_answers)
    return answers


async def read_audiences(shop: Shop, audiences: Audiences[K], who: Who) -> AudienceAnswers[K]:
    """The same, read at once; the number of statements does not depend on how many customers, instants or audiences there are."""
    lookups = audience_lookups(shop, audiences, who)
    found = await shop.database.read_together(lookups) if lookups else ()
    return audience_answers(shop, audiences, who, found)


def _distinct(who: Who) -> Sequence[CustomerMoment]:
    return list(dict.fromkeys(CustomerMoment(*one) for one in who))


def _facts(leaves: AudienceLeaves, audiences: Audiences[K]) -> Sequence[AudienceFacts]:
    """What the leaves that occur look at, in the order in which leaves are declared."""
    occurring = {name for audience in audiences.values() if audience is not None for _, name, _ in leaves_in(audience)}
    wanted = leaves.by_name if SEGMENT in occurring else occurring
    return list(dict.fromkeys(leaf.facts for name, leaf in leaves.by_name.items() if name in wanted))


def _everybody(_: CustomerMoment, __: _Known) -> bool:
    return True


def _nobody(_: CustomerMoment, __: _Known) -> bool:
    return False


class _LeafFailed(Exception):
    """A leaf that cannot be asked of somebody; what it raised, None where it is only not there."""

    def __init__(self, leaf: str, cause: Exception | None) -> None:
        super().__init__(leaf)
        self.leaf, self.cause = leaf, cause


@dataclass(frozen=True)
class _Compiling:
    """Makes of audiences what tells who belongs to them, by the leaves that there are and the segments that were found."""

    shop: Shop
    leaves: AudienceLeaves
    failed: Set[AudienceFacts]
    segments: SegmentsThen
    within: dict[str, _Belongs] = field(default_factory=dict)
    """What tells who belongs to segments, by their conditions."""

    def audience(self, audience: Audience) -> _Belongs:
        """What tells who belongs to an audience."""
        return self._compiled(audience, self._named)

    def _compiled(self, tree: Audience, named: "Callable[[Any], _Belongs | None]") -> _Belongs:
        belongs: dict[tuple[str, ...], _Belongs] = {}
        for path, name, comparison in leaves_in(tree):
            found = named(comparison) if name == SEGMENT else self._leaf(name, comparison)
            if found is None:
                return _nobody
            belongs[path] = found
        return _tree(tree, (), belongs)

    def _leaf(self, name: str, comparison: Any) -> _Belongs | None:
        """What tells for whom a leaf holds; None where it cannot be asked."""
        leaf = self.leaves.by_name.get(name)
        if leaf is None or leaf.facts in self.failed:
            return None
        try:
            compared, facts = leaf.compares(self.shop, comparison), leaf.facts
        except Exception as error:
            _tell(self.leaves, name, error)
            return None

        def belongs(one: CustomerMoment, known: _Known) -> bool:
            fact = known[facts].get(one)
            if fact is None:
                return False
            try:
                return bool(compared(fact, one.at))
            except Exception as error:
                raise _LeafFailed(name, error) from error

        return belongs

    def _named(self, comparison: Any) -> _Belongs:
        """What tells who is in any of the segments that a leaf names."""
        keys = keys_in(comparison)

        def belongs(one: CustomerMoment, known: _Known) -> bool:
            within = [self._segment(key, one.at) for key in keys]  # all of them: one that is unknown is for nobody
            return any(segment(one, known) for segment in within)

        return belongs

    def _segment(self, key: str, at: Instant) -> _Belongs:
        """What tells who was in a segment at an instant. Raises _LeafFailed where that cannot be told."""
        text = self.segments.at(key, at)
        belongs = None if text is None else self.within.get(text)
        if text is not None and belongs is None:
            belongs = self.within[text] = self._compiled(tree_of(text), lambda _: None)  # none holds another one
        if belongs is None or belongs is _nobody:
            raise _LeafFailed(SEGMENT, None)
        return belongs


def _tree(node: Audience, path: tuple[str, ...], leaves: Mapping[tuple[str, ...], _Belongs]) -> _Belongs:
    parts = [_part(name, inside, (*path, name), leaves) for name, inside in node.items()]
    return parts[0] if len(parts) == 1 else lambda one, known: all(part(one, known) for part in parts)


def _part(name: str, inside: Any, path: tuple[str, ...], leaves: Mapping[tuple[str, ...], _Belongs]) -> _Belongs:
    if name == "not":
        inner = _tree(inside, path, leaves)
        return lambda one, known: not inner(one, known)
    if name in TREE:
        parts = [_tree(part, (*path, str(n)), leaves) for n, part in enumerate(inside)]
        joined = all if name == "all" else any
        return lambda one, known: joined(part(one, known) for part in parts)
    return leaves[path]


def _tell(leaves: AudienceLeaves, leaf: str, error: Exception) -> None:
    """What a plugin raised may quote customers, and is not told."""
    log.error(
        "the audience leaf %s of '%s' failed, so audiences with it are for nobody: %s",
        leaf,
        leaves.owners[leaf],
        type(error).__name__,
    )
