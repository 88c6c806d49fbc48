"""Asking audiences: what has to be looked up for them, and who belongs to which at which instant.

    First half of an event          audience_lookups(shop, audiences, who)            names, reads nothing
    Second half                     audience_answers(shop, audiences, who, found)     pure, from those rows
    At once, of whatever is past    await read_audiences(shop, audiences, who)        both, one round

An audience of None is everybody. One with a leaf that nobody who is on brings is for nobody, also where that leaf stands under
`not`; so is one whose leaf fails.
"""

import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from regulars_core.audiences.leaves import Audience, AudienceFacts, CustomerMoment, Holds
from regulars_core.audiences.registry import TREE, AudienceLeaves, audience_leaves
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
    return [name(shop, moments) for facts in _facts(audience_leaves(shop), audiences) for name in facts.lookups]


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
    for key, audience in audiences.items():
        belongs = _everybody if audience is None else _compiled(shop, leaves, audience, failed)
        if belongs is _nobody:
            answers.failed.add(key)
        try:
            own_answers = {(key, one): belongs(one, known) for one in moments}
        except _LeafFailed as error:
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


def leaves_in(audience: Audience, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Every leaf of a stored tree with its place in it and its comparison."""
    for name, inside in audience.items():
        if name == "not":
            yield from leaves_in(inside, (*path, name))
        elif name in TREE:
            for n, part in enumerate(inside):
                yield from leaves_in(part, (*path, name, str(n)))
        else:
            yield (*path, name), name, inside


def _distinct(who: Who) -> Sequence[CustomerMoment]:
    return list(dict.fromkeys(CustomerMoment(*one) for one in who))


def _facts(leaves: AudienceLeaves, audiences: Audiences[K]) -> Sequence[AudienceFacts]:
    """What the leaves that occur look at, in the order in which leaves are declared."""
    occurring = {name for audience in audiences.values() if audience is not None for _, name, _ in leaves_in(audience)}
    return list(dict.fromkeys(leaf.facts for name, leaf in leaves.by_name.items() if name in occurring))


def _everybody(_: CustomerMoment, __: _Known) -> bool:
    return True


def _nobody(_: CustomerMoment, __: _Known) -> bool:
    return False


class _LeafFailed(Exception):
    def __init__(self, leaf: str, cause: Exception) -> None:
        super().__init__(leaf)
        self.leaf, self.cause = leaf, cause


def _compiled(shop: Shop, leaves: AudienceLeaves, audience: Audience, failed: set[AudienceFacts]) -> _Belongs:
    """What tells who belongs to an audience."""
    holds: dict[tuple[str, ...], Holds] = {}
    for path, name, comparison in leaves_in(audience):
        leaf = leaves.by_name.get(name)
        if leaf is None or leaf.facts in failed:
            return _nobody
        try:
            holds[path] = leaf.compares(shop, comparison)
        except Exception as error:
            _tell(leaves, name, error)
            return _nobody
    return _tree(leaves, audience, (), holds)


def _tree(
    leaves: AudienceLeaves, node: Audience, path: tuple[str, ...], holds: Mapping[tuple[str, ...], Holds]
) -> _Belongs:
    parts = [_part(leaves, name, inside, (*path, name), holds) for name, inside in node.items()]
    return parts[0] if len(parts) == 1 else lambda one, known: all(part(one, known) for part in parts)


def _part(
    leaves: AudienceLeaves, name: str, inside: Any, path: tuple[str, ...], holds: Mapping[tuple[str, ...], Holds]
) -> _Belongs:
    if name == "not":
        inner = _tree(leaves, inside, path, holds)
        return lambda one, known: not inner(one, known)
    if name in TREE:
        parts = [_tree(leaves, part, (*path, str(n)), holds) for n, part in enumerate(inside)]
        joined = all if name == "all" else any
        return lambda one, known: joined(part(one, known) for part in parts)
    compared, facts = holds[path], leaves.by_name[name].facts

    def belongs(one: CustomerMoment, known: _Known) -> bool:
        fact = known[facts].get(one)
        if fact is None:
            return False
        try:
            return bool(compared(fact, one.at))
        except Exception as error:
            raise _LeafFailed(name, error) from error

    return belongs


def _tell(leaves: AudienceLeaves, leaf: str, error: Exception) -> None:
    """What a plugin raised may quote customers, and is not told."""
    log.error(
        "the audience leaf %s of '%s' failed, so audiences with it are for nobody: %s",
        leaf,
        leaves.owners[leaf],
        type(error).__name__,
    )
