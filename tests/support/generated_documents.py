"""Random queries over a schema, valid by construction but for a few that ask one name for two things."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)

FEW = ("-1", "0", "1", "2", "3", "5", "101")
_CUSTOMERS = [f"customer_00000003{n:024x}" for n in range(1, 4)]
LITERALS: Mapping[str, Sequence[str]] = {
    "CustomersMergePreviewInput": (
        f'{{ survivorId: "{_CUSTOMERS[0]}", absorbedIds: ["{_CUSTOMERS[1]}"] }}',
        f'{{ survivorId: "{_CUSTOMERS[0]}", absorbedIds: [] }}',
        f'{{ survivorId: "{_CUSTOMERS[2]}", absorbedIds: "{_CUSTOMERS[2]}" }}',
    ),
    "CustomerCheckInput": (
        "{}",
        '{ firstName: "Ana", lastName: "Li", phone: "+525512345678" }',
        '{ companyName: "Li", isCompany: true, email: "nobody", birthDate: "never" }',
    ),
    "BasketInput": (
        "[]",
        '{ at: "2026-01-01T00:00:00Z", lines: { name: "Tea", unitPrice: "1.00" } }',
        '[{ at: "2026-01-01T00:00:00Z", lines: [{ sku: "T1", total: "2.00", discount: "1.00" }], channel: "web" }]',
        "[{ lines: [] }]",
    ),
    "CustomerWhere": ("{}", '{ tag: { in: ["vip"] } }', "{ not: { purchaseCount: { gte: 1 } } }", "{ totalSpent: {} }"),
    "PurchaseWhere": ("{}", '{ total: { gte: "1.00" } }', "{ any: [] }"),
    "NoteWhere": (
        "{}",
        "{ isOpen: true, type: { in: [CONTACT] } }",
        "{ not: { dueAt: { withinDays: 3 } } }",
        "{ topic: {} }",
    ),
    "NoteType": ("[]", "NOTE", "[INQUIRY, NOTE]"),
    "NoteOrderBy": ("{ field: PRIORITY, direction: DESC }", "{ field: DUE_AT }"),
    "CustomerOrderBy": ("{ field: NAME }", "{ field: CREATED_AT, direction: DESC }", "{ field: TOTAL_SPENT }"),
    "PurchaseOrderBy": ("{ field: TOTAL }", "{ field: PURCHASED_AT, direction: DESC }"),
}


@dataclass
class Query:
    """A document, and the variables that are sent with it."""

    text: str
    variables: dict[str, Any]


@dataclass
class Generator:
    """Random queries. `ids` are those of objects that are there; some arguments are wrong, some variables missing."""

    schema: GraphQLSchema
    chance: random.Random
    ids: Sequence[str]
    fragments: list[str] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)

    def query(self) -> Query:
        """The next one."""
        self.fragments, self.declared, self.variables = [], {}, {}
        assert self.schema.query_type is not None
        selection = self._selection(self.schema.query_type, self.chance.choice((2, 3, 4, 5, 6)))
        return Query(self._document("query", selection), self.variables)

    def mutation(self, name: str, arguments: str) -> Query:
        """A mutation with these arguments and a random selection of its payload."""
        self.fragments, self.declared, self.variables = [], {}, {}
        assert self.schema.mutation_type is not None
        payload = get_named_type(self.schema.mutation_type.fields[name].type)
        assert isinstance(payload, GraphQLObjectType)
        selection = f"{{ {name}({arguments}) {self._selection(payload, 4)} }}"
        return Query(self._document("mutation", selection), self.variables)

    def _document(self, kind: str, selection: str) -> str:
        declared = ", ".join(f"${name}: {said}" for name, said in self.declared.items())
        return " ".join([f"{kind} Q({declared})" if declared else kind, selection, *self.fragments])

    def _selection(self, type_: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        parts = [self._part(type_, depth) for _ in range(self.chance.choice((1, 1, 2, 2, 3, 4)))]
        parts = [part for part in parts if part]
        if self.chance.random() < 0.2 and parts:
            parts.append(self.chance.choice(parts))  # merged with itself
        return f"{{ {' '.join(parts or ['__typename'])} }}"

    def _part(self, type_: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        dice = self.chance.random()
        if dice < 0.05:
            return f"{self._alias(0.3)}__typename{self._directive()}"
        if dice < 0.2 or (isinstance(type_, GraphQLInterfaceType) and dice < 0.6):
            return self._fragment(type_, depth)
        fields = {
            name: one for name, one in type_.fields.items() if depth > 1 or not is_composite_type(_named(one.type))
        }
        if not fields:
            return "__typename"
        name = self.chance.choice(sorted(fields))
        target = _named(fields[name].type)
        arguments = self._arguments(fields[name].args)
        # One name stands for one thing, wherever fragments put it.
        alias = f"{type_.name}_{name}_{crc32(arguments.encode())}: " if arguments or self.chance.random() < 0.25 else ""
        below = f" {self._selection(target, depth - 1)}" if is_composite_type(target) else ""
        return f"{alias or self._alias(0.1)}{name}{arguments}{self._directive()}{below}"

    def _fragment(self, type_: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        condition: Any = type_
        if isinstance(type_, GraphQLInterfaceType) and self.chance.random() < 0.8:
            condition = self.chance.choice(sorted(self.schema.get_possible_types(type_), key=str))
        elif isinstance(type_, GraphQLObjectType) and type_.interfaces and self.chance.random() < 0.3:
            condition = type_.interfaces[0]
        selection = self._selection(condition, depth)
        if self.chance.random() < 0.5:
            return f"... on {condition.name}{self._directive()} {selection}"
        if condition is type_ and self.chance.random() < 0.3:
            return f"...{self._directive()} {selection}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {condition.name} {selection}")
        return f"...{name}{self._directive()}"

    def _alias(self, often: float) -> str:
        return f"a{self.chance.randrange(10**6)}: " if self.chance.random() < often else ""

    def _directive(self) -> str:
        if self.chance.random() > 0.12:
            return ""
        return "".join(
            f" @{name}(if: {self._boolean()})"
            for name in self.chance.choice((["skip"], ["include"], ["skip", "include"]))
        )

    def _boolean(self) -> str:
        if self.chance.random() < 0.4:
            return self.chance.choice(("true", "false"))
        name = f"b{self.chance.randrange(3)}"
        if name not in self.declared:
            default, given = self.chance.choice((("", True), ("", False), (" = true", None), (" = false", True)))
            self.declared[name] = f"Boolean{default}" if default else "Boolean!"
            if given is not None:
                self.variables[name] = given
        return f"${name}"

    def _arguments(self, args: Mapping[str, GraphQLArgument]) -> str:
        given = []
        for name, argument in sorted(args.items()):
            if isinstance(argument.type, GraphQLNonNull) or self.chance.random() < (0.5 if name == "first" else 0.08):
                literal = self._literal(name, argument)
                given.append(
                    f"{name}: {self._by_variable(argument, literal) if self.chance.random() < 0.3 else literal}"
                )
        return f"({', '.join(given)})" if given else ""

    def _literal(self, name: str, argument: GraphQLArgument) -> str:
        type_ = get_nullable_type(argument.type)
        kind = get_named_type(argument.type).name
        if kind == "ID":
            return f'"{self.chance.choice((*self.ids, "nonsense"))}"'
        if kind == "Int":
            return self.chance.choice(FEW)
        if kind in LITERALS:
            return self.chance.choice(LITERALS[kind])
        if isinstance(type_, GraphQLEnumType):
            return self.chance.choice(sorted(type_.values))
        return {"String": '"N001"', "Boolean": "true"}.get(kind, '"2026-01-01T00:00:00Z"')

    def _by_variable(self, argument: GraphQLArgument, literal: str) -> str:
        """A variable with this literal as its default, or an integer sent, or nothing at all."""
        name = f"v{len(self.declared)}"
        if get_named_type(argument.type).name == "Int" and self.chance.random() < 0.5:
            self.declared[name] = str(argument.type)
            if isinstance(argument.type, GraphQLNonNull) or self.chance.random() < 0.8:
                self.variables[name] = self.chance.choice((1, 2, 3, 4, None if "!" not in str(argument.type) else 1))
            return f"${name}"
        self.declared[name] = f"{argument.type} = {literal}"
        return f"${name}"


def _named(type_: Any) -> Any:
    return get_named_type(type_)
