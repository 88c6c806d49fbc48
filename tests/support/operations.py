"""The operations of docs/operations: what each of them names of the schema, and a client that sends them in their order.

A variable has the value that an earlier answer gave under that name: of an object its id, of a list its first entry's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    validate,
    visit,
)

FOLDER = Path(__file__).parents[2] / "docs" / "operations"


@dataclass(frozen=True)
class Operation:
    """One operation of a file."""

    file: str
    name: str
    text: str
    variables: tuple[str, ...]


def operations() -> list[Operation]:
    """All of them, in the order in which they are sent."""
    return [one for path in sorted(FOLDER.glob("*.graphql")) for one in _of_file(path)]


def _of_file(path: Path) -> Iterator[Operation]:
    for definition in parse(path.read_text(encoding="utf-8")).definitions:
        assert isinstance(definition, OperationDefinitionNode), path
        assert definition.name is not None, path
        variables = tuple(one.variable.name.value for one in definition.variable_definitions or ())
        yield Operation(path.stem, definition.name.value, print_ast(definition), variables)


@dataclass
class Named:
    """The schema's coordinates that an operation names: `Customer.isRegular`, `CustomerWhere.tier`, `NoteType.CONTACT`."""

    inputs: set[str]
    outputs: dict[str, list[tuple[str, ...]]]
    """Each field with the paths under which it is answered."""


def named(schema: GraphQLSchema, operation: Operation) -> Named:
    """What a valid operation names."""
    document = parse(operation.text)
    problems = validate(schema, document)
    assert not problems, f"{operation.name}: {problems}"
    info, found = TypeInfo(schema), _Coordinates()
    found.info = info
    visit(document, TypeInfoVisitor(info, found))
    return Named(found.inputs, found.outputs)


class _Coordinates(Visitor):
    info: TypeInfo

    def __init__(self) -> None:
        super().__init__()
        self.inputs: set[str] = set()
        self.outputs: dict[str, list[tuple[str, ...]]] = {}
        self._path: list[str] = []
        self._fields: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self._fields.append(node.name.value)
        self._path.append(node.alias.value if node.alias else node.name.value)
        parent = self.info.get_parent_type()
        assert parent is not None
        self.outputs.setdefault(f"{parent.name}.{node.name.value}", []).append(tuple(self._path))

    def leave_field(self, *_: Any) -> None:
        self._path.pop()
        self._fields.pop()

    def enter_argument(self, node: Any, *_: Any) -> None:
        parent, field = self.info.get_parent_type(), self._fields[-1]
        assert parent is not None
        self.inputs.add(f"{parent.name}.{field}({node.name.value}:)")

    def enter_object_field(self, node: Any, *_: Any) -> None:
        parent = get_named_type(self.info.get_parent_input_type())
        assert parent is not None
        self.inputs.add(f"{parent.name}.{node.name.value}")

    def enter_enum_value(self, node: Any, *_: Any) -> None:
        type_ = get_named_type(self.info.get_input_type())
        assert type_ is not None
        self.inputs.add(f"{type_.name}.{node.value}")


def at(answer: Any, path: tuple[str, ...]) -> list[Any]:
    """What an answer has under a path that says something, in all entries of lists: neither null nor an empty list."""
    if isinstance(answer, list):
        return [found for entry in answer for found in at(entry, path)]
    if not path:
        return [] if answer is None else [answer]
    return at(answer.get(path[0]), path[1:]) if isinstance(answer, Mapping) else []


class Memory:
    """What answers have told so far."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        return self._told[name]

    def keep(self, answer: Any) -> None:
        """Remember an answer, what is inside first."""
        for name, value in answer.items() if isinstance(answer, Mapping) else ():
            for entry in reversed(value) if isinstance(value, list) else (value,):
                self.keep(entry)
                known = entry.get("id") if isinstance(entry, Mapping) else entry
                if known is not None:
                    self._told[name] = known

    def variables(self, operation: Operation) -> dict[str, Any]:
        """The values of an operation's variables."""
        return {name: self._told[name] for name in operation.variables}


def differences(expected: Any, answer: Any, path: str = "") -> Iterator[str]:
    """Where an answer is not what is expected: of objects the keys that are named, of lists every entry."""
    if isinstance(expected, Mapping) and isinstance(answer, Mapping):
        for key, value in expected.items():
            yield from differences(value, answer.get(key), f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(answer, list) and len(expected) == len(answer):
        for n, (one, other) in enumerate(zip(expected, answer, strict=True)):
            yield from differences(one, other, f"{path}.{n}")
    elif expected != answer:
        yield f"{path}: {answer!r}, not {expected!r}"
