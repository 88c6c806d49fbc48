"""Documents on their way to be executed: parsed, held against the limits, validated, and kept for the next time."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Node,
    StringValueNode,
    Token,
    ValuesOfCorrectTypeRule,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.types.graphql import OperationType

from regulars_schema.documents.costs import Price
from regulars_schema.documents.introspection import may_introspect, tells_of_schema
from regulars_schema.documents.limits import Limits, refuse_excess, too_complex
from regulars_schema.documents.operations import OperationTemplate
from regulars_schema.documents.places import NeverNullableInOneOf, ValuesInPlace, place_in_document
from regulars_schema.request.context import GraphQLContext

MAX_CACHED_CHARACTERS = 16_384
"""Characters of a document that is worth keeping at most: a parsed one takes some seventy times its text."""

MAX_ERRORS = 5
"""Mistakes of a document, or of its variables, that are told at once."""

_RULES = [ValuesInPlace if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules]


@dataclass(frozen=True)
class ParsedDocument:
    """A document within the limits, what it costs, and whether it may read the schema."""

    document: DocumentNode
    price: Price
    introspects: bool = False
    templates: dict[str | None, OperationTemplate | None] = field(default_factory=dict)
    """Its operations, by the names under which they are asked for, as far as they have been; None for what graphql-core alone
    understands."""
    contents: dict[str | None, tuple[str | None, tuple[str, ...]]] = field(default_factory=dict)
    """Kinds and root fields of its operations, by the same names."""

    def charge(
        self, context: GraphQLContext, operation_name: str | None, variables: Mapping[str, Any], most: int
    ) -> None:
        """Take what an operation costs from what the caller has left. Raises RateLimited, and GraphQLError for one that costs
        more than anybody may ask."""
        context.cost = self.price.cost(operation_name, variables)
        if context.cost > most:
            context.charge(0)
            raise too_complex("Objects that this can answer", context.cost, most, "cost")
        context.charge(context.cost)

    def refuse_ambiguity(self, operation_name: str | None) -> None:
        """Raise CannotGetOperationTypeError if there are several operations and no name: Strawberry would run the first."""
        if not operation_name and self.price.has_several:
            raise CannotGetOperationTypeError(None)

    def refuse_writing(self, operation_name: str | None) -> None:
        """Raise InvalidOperationTypeError if the operation is there and no query."""
        kind = self.price.kind(operation_name)
        if kind not in {None, OperationType.QUERY.value}:
            raise InvalidOperationTypeError(OperationType(kind))

    def note(self, context: GraphQLContext, operation_name: str | None) -> None:
        """Note what a valid operation asks for, in the schema's own words."""
        if operation_name not in self.contents:
            self.contents[operation_name] = (self.price.kind(operation_name), self.price.fields(operation_name))
        context.operation = self.contents[operation_name]


class Documents:
    """The documents of one schema that were found valid, the latest used ones, of at most `size` characters together; and how
    large those may be that are looked at."""

    def __init__(self, size: int = 100_000, limits: Limits | None = None) -> None:
        self._size = size
        self._documents: OrderedDict[str, ParsedDocument] = OrderedDict()
        self._characters = 0
        self.limits = limits or Limits()

    def find(self, text: str) -> ParsedDocument | None:
        """The parsed form of a text that was valid before."""
        if (document := self._documents.get(text)) is not None:
            self._documents.move_to_end(text)
        return document

    def keep(self, text: str, document: ParsedDocument) -> None:
        """Remember a valid document, unless it is huge; those that were used the longest ago make room."""
        if len(text) > min(self._size, MAX_CACHED_CHARACTERS) or text in self._documents:
            return
        self._documents[text] = document
        self._characters += len(text)
        while self._characters > self._size:
            oldest, _ = self._documents.popitem(last=False)
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
    visitor = _Keepable()
    visit(document, visitor)
    if visitor.error:
        raise visitor.error


def parsed(text: str, schema: GraphQLSchema, limits: Limits) -> ParsedDocument:
    """A document that is within the limits. Raises GraphQLError for any other, and for one that cannot be read."""
    if len(text) > limits.bytes or len(text.encode("utf-8", "surrogatepass")) > limits.bytes:
        raise GraphQLError(
            f"A document has at most {limits.bytes} bytes.", extensions={"code": "PAYLOAD_TOO_LARGE", "limit": "bytes"}
        )
    try:
        document = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        if "nested too deeply" in error.message:
            extensions = {"code": "QUERY_TOO_COMPLEX", "limit": "nesting"}
            raise GraphQLError("The document is nested too deep to be read.", extensions=extensions) from None
        if "Parsing aborted" in error.message:
            raise too_complex("Tokens", limits.tokens + 1, limits.tokens, "tokens") from None
        raise
    make_keepable(document)
    refuse_excess(document, limits)
    return ParsedDocument(document, Price(schema, document), tells_of_schema(text))


def mistakes_in(document: DocumentNode, schema: GraphQLSchema, context: object) -> list[GraphQLError]:
    """What is wrong with a document, as Strawberry finds it and each at its place, but the first mistakes are enough, and only
    who may read the schema is helped to guess its names; both take far longer than the rest."""
    mistakes = validate(
        schema,
        document,
        (*_RULES, MaybeNullValidationRule, NeverNullableInOneOf),
        max_errors=MAX_ERRORS,
        hide_suggestions=not may_introspect(context),
    )
    place_in_document(mistakes, document)
    return mistakes
