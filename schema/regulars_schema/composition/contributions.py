"""What core and the plugins bring to the schema, each piece under the name of its owner.

`regulars_schema.composition.composed_schema` makes one schema of it.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NewType

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from regulars_core.plugins.owners import CORE
from regulars_core.primitives.errors import BadInput, Problem
from regulars_core.primitives.text import camel
from regulars_core.purchases.figures.divisions import Division
from regulars_core.queries.pages import SortKey
from regulars_core.queries.where import Where
from regulars_core.queries.words import Word
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires


class SchemaConflict(Exception):
    """Two owners claim the same place in the schema, one claims a place that is not there, or what one brings is incomplete."""


Doubt = Callable[[], Awaitable[None]]
"""What asks the database whether a comparison means anything. Raises BadInput."""


@dataclass(frozen=True)
class Extension:
    """Fields for a type: GraphQL's `extend type`."""

    type: type
    fields: Sequence[StrawberryField]


@dataclass(frozen=True)
class FilterLeaf:
    """A leaf of a `where` input: its name, the input type of its comparison, and what becomes of it.

    `conditions` turns a comparison into the core's conditions; its RequestContext knows shop and caller. `needs` is the
    permission to read what it compares, unless that is the permission of the type itself; where what is compared is
    summed up over all stores, it must be held `shop_wide`, or `otherwise` the permission to be told just that.

    `doubt` answers, for a comparison that may mean nothing (a name where a code is meant), what asks the database and raises
    BadInput, with the place inside the comparison; None where it is known to mean something. It is asked wherever conditions are
    given, before anything is done with them.

    `stands_for` answers, for a leaf that stands for trees which only the database knows, what each of the comparisons of one tree
    stands for, and BadInput in the place of one that stands for nothing; `conditions` say then only in what two of them differ.
    It is asked once for all of them, with the RequestContext and the schema. `leaf` is what the comparison means where the
    database cannot be asked first, as in an audience that is asked at a till; it raises where it means nothing by itself.
    """

    where: type
    name: str
    comparison: Any
    leaf: Any
    conditions: Callable[[Any, Any], Any]
    description: str
    needs: str | None = None
    shop_wide: bool = False
    owner: str = CORE
    """Who has brought it; whoever does need not say so."""
    otherwise: str | None = None
    doubt: Callable[[Any, Any], Doubt | None] | None = None
    stands_for: Callable[[Sequence[Any], Any, Any], Awaitable[Sequence[Where | BadInput]]] | None = None


@dataclass(frozen=True)
class InputField:
    """A field that an open input of core's gains: `type` is what it holds, an `int` or an input of the plugin's own.

    It may always be absent, or clients that know nothing of the plugin could not go on. What it carries is told to its
    owner alone, among the `extras` of the event that the mutation announces. `needs` is the permission to give it, beyond
    that of the mutation, unless it is one of `free`: values that ask for no more than its absence does.
    """

    input: type
    name: str
    type: Any
    description: str
    needs: str | None = None
    free: tuple[Any, ...] = ()


@dataclass(frozen=True)
class SortField:
    """A value of a sort enum (a NewType marker) and the key that it stands for; `needs`, `shop_wide` and `otherwise` as in
    FilterLeaf."""

    enum: Any
    key: SortKey
    description: str
    needs: str | None = None
    shop_wide: bool = False
    owner: str = CORE
    otherwise: str | None = None

    @property
    def written_as(self) -> str:
        """The value as an input has it."""
        return self.key.name


@dataclass(frozen=True)
class NodeKind:
    """Objects that `node(id:)` answers: the prefix of their ids, how the caller's rows are read by key, and who may. One that is
    no node has ids, and payloads may hold it; `node` does not answer it."""

    kind: str
    load: Callable[[RequestContext, Sequence[str]], Any]
    needs: str | None = None
    owner: str = CORE
    is_node: bool = True


