"""The way that every mutation takes: key look-up, business rules, effect, and what is kept of it, in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from regulars_core import audit
from regulars_core.database import Lookup, OutcomeUnknown, Unavailable
from regulars_core.idempotency import Claim, claim, digest_of, keeping, lookup
from regulars_core.primitives.errors import BadInput, Malformed, Questioned, Refused
from regulars_core.shop.current_actor import acting_as
from regulars_core.shop.shop import Shop
from regulars_core.shop.surcharges import Surcharge, surcharged
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.fields.doubts import settle_input
from regulars_schema.fields.outcomes import Outcomes
from regulars_schema.inputs.idempotent import IdempotentInput, canonical, given_fields, key_in
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.request.errors import Payload

T = TypeVar("T")


@dataclass(frozen=True)
class Pipeline:
    """One mutation: its name, the function that does it, and what is kept of it."""

    name: str
    function: Callable[..., Awaitable[Payload]]
    outcomes: Outcomes
    ahead: Callable[[Shop, Any], Sequence[Lookup]] | None = None
    """What the function is going to look up with `Database.read`, so that it is asked together with the key."""
    turn: Callable[[Any], str | None] | None = None
    """Whom it moves, where two that move the same would overtake each other: in this process they take turns."""

    async def run(self, context: GraphQLContext, schema: ComposedSchema, place: str, given: IdempotentInput) -> Payload:
        """The payload, for this place of the answer. Raises BadInput for input that is malformed, and whatever nobody foresaw;
        nothing is done then."""
        context.forget()
        with surcharged() as besides:
            try:
                return await self._run(context, schema, place, given, besides)
            except Refused as refusal:
                return self.outcomes.refusal(refusal.problems)
            except BadInput as error:
                raise BadInput(str(error), ("input", *error.path), error.reason) from None
            finally:
                context.forget()
                if besides.objects:
                    context.request.surcharge(besides.objects)

    async def _run(
        self, context: GraphQLContext, schema: ComposedSchema, place: str, given: IdempotentInput, besides: Surcharge
    ) -> Payload:
        request = context.request
        key = key_in(given)
        if key is None:
            done = await self._in_transaction(request, given, lambda: self._effect(request, given, besides))
            return await self.outcomes.seen(done, schema, request)
        try:
            found, payload = await self._once(request, given, key, besides)
        except asyncio.CancelledError as cancelled:
            raise cancelled from None  # whatever was committed by then, the key will know
        context.note_key(place, found.outcome is not None, found.first_at)
        if payload is not None:
            return await self.outcomes.seen(payload, schema, request)
        assert found.outcome is not None
        return await self.outcomes.recalled(found.outcome, schema, request)

    async def _once(
        self, request: RequestContext, given: IdempotentInput, key: str, besides: Surcharge
    ) -> tuple[Claim, Payload | None]:
        """Do it and keep what became of it under the key; or find what became of it the first time, and no payload.

        A refusal undoes everything. So it is kept in a second transaction, unless somebody else has come between and done it:
        then that is what became of it. Whoever else is about to keep an outcome under the key makes this transaction wait and,
        if it was quicker, run again, and then it is found.
        """
        database, client = request.database, request.actor.key_id
        digest = digest_of(self.name, canonical(given))

        async def do() -> tuple[Claim, Payload | None]:
            if self.ahead is not None:
                await database.prefetch([lookup(client, key), *self.ahead(request.shop, given)])
            found = await claim(database, client, key, digest)
            return found, await self._effect(request, given, besides, found) if found.outcome is None else None

        try:
            return await self._surely(request, given, do)
        except (Malformed, Questioned):
            raise  # and nothing is kept
        except Refused as refusal:
            problems = refusal.problems

        async def refuse() -> tuple[Claim, Payload | None]:
            found = await claim(database, client, key, digest)
            if found.outcome is not None:
                return found, None
            await database.defer([keeping(found, self.outcomes.refused(problems))])
            return found, self.outcomes.refusal(problems)

        return await self._surely(request, given, refuse)

    async def _surely(self, request: RequestContext, given: IdempotentInput, work: Callable[[], Awaitable[T]]) -> T:
        """Where nobody knows whether it was done, do it once more, since the key knows. Raises Unavailable where that breaks,
        too: under a key the client may always try again."""
        try:
            return await self._in_transaction(request, given, work)
        except OutcomeUnknown:
            try:
                return await self._in_transaction(request, given, work)
            except OutcomeUnknown as error:
                raise Unavailable(str(error)) from error

    async def _in_transaction(
        self, request: RequestContext, given: IdempotentInput, work: Callable[[], Awaitable[T]]
    ) -> T:
        shop = request.shop
        async with shop.turns.of(None if self.turn is None else self.turn(given)):
            with acting_as(request.actor):
                return await shop.codes.outside(lambda: shop.database.transaction(work))

    async def _effect(
        self, request: RequestContext, given: IdempotentInput, besides: Surcharge, taken: Claim | None = None
    ) -> Payload:
        """Do it, and write down who did it and what became of it."""
        besides.objects = 0  # it may be done once more
        await settle_input(given)
        with audit.collecting() as changes:
            payload = await self.function(request, input=given)
        told = audit.writing(
            key=(request.actor.key_id, request.actor.name),
            action=self.name,
            entities=self.outcomes.subjects(payload),
            changes=dict.fromkeys(given_fields(given)) if changes.by_field is None else changes.by_field,
            request_id=request.request_id,
        )
        kept = [keeping(taken, self.outcomes.done(payload))] if taken else []
        await request.database.defer([told, *kept])
        return payload
