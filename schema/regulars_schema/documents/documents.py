"""Documents on their way to be executed: parsed, held against the limits, validated, and kept for the next time."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Node,
    OperationDefinitionNode,
    StringValueNode,
    Token,
    Visitor,
    parse,
    validate,
    visit,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from regulars_schema.documents.costs import Price
from regulars_schema.documents.introspection import forbidden_introspection, may_introspect, tells_of_schema
from regulars_schema.documents.limits import Limits, refuse_excess, too_complex
from regulars_schema.documents.operations import OperationTemplate
from regulars_schema.request.context import GraphQLContext

MAX_KEPT = 16_384
"""Characters of a document that is worth keeping at most: a parsed one takes some seventy times its text."""

MAX_ERRORS = 5
"""Mistakes of a document, or of its variables, that are told at once."""


@dataclass(frozen=True)
class Parsed:
    """A document within the limits, what it costs, and whether it may read the schema."""

    document: DocumentNode
    price: Price
    introspects: bool = False
    preparations: dict[str | None, OperationTemplate | None] = field(default_factory=dict)
    """Its operations, by the names under which they are asked for, once they have been prepared."""
    contents: dict[str | None, tuple[str | None, tuple[str, ...]]] = field(default_factory=dict)
    """Kinds and root fields of its operations, by the same names."""

    def charge(
        self, asking: GraphQLContext, operation_name: str | None, variables: Mapping[str, Any], most: int
    ) -> None:
        """Take what an operation costs from what the caller has left. Raises RateLimited, and GraphQLError for one that costs
        more than anybody may ask."""
        asking.cost = self.price.cost(operation_name, variables)
        if asking.cost > most:
            asking.charge(0)
            raise too_complex("Objects that this can answer", asking.cost, most, "cost")
        asking.charge(asking.cost)

    def tell(self, asking: GraphQLContext, operation_name: str | None) -> None:
        """Note what a valid operation asks for, in the schema's own words."""
        if operation_name not in self.contents:
            self.contents[operation_name] = (self.price.kind(operation_name), self.price.fields(operation_name))
        asking.asked = self.contents[operation_name]


class Documents:
    """The documents of one schema that were found valid, the latest used ones, of at most `size` characters together; and how
    large those may be that are looked at."""

    def __init__(self, size: int = 100_000, limits: Limits | None = None) -> None:
        self._size = size
        self._kept: OrderedDict[str, Parsed] = OrderedDict()
        self._characters = 0
        self.limits = limits or Limits()

    def find(self, text: str) -> Parsed | None:
        """The parsed form of a text that was valid before."""
        if (document := self._kept.get(text)) is not None:
            self._kept.move_to_end(text)
        return document

    def keep(self, text: str, document: Parsed) -> None:
        """Remember a valid document, unless it is huge; those that were used the longest ago make room."""
        if len(text) > min(self._size, MAX_KEPT) or text in self._kept:
            return
        self._kept[text] = document
        self._characters += len(text)
        while self._characters > self._size:
            oldest, _ = self._kept.popitem(last=False)
            self._characters -= len(oldest)


class _Keepable(Visitor):
    """Lets go of the tokens of each node: of its place nothing is asked any more but the number of the character, and they would
    be a third of what is kept of a document. Finds string literals that no database can keep."""

    def __init__(self) -> None:
        super().__init__()
        self.error: GraphQLError | None = None

    def enter(self, node: Node, *_: object) -> None:
        """A NUL can be written as an escape only; the parser refuses lone surrogates by itself."""
        if isinstance(node, StringValueNode) and "\0" in node.value:
            self.error = GraphQLError("NUL is not text.", node, extensions={"code": "BAD_USER_INPUT"})
        if node.loc is not None:
            del node.loc.start_token, node.loc.end_token


def make_keepable(document: DocumentNode) -> None:
    """Leave nothing in a parsed document that need not be kept. Raises GraphQLError if a literal of it contains NUL."""
    assert document.loc is not None
    token: Token | None = document.loc.start_token
    while token is not None:  # each knows the next one and the one before, so they would wait for the garbage collector
        following, token.prev, token.next = token.next, None, None
        token = following
    each = _Keepable()
    visit(document, each)
    if each.error:
        raise each.error


def refuse_ambiguity(document: DocumentNode) -> None:
    """Raise CannotGetOperationTypeError if the document has several operations: Strawberry would run the first."""
    if sum(isinstance(part, OperationDefinitionNode) for part in document.definitions) > 1:
        raise CannotGetOperationTypeError(None)


def parsed(text: str, schema: GraphQLSchema, limits: Limits) -> Parsed:
    """A document that is within the limits. Raises GraphQLError for any other, and for one that cannot be read."""
    if len(text) > limits.bytes or len(text.encode("utf-8", "surrogatepass")) > limits.bytes:
        raise GraphQLError(
            f"A document has at most {limits.bytes} bytes.", extensions={"code": "PAYLOAD_TOO_LARGE", "limit": "bytes"}
        )
    try:
        document = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        if "nested too deeply" in error.message:
            told = {"code": "QUERY_TOO_COMPLEX", "limit": "nesting"}
            raise GraphQLError("The document is nested too deep to be read.", extensions=told) from None
        if "Parsing aborted" in error.message:
            raise too_complex("Tokens", limits.tokens + 1, limits.tokens, "tokens") from None
        raise
    make_keepable(document)
    refuse_excess(document, limits)
    return Parsed(document, Price(schema, document), tells_of_schema(text))


def cached_in(documents: Documents) -> type[SchemaExtension]:
    """The schema extension that answers parsing and validation from these documents.

    A document that is kept has been held against the limits, but what it costs depends on its variables, and is
    counted and charged each time.
    """

    class CachedDocuments(SchemaExtension):
        """Keeps what is valid, whoever sent it; who may ask it is looked at every time."""

        def on_parse(self) -> Iterator[None]:
            context = self.execution_context
            text = context.query or ""
            known = documents.find(text)
            self._known = known is not None
            self._parsed = known or parsed(text, context.schema._schema, documents.limits)
            context.graphql_document = self._parsed.document
            name, most = context._provided_operation_name, documents.limits.cost
            self._parsed.charge(context.context, name, context.variables or {}, most)
            if not context._provided_operation_name:
                refuse_ambiguity(self._parsed.document)
            yield

        def _validated(self) -> list[GraphQLError]:
            """As Strawberry does it, but the first errors are enough, and only who may read the schema is helped to
            guess its names; both take far longer than the rest."""
            context = self.execution_context
            return validate(
                context.schema._schema,
                self._parsed.document,
                (*context.validation_rules, MaybeNullValidationRule, OneOfInputValidationRule),
                max_errors=MAX_ERRORS,
                hide_suggestions=not may_introspect(context),
            )

        def on_validate(self) -> Iterator[None]:
            context = self.execution_context
            if refused := forbidden_introspection(context):
                context.pre_execution_errors = [refused]
            else:
                context.pre_execution_errors = [] if self._known else self._validated()
            yield
            if context.pre_execution_errors:
                return
            if not self._known and context.query:
                documents.keep(context.query, self._parsed)
            self._parsed.tell(context.context, context._provided_operation_name)

    return CachedDocuments
