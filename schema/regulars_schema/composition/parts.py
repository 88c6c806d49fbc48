"""What contributions add to a schema, by the place where it stands; each place has one owner."""

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from graphql import GraphQLEnumValue
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.field import StrawberryField

from regulars_core.plugins.owners import CORE, Owners
from regulars_core.primitives.errors import Problem
from regulars_core.primitives.text import camel
from regulars_schema.composition.contributions import (
    BreakdownBy,
    BreakdownKind,
    Contribution,
    FilterLeaf,
    InputField,
    Mutation,
    MutationCode,
    NodeKind,
    SchemaConflict,
    SortField,
    Vocabulary,
    VocabularyKind,
)
from regulars_schema.composition.mutation_codes import with_codes
from regulars_schema.composition.type_names import types_of
from regulars_schema.inputs.extensible import is_open
from regulars_schema.request.permissions import needing

_VALUE = re.compile("[A-Z][A-Z0-9_]*")


class Parts:
    """What contributions add: fields of types, leaves of filters, fields of open inputs, values of sort enums, kinds of nodes and
    of problems, described with the permission that each needs and the plugin that it is from; and codes of mutations.

    Raises SchemaConflict where two owners define one type or claim one place, and for what cannot be extended.
    """

    def __init__(self, contributions: Sequence[Contribution]) -> None:
        self.fields: dict[type, list[StrawberryField]] = {}
        self.leaves: dict[type, dict[str, FilterLeaf]] = {}
        self.inputs: dict[type, dict[str, tuple[str, InputField]]] = {}
        self.sorts: dict[Any, dict[str, SortField]] = {}
        self.enums: dict[Any, dict[str, GraphQLEnumValue]] = {}
        self.nodes: dict[str, NodeKind] = {}
        self.problems: dict[str, type[Problem]] = {}
        self.vocabularies: dict[str, VocabularyKind] = {}
        self.breakdowns: dict[str, BreakdownKind] = {}
        self._types: dict[str, tuple[object, str]] = {}
        self._places = _Places()
        self._places.reserve("Problem", [Problem.__name__], CORE)
        self._refuse_shared_names(contributions)
        for contribution in contributions:
            self._extend_types(contribution)
            self._add_leaves(contribution)
            self._add_inputs(contribution)
            self._add_sorts(contribution)
            self._add_nodes(contribution)
            self._add_problems(contribution)
            self._add_vocabularies(contribution)
            self._add_breakdowns(contribution)
        for contribution in contributions:
            self._add_codes(contribution)

    def _refuse_shared_names(self, contributions: Sequence[Contribution]) -> None:
        for name, source, owner in types_of(contributions):
            existing, first = self._types.setdefault(name, (source, owner))
            if existing is not source:
                raise SchemaConflict(f"The type {name} is defined by '{first}' and by '{owner}'")

    def _extend_types(self, contribution: Contribution) -> None:
        for extension in contribution.extensions:
            definition = get_object_definition(extension.type, strict=True)
            if definition.is_input or definition.is_interface:
                kind = "an input" if definition.is_input else "an interface"
                raise SchemaConflict(
                    f"'{contribution.owner}' extends {definition.name}, which is {kind}: only object types can be extended"
                )
            self._reserve_own(definition, extension.type)
            for added in extension.fields:
                name = added.graphql_name or camel(added.python_name)
                self._places.claim(definition.name, name, contribution.owner)
                ours = copy(added)  # the field itself may join other schemas too
                ours.description = f"{added.description}{_by(contribution.owner)}"
                if contribution.owner != CORE:
                    ours.metadata = MappingProxyType({**added.metadata, "owner": contribution.owner})
                self.fields.setdefault(extension.type, []).append(ours)

    def _add_leaves(self, contribution: Contribution) -> None:
        for leaf in contribution.leaves:
            name = get_object_definition(leaf.where, strict=True).name
            self._places.reserve(name, ("all", "any", "not"), CORE)
            self._places.claim(name, leaf.name, contribution.owner)
            described = needing(leaf.description, leaf.needs, leaf.otherwise, shop_wide=leaf.shop_wide) + _by(
                contribution.owner
            )
            self.leaves.setdefault(leaf.where, {})[leaf.name] = replace(
                leaf, description=described, owner=contribution.owner
            )

    def _add_inputs(self, contribution: Contribution) -> None:
        for added in contribution.inputs:
            definition = get_object_definition(added.input, strict=True)
            if not is_open(added.input):
                raise SchemaConflict(f"'{contribution.owner}' adds to {definition.name}, which is no open input")
            self._reserve_own(definition, added.input)
            self._places.claim(definition.name, added.name, contribution.owner)
            described = needing(added.description, added.needs) + _by(contribution.owner)
            self.inputs.setdefault(added.input, {})[added.name] = (
                contribution.owner,
                replace(added, description=described),
            )

    def _add_sorts(self, contribution: Contribution) -> None:
        for sort in contribution.sorts:
            name = sort.key.name
            self._places.claim_value(sort.enum.__name__, name, contribution.owner)
            described = needing(sort.description, sort.needs, sort.otherwise, shop_wide=sort.shop_wide) + _by(
                contribution.owner
            )
            ours = replace(sort, owner=contribution.owner)
            self.sorts.setdefault(sort.enum, {})[name] = ours
            self.enums.setdefault(sort.enum, {})[name] = GraphQLEnumValue(ours, description=described)

    def _add_nodes(self, contribution: Contribution) -> None:
        for node in contribution.nodes:
            self._places.claim("Node", node.kind, contribution.owner)
            self.nodes[node.kind] = replace(node, owner=contribution.owner)

    def _add_vocabularies(self, contribution: Contribution) -> None:
        for one in contribution.vocabularies:
            self._places.claim_value(Vocabulary.__name__, one.name, contribution.owner)
            described = needing(one.description, one.needs) + _by(contribution.owner)
            ours = self.vocabularies[one.name] = replace(one, owner=contribution.owner)
            self.enums.setdefault(Vocabulary, {})[one.name] = GraphQLEnumValue(ours, description=described)

    def _add_breakdowns(self, contribution: Contribution) -> None:
        for one in contribution.breakdowns:
            self._places.claim_value(BreakdownBy.__name__, one.name, contribution.owner)
            described = needing(one.description, one.needs) + _by(contribution.owner)
            ours = self.breakdowns[one.name] = replace(one, owner=contribution.owner)
            self.enums.setdefault(BreakdownBy, {})[one.name] = GraphQLEnumValue(ours, description=described)

    def _add_problems(self, contribution: Contribution) -> None:
        for problem in contribution.problems:
            self._places.claim("Problem", problem.__name__, contribution.owner)
            self.problems[problem.__name__] = problem

    def _add_codes(self, contribution: Contribution) -> None:
        """A code is listed once, whoever refuses with it: two plugins that are strangers to each other may share one."""
        mutations = {added.graphql_name or camel(added.python_name): added for added in self.fields.get(Mutation, ())}
        by_mutation: dict[str, list[MutationCode]] = {}
        for code in contribution.codes:
            if code.mutation not in mutations:
                raise SchemaConflict(
                    f"'{contribution.owner}' adds the code {code.code} to Mutation.{code.mutation}, which is not in the schema"
                )
            by_mutation.setdefault(code.mutation, []).append(code)
        for name, codes in by_mutation.items():
            mutations[name].description = with_codes(mutations[name].description or "", contribution.owner, codes)

    def _reserve_own(self, definition: StrawberryObjectDefinition, type_: type) -> None:
        """A type's own fields were there first."""
        names = (own.graphql_name or camel(own.python_name) for own in definition.fields)
        _, owner = self._types.get(definition.name, (type_, CORE))
        self._places.reserve(definition.name, names, owner)


class _Places:
    """Who owns which name, per kind of place."""

    def __init__(self) -> None:
        self._owners = Owners(SchemaConflict)

    def claim(self, place: str, name: str, owner: str) -> None:
        self._owners.claim((place, name), owner, f"{place}.{name}")

    def claim_value(self, enum: str, name: str, owner: str) -> None:
        """Claim a value of an enum. Raises SchemaConflict for what is no name of one."""
        if not _VALUE.fullmatch(name):
            raise SchemaConflict(
                f"'{owner}' adds the value '{name}' to {enum}: its name must be capitals, digits and underscores, such as BY_TILL"
            )
        self.claim(enum, name, owner)

    def reserve(self, place: str, names: Iterable[str], owner: str) -> None:
        self._owners.reserve(((place, name) for name in names), owner)


def _by(owner: str) -> str:
    return "" if owner == CORE else f" From the {owner} plugin."
