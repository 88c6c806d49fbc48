"""The tree over the leaves of a seal. Pure.

Leaves are paired in their order, then the pairs, and so on; one that is left over goes up as it is. A tree is made from a stream
of leaves and keeps one node a level. A node over 2 ** n leaves, or over fewer at the end, can stand for them in another tree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from regulars_loyalty.chain.canonical import node


@dataclass(slots=True)
class Tree:
    """A tree that grows leaf by leaf."""

    count: int = 0
    _waiting: list[bytes | None] = field(default_factory=list)

    def add(self, one: bytes) -> None:
        """One more leaf."""
        self.count += 1
        for level, waiting in enumerate(self._waiting):
            if waiting is None:
                self._waiting[level] = one
                return
            one, self._waiting[level] = node(waiting, one), None
        self._waiting.append(one)

    @property
    def root(self) -> bytes | None:
        """The root over all leaves so far; None over none."""
        over: bytes | None = None
        for waiting in self._waiting:
            if waiting is not None:
                over = waiting if over is None else node(waiting, over)
        return over


def root_of(leaves: Iterable[bytes]) -> bytes | None:
    """The root over these leaves; None over none."""
    tree = Tree()
    for one in leaves:
        tree.add(one)
    return tree.root


def path_of(leaves: Sequence[bytes], place: int) -> list[tuple[bytes, bool]]:
    """The way from a leaf to the root: the other half of each pair, and whether it comes first."""
    path, level = list[tuple[bytes, bool]](), list(leaves)
    while len(level) > 1:
        other = place ^ 1
        if other < len(level):
            path.append((level[other], other < place))
        pairs = [node(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
        level, place = pairs + level[len(level) // 2 * 2 :], place // 2
    return path
