"""The way that every mutation takes: key look-up, business rules, effect, and what is kept of it, in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from regulars_core import audit
from regulars_core.database import Database, Lookup, OutcomeUnknown, Unavailable
from regulars_core.idempotency import Claim, claim, digest_of, keeping, lookup
from regulars_core.primitives.errors import BadInput, Malformed, Refused
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.fields.outcomes import Outcomes
from regulars_schema.inputs.idempotent import Keyed, canonical, given_fields, key_in
from regulars_schema.request.context import Batch, Context
from regulars_schema.request.errors import Payload

T = TypeVar("T")


@dataclass(frozen=True)
class Pipeline:
    """One mutation: its name, the function that does it, and what is kept of it."""

    name: str
    function: Callable[..., Awaitable[Payload]]
    outcomes: Outcomes
    ahead: Callable[[Database, Any], Sequence[Lookup]] | None = None
    """What the function is going to look up with `Database.look_up`, so that it is asked together with the key."""

    async def run(self, context: Context, schema: ComposedSchema, place: str, given: Keyed) -> Payload:
        """The payload, for this place of the answer. Raises BadInput for input that is malformed, and whatever nobody foresaw;
        nothing is done then."""
        context.forget()
        try:
            return await self._run(context, schema, place, given)
        except Refused as refusal:
            return self.outcomes.refusal(refusal.problems)
        except BadInput as error:
            raise BadInput(str(error), ("input", *error.path), error.reason) from None
        finally:
            context.forget()

    async def _run(self, context: Context, schema: ComposedSchema, place: str, given: Keyed) -> Payload:
        batch = context.batch
        key = key_in(given)
        if key is None:
            done = await self._in_transaction(batch, lambda: self._effect(batch, given))
            return await self.outcomes.seen(done, schema, batch)
        found, payload = await self._once(batch, given, key)
        context.keyed(place, found.outcome is not None, found.first_at)
        if payload is not None:
            return await self.outcomes.seen(payload, schema, batch)
        assert found.outcome is not None
        return await self.outcomes.recalled(found.outcome, schema, batch)

    async def _once(self, batch: Batch, given: Keyed, key: str) -> tuple[Claim, Payload | None]:
        """Do it and keep what became of it under the key; or find what became of it the first time, and no payload.

        A refusal undoes everything. So it is kept in a second transaction, unless somebody else has come between and done it:
        then that is what became of it. Whoever else is about to keep an outcome under the key makes this transaction wait and,
        if it was quicker, run again, and then it is found.
        """
        database, client = batch.database, batch.actor.key_id
        digest = digest_of(self.name, canonical(given))

        async def do() -> tuple[Claim, Payload | None]:
            if self.ahead is not None:
                await database.look_ahead([lookup(client, key), *self.ahead(database, given)])
            found = await claim(database, client, key, digest)
            return found, await self._effect(batch, given, found) if found.outcome is None else None

        try:
            return await self._surely(batch, do)
        except Malformed:
            raise
        except Refused as refusal:
            problems = refusal.problems

        async def refuse() -> tuple[Claim, Payload | None]:
            found = await claim(database, client, key, digest)
            if found.outcome is not None:
                return found, None
            await database.run_later([keeping(found, self.outcomes.refused(problems))])
            return found, self.outcomes.refusal(problems)

        return await self._surely(batch, refuse)

    async def _surely(self, batch: Batch, work: Callable[[], Awaitable[T]]) -> T:
        """Where nobody knows whether it was done, do it once more, since the key knows. Raises Unavailable where that breaks,
        too: under a key the client may always try again."""
        try:
            return await self._in_transaction(batch, work)
        except OutcomeUnknown:
            try:
                return await self._in_transaction(batch, work)
            except OutcomeUnknown as error:
                raise Unavailable(str(error)) from error

    async def _in_transaction(self, batch: Batch, work: Callable[[], Awaitable[T]]) -> T:
        shop = batch.shop
        return await shop.codes.outside(lambda: shop.database.transaction(work))

    async def _effect(self, batch: Batch, given: Keyed, taken: Claim | None = None) -> Payload:
        """Do it, and write down who did it and what became of it."""
        with audit.gathering() as changes:
            payload = await self.function(batch, input=given)
        told = audit.writing(
            key=(batch.actor.key_id, batch.actor.name),
            action=self.name,
            entities=self.outcomes.subjects(payload),
            changes=dict.fromkeys(given_fields(given)) if changes.told is None else changes.told,
            request_id=batch.request_id,
        )
        kept = [keeping(taken, self.outcomes.done(payload))] if taken else []
        await batch.database.run_later([told, *kept])
        return payload
