"""Templates of operations that are executed again and again: what is the same each time, to be bound to variables.

graphql-core looks up the operation, its fragments and the types of its variables for each request, and asks of each value
what its type is. Here that is worked out once for an operation. What is not plainly right (a value that has to be refused, a
variable that is absent and has a default, a value that stands for a list of one) is left to graphql-core, in whose words
mistakes are told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    Executor,
    FragmentDefinitionNode,
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    default_field_resolver,
    default_type_resolver,
    is_required_input_field,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

Coercer = Callable[[Any], Any]
"""What makes a value of an input type. Raises NeedsFullCoercion."""

_PLAIN: Mapping[str, type] = {GraphQLString.name: str, GraphQLID.name: str, GraphQLBoolean.name: bool}


class NeedsFullCoercion(Exception):
    """A variable that only graphql-core's own coercion understands, or can refuse in its words."""


@dataclass(slots=True)
class Coercers:
    """What makes values of the input types of one schema, worked out once for each type."""

    _known: dict[str, Coercer] = field(default_factory=dict)

    def of(self, type_: GraphQLInputType) -> Coercer:
        """What makes values of a type."""
        nullable = not isinstance(type_, GraphQLNonNull)
        named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(named, GraphQLInputObjectType):
            return _or_null(self._known.get(named.name) or self._object(named), nullable)
        if isinstance(named, GraphQLList):
            return _or_null(_list(self.of(named.of_type)), nullable)
        plain = _PLAIN.get(named.name)
        return _or_null(_leaf(named.coerce_input_value), nullable) if plain is None else _plain(plain, nullable)

    def _object(self, type_: GraphQLInputObjectType) -> Coercer:
        fields: dict[str, tuple[str, Coercer]] = {}
        required = {name for name, one in type_.fields.items() if is_required_input_field(one)}
        defaults: dict[str, Any] = {}

        def coerce(value: Any) -> Any:
            if type_.is_one_of or not isinstance(value, dict) or not fields.keys() >= value.keys() >= required:
                raise NeedsFullCoercion
            coerced = defaults.copy()
            for name, part in value.items():
                own, inner = fields[name]
                coerced[own] = inner(part)
            return type_.out_type(coerced)

        self._known[type_.name] = coerce  # its fields may be of the same type
        for name, one in type_.fields.items():
            own = one.out_name or name
            fields[name] = own, self.of(one.type)
            if (default := coerce_default_value(one)) is not Undefined:
                defaults[own] = default
        return coerce


def _or_null(inner: Coercer, nullable: bool) -> Coercer:
    def coerce(value: Any) -> Any:
        if value is not None:
            return inner(value)
        if not nullable:
            raise NeedsFullCoercion
        return None

    return coerce


def _list(inner: Coercer) -> Coercer:
    def coerce(value: Any) -> Any:
        if not isinstance(value, list):
            raise NeedsFullCoercion
        return [inner(item) for item in value]

    return coerce


def _plain(kind: type, nullable: bool) -> Coercer:
    def coerce(value: Any) -> Any:
        if type(value) is kind or (value is None and nullable):
            return value
        raise NeedsFullCoercion

    return coerce


def _leaf(parse: Callable[[Any], Any]) -> Coercer:
    def coerce(value: Any) -> Any:
        try:
            return parse(value)
        except Exception:
            raise NeedsFullCoercion from None

    return coerce


@dataclass(slots=True)
class BoundOperation:
    """An operation bound to its variables, about to be executed: of graphql-core's Executor what we need each time."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragment_definitions: dict[str, FragmentDefinitionNode]
    root_value: Any
    context_value: Any
    variable_values: VariableValues
    _executor: Executor[Any] | None = None

    @classmethod
    def of(cls, executor: Executor[Any]) -> "BoundOperation":
        """The same of one that graphql-core has built."""
        return cls(
            executor.schema,
            executor.operation,
            executor.fragment_definitions,
            executor.root_value,
            executor.context_value,
            executor.variable_values,
            executor,
        )

    @property
    def executor(self) -> Executor[Any]:
        """The whole of it, which takes a twentieth of a short request to make, and is seldom asked for."""
        if self._executor is None:
            self._executor = self._whole()
        return self._executor

    def _whole(self) -> Executor[Any]:
        return Executor(
            self.schema,
            self.fragment_definitions,
            {name: FragmentDetails(fragment) for name, fragment in self.fragment_definitions.items()},
            self.root_value,
            self.context_value,
            self.operation,
            self.variable_values,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            hide_suggestions=True,
        )


@dataclass(slots=True)
class OperationTemplate:
    """One operation of a document of one schema, to be bound to variables each time that it is executed."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    variables: list[tuple[GraphQLVariableSignature, Coercer]]

    def bind(self, root: Any, context: Any, variables: Mapping[str, Any]) -> BoundOperation | None:
        """The operation with these variables; None if graphql-core must look at them."""
        try:
            values = self._values(variables)
        except (NeedsFullCoercion, RecursionError):
            return None
        return BoundOperation(self.schema, self.operation, self.fragments, root, context, values)

    def _values(self, variables: Mapping[str, Any]) -> VariableValues:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, coerce in self.variables:
            name = signature.name
            if name in variables:
                sources[name] = VariableValueSource(signature, variables[name])
                coerced[name] = coerce(variables[name])
            elif _has_default(signature) or isinstance(signature.type, GraphQLNonNull):
                raise NeedsFullCoercion
            else:
                sources[name] = VariableValueSource(signature)
        return VariableValues(sources, coerced)


def _has_default(signature: GraphQLVariableSignature) -> bool:
    return signature.default is not None or signature.default_value is not Undefined


def template_of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, coercers: Coercers
) -> OperationTemplate | None:
    """The template of an operation of a valid document; None for what graphql-core alone understands."""
    fragments = {part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)}
    if any(fragment.variable_definitions for fragment in fragments.values()):
        return None
    variables = []
    for declared in operation.variable_definitions or ():
        signature = get_variable_signature(schema, declared)
        if isinstance(signature, GraphQLError):
            return None
        variables.append((signature, coercers.of(signature.type)))
    return OperationTemplate(schema, operation, fragments, variables)
