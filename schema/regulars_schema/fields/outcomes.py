"""What is kept of a mutation's outcome under its key, and the payload that is made of it again."""

import dataclasses
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import orjson
import strawberry
from strawberry.types.base import get_object_definition

from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import NodeKind
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload, PayloadWarning
from regulars_schema.types.ids import split_id

_PLAIN = (bool, int, Instant, strawberry.ID)


class Outcomes:
    """The outcomes of one mutation. Objects are kept as ids and read anew, so they answer as they are then; beside
    them a payload may hold ids, whole numbers, flags, and warnings, which are told again as they were, and objects or lists of a
    type that says itself what is `kept` of each, in plain JSON, and how all of them are `recalled`. A text is `named` where it is
    a name that the shop has given to something of its own, which is told again; or it is `told_once`, and never kept.

    Raises TypeError for a payload with anything else in it.
    """

    def __init__(self, payload: type[Payload]) -> None:
        self._payload = payload
        hints = get_type_hints(payload)
        self._hints = hints
        names = [field.name for field in dataclasses.fields(payload) if field.name != "user_errors"]
        self._warnings = {name for name in names if hints[name] == list[PayloadWarning]}
        self._keeping = {name: type_ for name in names if hasattr(type_ := _listed(hints[name]), "recalled")}
        metadata = {field.name: field.metadata for field in dataclasses.fields(payload)}
        self._once = {name for name in names if metadata[name].get("told_once")}
        plain = {*self._warnings, *self._keeping, *self._once, *(name for name in names if metadata[name].get("named"))}
        self._kinds = {
            name: None if name in plain else _kind(f"{payload.__name__}.{name}", hints[name]) for name in names
        }

    def done(self, payload: Payload) -> str:
        """What is kept of a mutation that has worked."""
        kept = {}
        for name, kind in self._kinds.items():
            value = getattr(payload, name)
            if name in self._once:
                continue
            if name in self._warnings:
                value = [dataclasses.asdict(one) for one in value]
            elif name in self._keeping:
                kept_of = self._keeping[name].kept
                value = [kept_of(row) for row in value] if isinstance(value, list) else value and kept_of(value)
            elif kind is not None:
                value = [row.id for row in value] if isinstance(value, list) else value and value.id
            kept[name] = value
        return orjson.dumps({"done": kept}).decode()

    def subjects(self, payload: Payload) -> list[tuple[str, str]]:
        """What a mutation was about, as (kind, key): what the first field of its payload holds, one or many; or what these say
        that they are about."""
        name, kind = next(iter(self._kinds.items()))
        value = getattr(payload, name)
        if kind is None:
            return [split_id(value)] if isinstance(value, str) and self._is_id(name) else []
        rows = value if isinstance(value, list) else [value]
        return [about for row in rows if row is not None for about in getattr(row, "audited", [(kind, row.id)])]

    def _is_id(self, name: str) -> bool:
        return _listed(self._hints[name]) is strawberry.ID

    def refused(self, problems: Sequence[Problem]) -> str:
        """What is kept of a refusal."""
        told = [[type(problem).__name__, dataclasses.asdict(problem)] for problem in problems]
        return orjson.dumps({"refused": told}).decode()

    async def recalled(self, text: str, schema: ComposedSchema, context: RequestContext) -> Payload:
        """The payload of the first time, with its objects as they are now."""
        outcome = orjson.loads(text)
        if "refused" in outcome:
            return self.refusal([_problem(schema, name, known) for name, known in outcome["refused"]])
        values: dict[str, Any] = {}
        for name, value in outcome["done"].items():
            kind = self._kinds.get(name)
            if name in self._warnings:
                values[name] = [_problem(schema, Problem.__name__, known) for known in value]
            elif name in self._keeping:
                values[name] = await self._keeping[name].recalled(value, context)
            else:
                values[name] = value if kind is None else await _loaded(schema.nodes[kind], value, context)
        return self._payload(**values)

    async def seen(self, payload: Payload, schema: ComposedSchema, context: RequestContext) -> Payload:
        """The payload with only those of its objects that `node` would answer to the caller, too: whoever is bound to
        stores may do something in one and see nothing of it."""
        for name, kind in self._kinds.items():
            value = getattr(payload, name)
            if kind is None or not value or _sees_all(schema.nodes[kind], context):
                continue
            keys = [row.id for row in value] if isinstance(value, list) else value.id
            setattr(payload, name, await _loaded(schema.nodes[kind], keys, context))
        return payload

    def refusal(self, problems: Sequence[Problem]) -> Payload:
        """The payload of a mutation that was refused."""
        errors: Any = [problem.under("input") for problem in problems]
        return self._payload(user_errors=errors)


def _sees_all(kind: NodeKind, context: RequestContext) -> bool:
    return kind.needs is None or context.actor.covers(kind.needs, None)


async def _loaded(kind: NodeKind, keys: Any, context: RequestContext) -> Any:
    """The rows with these keys, or the row with this one, as the caller sees them; those that it does not see are missing."""
    if keys is None:
        return None
    wanted = keys if isinstance(keys, list) else [keys]
    found = await kind.load(context, wanted)
    rows = [found[key] for key in wanted if key in found]
    return rows if isinstance(keys, list) else next(iter(rows), None)


def _problem(schema: ComposedSchema, name: str, known: dict[str, Any]) -> Problem:
    kind = schema.problems.get(name, Problem)  # a plugin that is off now may have refused then
    fields = {field.name for field in dataclasses.fields(kind)}
    return kind(**{field: value for field, value in known.items() if field in fields} | {"path": tuple(known["path"])})


def _listed(hint: Any) -> Any:
    """What is in a field of a payload: one of it, or a list of them."""
    if get_origin(hint) in {Union, UnionType}:
        [hint] = [part for part in get_args(hint) if part is not NoneType]
    if get_origin(hint) is list:
        [hint] = get_args(hint)
    return hint


def _kind(place: str, hint: Any) -> str | None:
    """The kind of the objects in a field of a payload; None for plain values."""
    hint = _listed(hint)
    if hint in _PLAIN:
        return None
    definition = get_object_definition(hint)
    fields = definition.fields if definition else ()
    kind = next((one for field in fields if (one := field.metadata.get("kind"))), None)
    if kind is None:
        raise TypeError(
            f"{place} cannot be kept under an idempotency key: answer objects with ids, ids, counts, flags or warnings."
        )
    return str(kind)
