"""Parsed and validated documents, kept so that a query that comes again costs neither."""

from collections import OrderedDict
from collections.abc import Iterator

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, StringValueNode, Visitor, visit
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError

from regulars_schema.introspection import cut_suggestions, forbidden_introspection, may_introspect

LONGEST_KEPT = 16_384
"""Characters of a document that is worth keeping at most: a parsed one takes about a hundred times its text."""


class Documents:
    """The documents of one schema that were found valid, the latest used ones, at most `size` of them."""

    def __init__(self, size: int = 1_000) -> None:
        self._size = size
        self._kept: OrderedDict[str, DocumentNode] = OrderedDict()

    def find(self, text: str) -> DocumentNode | None:
        """The parsed form of a text that was valid before."""
        if (document := self._kept.get(text)) is not None:
            self._kept.move_to_end(text)
        return document

    def keep(self, text: str, document: DocumentNode) -> None:
        """Remember a valid document, unless it is huge; the one that was used the longest ago makes room."""
        if self._size and len(text) <= LONGEST_KEPT:
            self._kept[text] = document
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


class _Texts(Visitor):
    """Finds string literals that no database can keep."""

    def __init__(self) -> None:
        super().__init__()
        self.error: GraphQLError | None = None

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        """A NUL can be written as an escape only; the parser refuses lone surrogates by itself."""
        if "\0" in node.value:
            self.error = GraphQLError("NUL is not text.", node, extensions={"code": "BAD_USER_INPUT"})


def refuse_unkeepable_text(document: DocumentNode) -> None:
    """Raise GraphQLError if a literal of the document contains NUL."""
    texts = _Texts()
    visit(document, texts)
    if texts.error:
        raise texts.error


def refuse_ambiguity(document: DocumentNode) -> None:
    """Raise CannotGetOperationTypeError if the document has several operations: Strawberry would run the first."""
    if sum(isinstance(part, OperationDefinitionNode) for part in document.definitions) > 1:
        raise CannotGetOperationTypeError(None)


def cached_in(documents: Documents) -> type[SchemaExtension]:
    """The schema extension that answers parsing and validation from these documents."""

    class CachedDocuments(SchemaExtension):
        """Keeps what is valid, whoever sent it; who may ask it is looked at every time."""

        def on_parse(self) -> Iterator[None]:
            context = self.execution_context
            known = documents.find(context.query or "")
            self._known = known is not None
            if known is not None:
                context.graphql_document = known
            yield
            if context.graphql_document is None:
                return
            if known is None:
                refuse_unkeepable_text(context.graphql_document)
            if not context._provided_operation_name:
                refuse_ambiguity(context.graphql_document)

        def on_validate(self) -> Iterator[None]:
            context = self.execution_context
            if refused := forbidden_introspection(context):
                context.pre_execution_errors = [refused]
            elif self._known:
                context.pre_execution_errors = []
            yield
            if not self._known and not context.pre_execution_errors and context.query and context.graphql_document:
                documents.keep(context.query, context.graphql_document)
            if context.pre_execution_errors and not may_introspect(context):
                cut_suggestions(context.pre_execution_errors)

        def on_execute(self) -> Iterator[None]:
            context = self.execution_context
            yield
            if context.result and context.result.errors and not may_introspect(context):
                cut_suggestions(context.result.errors)

    return CachedDocuments
