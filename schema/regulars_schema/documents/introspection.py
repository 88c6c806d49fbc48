"""Who may read the schema: by introspection, and by the suggestions in errors that tell of it bit by bit."""

import re
from collections.abc import Sequence

from graphql import DocumentNode, FieldNode, GraphQLError, Visitor, visit

from regulars_core.primitives.errors import Forbidden
from regulars_schema.request.context import GraphQLContext

INTROSPECT = "schema.introspect"
_FIELDS = frozenset({"__schema", "__type"})
_TRACE = re.compile(r"__(schema|type)\b")


def may_introspect(context: object) -> bool:
    """Whether the caller may read the schema; nobody may without a context."""
    return isinstance(context, GraphQLContext) and context.request.actor.may(INTROSPECT)


def tells_of_schema(text: str) -> bool:
    """Whether a document may read the schema. Names cannot be written with escapes, so the text itself tells."""
    return _TRACE.search(text) is not None


def forbidden_introspection(document: DocumentNode, context: object) -> GraphQLError | None:
    """The refusal of a document that reads the schema anywhere, in fragments too, for a caller who may not."""
    if may_introspect(context):
        return None
    fields = introspecting(document)
    return GraphQLError(str(error := Forbidden(INTROSPECT)), fields, original_error=error) if fields else None


class _IntrospectionFields(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.fields: list[FieldNode] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        if node.name.value in _FIELDS:
            self.fields.append(node)


def introspecting(document: DocumentNode) -> Sequence[FieldNode]:
    """The fields of a document that read the schema. `__typename` is none of them."""
    visitor = _IntrospectionFields()
    visit(document, visitor)
    return visitor.fields
