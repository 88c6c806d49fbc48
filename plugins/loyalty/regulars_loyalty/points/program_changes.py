"""New versions of the program, and those that are withdrawn before they begin."""

from regulars_core.plugin import Checks, Instant, Malformed, Problem, Refused, Shop, hold_segments, now
from regulars_loyalty.points.program import ProgramData, placed_audiences
from regulars_loyalty.points.program_reads import stored_programs


async def change_program(shop: Shop, data: ProgramData, starts_at: Instant | None, author: str) -> int:
    """Put a version in force from an instant on, now if it is None, and answer its number. One that was to begin at the same
    instant gives way. Raises Malformed with INVALID_DATE for an instant that is past, and Refused with PROGRAM_UNCHANGED."""
    present = now()
    begins = present if starts_at is None else starts_at
    if begins < present:
        message = "A program begins now or later: what was earned stays as it was earned."
        raise Malformed(Problem("INVALID_DATE", message, ("startsAt",)))

    async def work() -> int:
        checks = Checks("program")
        await hold_segments(shop, placed_audiences(data), checks)
        checks.refuse()
        known = await stored_programs(shop.database)
        in_force = [one for one in known if one.starts_at <= begins]
        if in_force and in_force[-1].data == data:
            raise Refused(Problem("PROGRAM_UNCHANGED", "This is the program that is in force then.", ("program",)))
        for one in known:
            if one.starts_at == begins > present:
                await _withdraw(shop, one.number, present)
        [row] = await shop.database.rows(
            "INSERT INTO loyalty_program (starts_at, body, author, created_at) VALUES ($1, $2, $3, $4) RETURNING number",
            begins,
            data.model_dump_json(),
            author,
            present,
        )
        return int(row[0])

    return await shop.database.transaction(work)


async def withdraw_program(shop: Shop, id_: str) -> None:
    """Take back a version that has not begun: the one before it goes on. Raises Refused with NOT_FOUND and PROGRAM_STARTED."""
    present = now()

    async def work() -> None:
        found = next((one for one in await stored_programs(shop.database) if one.id == id_), None)
        if found is None:
            raise Refused(Problem("NOT_FOUND", "There is no such version of the program.", ("id",)))
        if found.starts_at <= present:
            raise Refused(Problem("PROGRAM_STARTED", "This version has begun; put another one in force.", ("id",)))
        await _withdraw(shop, found.number, present)

    await shop.database.transaction(work)


async def _withdraw(shop: Shop, number: int, at: Instant) -> None:
    await shop.database.run(
        "UPDATE loyalty_program SET withdrawn_at = $2 WHERE number = $1 AND withdrawn_at IS NULL", number, at
    )