Vocabulary = NewType("Vocabulary", str)
"""A set of words that the shop uses; a plugin adds one with a VocabularyKind."""
Vocabulary.__doc__ = "A set of words that the shop uses. Plugins add their own."


@dataclass(frozen=True)
class VocabularyKind:
    """A value of `Vocabulary`: words that are in use, who may see them, and how they are read.

    `read` answers at most so many of them, the most frequent first, of what the caller sees: `async def brands(context, number)`.
    What it costs must not grow with the shop without bound.
    """

    name: str
    description: str
    read: Callable[[RequestContext, int], Awaitable[Sequence[Word]]]
    needs: str
    owner: str = CORE


BreakdownBy = NewType("BreakdownBy", str)
"""What purchases can be divided by; a plugin adds a value with a BreakdownKind."""
BreakdownBy.__doc__ = "What purchases can be divided by. Plugins add their own."


@dataclass(frozen=True)
class BreakdownKind:
    """A value of `BreakdownBy`, which is in the schema where the analytics plugin is on: what purchases are divided by, and the
    permission to see that of them beyond the one for figures."""

    name: str
    description: str
    division: Division
    needs: str | None = None
    owner: str = CORE


@dataclass(frozen=True)
class MutationCode:
    """A code that the owner refuses a mutation of somebody else's with, in an event: the mutation's description lists it with its
    own, unless it is there already.

    `mutation` is its name, such as `purchaseRecord`. `when` says in a few words when it is refused so, without a full stop.
    """

    mutation: str
    code: str
    when: str = ""


@dataclass(frozen=True)
class Contribution:
    """Everything that one owner brings to the schema."""

    owner: str
    extensions: Sequence[Extension] = ()
    types: Sequence[type] = ()
    leaves: Sequence[FilterLeaf] = ()
    inputs: Sequence[InputField] = ()
    sorts: Sequence[SortField] = ()
    nodes: Sequence[NodeKind] = ()
    problems: Sequence[type[Problem]] = ()
    codes: Sequence[MutationCode] = ()
    vocabularies: Sequence[VocabularyKind] = ()
    breakdowns: Sequence[BreakdownKind] = ()


def needs_of(contribution: Contribution) -> Iterator[tuple[str, str]]:
    """Every place that a contribution adds and that needs a permission, and which."""
    for extension in contribution.extensions:
        name = get_object_definition(extension.type, strict=True).name
        yield from ((f"{name}.{one}", needed) for one, needed in fields_needing(extension.fields))
    for leaf in contribution.leaves:
        if leaf.needs:
            yield f"{get_object_definition(leaf.where, strict=True).name}.{leaf.name}", leaf.needs
    for added in contribution.inputs:
        if added.needs:
            yield f"{get_object_definition(added.input, strict=True).name}.{added.name}", added.needs
    for sort in contribution.sorts:
        if sort.needs:
            yield f"{sort.enum.__name__}.{sort.key.name}", sort.needs
    for node in contribution.nodes:
        if node.needs:
            yield f"Node.{node.kind}", node.needs
    for vocabulary in contribution.vocabularies:
        yield f"Vocabulary.{vocabulary.name}", vocabulary.needs
    for breakdown in contribution.breakdowns:
        if breakdown.needs:
            yield f"BreakdownBy.{breakdown.name}", breakdown.needs


def fields_needing(fields: Iterable[StrawberryField]) -> Iterator[tuple[str, str]]:
    """The names of the fields that need a permission beyond their type's, and which."""
    for one in fields:
        if needed := one.metadata.get("needs"):
            yield one.graphql_name or camel(one.python_name), needed


@requires(None)
@strawberry.type(description="What can be asked.")
class Query:
    """Empty: every field arrives as an Extension."""


@requires(None)
@strawberry.type(
    description="What can be done. Each mutation commits by itself before the next one of a document begins."
)
class Mutation:
    """Empty: every field arrives as an Extension."""
