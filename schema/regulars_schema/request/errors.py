"""What a caller is told when something does not work.

Domain outcomes are data: `userErrors` in a mutation's payload. Everything else is an entry of GraphQL's `errors` with a
code of one closed list.
"""

import re
from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import FieldNode, GraphQLError
from strawberry.exceptions import StrawberryInputCoercionError

from regulars_core.database import OutcomeUnknown, StoppedForLength, Unavailable
from regulars_core.database.seals import Sealed
from regulars_core.primitives.errors import BadInput, Forbidden, Problem, TimedOut, logged
from regulars_core.shop.shop import CatchingUp
from regulars_schema.request.permissions import requires

RETRYABLE = frozenset({"UNAVAILABLE", "TIMEOUT", "RATE_LIMITED", "INTERNAL"})


@requires(None)
@strawberry.interface(
    description="A reason why a mutation did nothing, for the caller to act on. Every member of this interface also says "
    "what it knows beyond that."
)
class UserError:
    """GraphQL's view of regulars_core.primitives.errors.Problem."""

    code: str = strawberry.field(description="What is wrong, for programs: one of the codes the mutation lists.")
    message: str = strawberry.field(description="What is wrong, for people: one sentence in English.")
    path: list[str] = strawberry.field(description="Where in the arguments it is wrong, beginning with `input`.")


@strawberry.type(description="A part of the input that cannot be accepted, or that does not fit what is recorded.")
class InvalidInput(UserError):
    """The plain member."""

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """Every problem that has no type of its own."""
        return type(value) is Problem


@requires(None)
@strawberry.type(description="What every mutation answers.")
class Payload:
    """Base of all payloads; not a type of its own."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done. Empty when the mutation has worked."
    )


@requires(None)
@strawberry.type(name="Warning", description="Something that somebody should know, though the mutation has worked.")
class PayloadWarning:
    """GraphQL's view of a regulars_core.primitives.errors.Problem that stopped nothing."""

    code: str = strawberry.field(
        description="What it is, for programs: one of the codes that the payload's field lists."
    )
    message: str = strawberry.field(description="What it is, for people: one sentence in English.")
    path: list[str] = strawberry.field(description="What in the arguments it is about, beginning with `input`.")


def told(problems: Sequence[Problem]) -> list[Any]:
    """Problems of an input as the warnings of a payload."""
    return [problem.under("input") for problem in problems]


class ConditionsUnavailable(Exception):
    """Conditions that are stored cannot be asked now: nobody brings these leaves of theirs. Whoever is meant by them is not
    nobody, and not known."""

    def __init__(self, leaves: Sequence[str]) -> None:
        listed = ", ".join(f"`{name}`" for name in leaves)
        super().__init__(
            f"These conditions cannot be asked now, since nobody brings {listed}: a plugin is off, or it is gone."
        )
        self.leaves = leaves


ERROR_TYPES: Sequence[type] = (InvalidInput,)


def answered(error: GraphQLError) -> dict[str, Any]:
    """The error as the client sees it: with a code, and without a word about our insides.

    What nobody foresaw is `INTERNAL`, with an `errorId` that stands in the log beside the traceback.
    """
    message, extensions = _explained(error)
    code = extensions["code"]
    answer: dict[str, Any] = {"message": message}
    if error.locations:
        answer["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        answer["path"] = error.path
    answer["extensions"] = extensions | {"retryable": extensions.get("retryable", code in RETRYABLE)}
    return answer


def _explained(error: GraphQLError) -> tuple[str, dict[str, Any]]:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, BadInput):
        reason = {"reason": cause.reason} if cause.reason else {}
        return str(cause), {"code": "BAD_USER_INPUT", "argument": list(cause.path)} | reason
    if isinstance(cause, Forbidden):
        store = {"store": f"store_{cause.store}"} if cause.store else {}
        return str(cause), {"code": "FORBIDDEN", "permission": cause.permission, "refused": cause.refused} | store
    if isinstance(cause, OutcomeUnknown):
        message = "The connection to the database broke at the end: look whether it was done before you try again."
        return message, {"code": "UNAVAILABLE", "retryable": False}
    if isinstance(cause, StoppedForLength):
        message = "The database stopped this because it took too long, and would stop it again: ask for less at once."
        return message, {"code": "STATEMENT_TIMEOUT"}
    if isinstance(cause, ConditionsUnavailable | Sealed | Unavailable):
        return _unavailable(cause)
    if isinstance(cause, TimedOut) and cause.unknown:
        message = (
            "The time of the request ended while this was committed: look whether it was done before you try again."
        )
        return message, {"code": "TIMEOUT", "retryable": False}
    if isinstance(cause, TimedOut):
        return "This took longer than a request may take; what was not committed is undone.", {"code": "TIMEOUT"}
    extensions = (error.extensions or {}) | ((cause.extensions or {}) if isinstance(cause, GraphQLError) else {})
    if isinstance(cause or error, StrawberryInputCoercionError):
        extensions = {"code": "BAD_USER_INPUT"} | extensions
    if "code" in extensions:
        return _without_values(error.message), extensions
    if (cause is None or isinstance(cause, GraphQLError)) and not error.path:
        return _without_values(error.message), {"code": "BAD_USER_INPUT"} | extensions
    return "Something went wrong on our side.", {"code": "INTERNAL", "errorId": logged(cause or error, _place(error))}


def _unavailable(cause: "ConditionsUnavailable | Sealed | Unavailable") -> tuple[str, dict[str, Any]]:
    if isinstance(cause, Sealed):
        return str(cause), {"code": "UNAVAILABLE", "retryable": False}
    if isinstance(cause, ConditionsUnavailable):
        return str(cause), {"code": "UNAVAILABLE", "leaves": list(cause.leaves), "retryable": False}
    if isinstance(cause, CatchingUp):
        return str(cause), {"code": "UNAVAILABLE", "plugin": cause.plugin}
    return "The database is not available at the moment; try again.", {"code": "UNAVAILABLE"}


_VALUE = re.compile(
    r"""
    ,?[ ]found:.*                                    # Expected value of type 'T' to be an object, found: {...}.
    | ,[ ]but[ ]encountered[ ]error.*                # the words of whoever wrote a scalar
    | (?P<kept>[ ]cannot[ ]represent[ ][^:]*):.*     # Int cannot represent non-integer value: 'x'
    """,
    re.DOTALL | re.VERBOSE,
)
_NULL = re.compile(r"Expected value of type '[^']*', found null\..*", re.DOTALL)


def _without_values(message: str) -> str:
    """A message of graphql-core or Strawberry without the values that it quotes, which it spells as Python does and which may be
    all of a form: where they stand is told beside it."""
    message = _NULL.sub("This must not be null.", message).replace(" not to be None.", " not to be null.")
    return _VALUE.sub(lambda found: f"{found['kept'] or ''}.", message)


def _place(error: GraphQLError) -> str:
    """Where in the schema it happened. The path would hold aliases, which are the client's words."""
    return ".".join(node.name.value for node in error.nodes or () if isinstance(node, FieldNode)) or "the document"


def pre_execution(error: GraphQLError, code: str) -> GraphQLError:
    """The same error with the code of the stage that found it."""
    error.extensions = {"code": code} | (error.extensions or {})
    return error
