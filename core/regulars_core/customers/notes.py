"""The team's notes about a customer."""

from tortoise.exceptions import DoesNotExist

from regulars_core.customers.changes import locked_customer
from regulars_core.customers.models import CustomerNote
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.shop.shop import Shop

MAX_NOTE = 10_000


def _checked_body(body: str) -> str:
    checks = Checks()
    text = checks.prose(body, "body", MAX_NOTE, required=True)
    checks.refuse()
    return text or ""


async def add_note(shop: Shop, customer_id: str, body: str, author: str) -> str:
    """Write a note about a customer and answer its id. Raises Refused."""
    text = _checked_body(body)

    async def work() -> str:
        customer = await locked_customer(shop, customer_id, "customerId")  # or a merge would leave it behind
        written = now()
        note = await CustomerNote.create(
            id=new_id(), customer_id=customer["id"], body=text, author=author, created_at=written, updated_at=written
        )
        return note.id

    return await shop.database.transaction(work)


async def change_note(shop: Shop, note_id: str, body: str) -> None:
    """Rewrite a note. Raises Refused."""
    text = _checked_body(body)

    async def work() -> None:
        if not await CustomerNote.filter(id=note_id).update(body=text, updated_at=now()):
            raise Refused(_unknown())

    await shop.database.transaction(work)


async def delete_note(shop: Shop, note_id: str) -> str:
    """Remove a note and answer whose it was. Raises Refused."""

    async def work() -> str:
        try:
            note = await CustomerNote.get(id=note_id)
        except DoesNotExist:
            raise Refused(_unknown()) from None
        await note.delete()
        return str(note.customer_id)

    return await shop.database.transaction(work)


def _unknown() -> Problem:
    return Problem("NOT_FOUND", "There is no note with this id.", ("id",))
