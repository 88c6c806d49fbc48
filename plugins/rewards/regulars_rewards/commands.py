"""`regulars rewards …`."""

import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from regulars_core.plugin import (
    LATEST,
    BadInput,
    Instant,
    Refused,
    Shop,
    acting_as,
    audit_entry,
    in_shop,
    operator,
    printed,
)
from regulars_rewards.coupons.codes import MAX_LENGTH, MIN_LENGTH
from regulars_rewards.coupons.issuing import MAX_RANDOM, Terms, generate_more, refuse_small_space
from regulars_rewards.settings import RewardsSettings
from regulars_rewards.trial_commands import instant_in, shadow_commands, simulate
from regulars_schema.plugin import global_id, key_of

commands = typer.Typer(help="Offers and coupons.", no_args_is_help=True)
commands.command()(simulate)
commands.add_typer(shadow_commands, name="shadow")
BATCH = "couponbatch"


@commands.callback()
def _rewards() -> None:
    """Offers and coupons."""


@commands.command()
def codes(
    promotion: Annotated[str, typer.Argument(help="The id of the promotion that they open.")],
    to: Annotated[Path, typer.Option(help="The file to write them to, a code a line; it must not be there.")],
    count: Annotated[int, typer.Option(min=1, help="How many coupons the batch shall have in the end.")],
    length: Annotated[
        int | None,
        typer.Option(
            min=MIN_LENGTH, max=MAX_LENGTH, help="Random symbols of each code, as the setting says if absent."
        ),
    ] = None,
    prefix: Annotated[str, typer.Option(help="What each code begins with, at most 8 letters and digits.")] = "",
    usage_limit: Annotated[
        int, typer.Option(min=0, help="How often each can be used; 0 for as often as its promotion.")
    ] = 1,
    expires_at: Annotated[
        str | None, typer.Option(help="When they expire, with an offset; with their promotion if absent.")
    ] = None,
    batch: Annotated[str | None, typer.Option(help="The batch to go on with, where this was interrupted.")] = None,
) -> None:
    """Make coupons that belong to nobody, in any number, and write their codes to a file.

    They are made 10,000 at a time, and each time all of them or none. Where it is interrupted, what is made stays, in the batch
    that it has named: run it again with `--batch` to go on, or revoke that batch. The file is written when all codes are there,
    and is whole or is not there."""
    if to.exists():
        raise typer.BadParameter(f"{to} is there already.")
    ends = instant_in(expires_at)
    try:
        terms = Terms(key_of(promotion, "promotion"), LATEST if ends is None else ends, usage_limit or None)
        own = None if batch is None else key_of(batch, BATCH)
    except BadInput as wrong:
        raise typer.BadParameter(str(wrong)) from None
    if prefix and not (prefix.isascii() and prefix.isalnum() and len(prefix) <= 8):
        raise typer.BadParameter("A prefix has at most 8 letters A to Z and digits.")

    async def work(shop: Shop) -> None:
        started = time.perf_counter()
        key = await _generated(shop, terms, own, count, length, prefix.upper())
        written = await write_codes(shop, key, to)
        typer.echo(f"{global_id(BATCH, key)}: {written} codes in {to}, {time.perf_counter() - started:.1f} s")

    in_shop(work)


async def _generated(
    shop: Shop, terms: Terms, batch_id: str | None, count: int, length: int | None, prefix: str
) -> str:
    """A batch of so many coupons: a new one, or one that has some of them already."""
    symbols = length or shop.settings.of(RewardsSettings).code_length
    done = 0 if batch_id is None else await _count(shop, batch_id)
    with acting_as(operator(shop.permissions)):
        try:
            refuse_small_space(max(count, done), symbols)
            while done < count:
                some = min(MAX_RANDOM, count - done)
                batch_id = await _some_more(shop, terms, batch_id, some, symbols, prefix)
                done += some
                typer.echo(f"{global_id(BATCH, batch_id)}: {done} of {count}", err=True)
        except Refused as refused:
            raise typer.BadParameter("; ".join(one.message for one in refused.problems)) from None
    assert batch_id is not None
    return batch_id


async def _some_more(shop: Shop, terms: Terms, batch_id: str | None, count: int, length: int, prefix: str) -> str:
    async def work() -> str:
        key = await generate_more(shop, terms, batch_id, count, length, prefix)
        by = operator(shop.permissions)
        ends = None if terms.expires_at == LATEST else printed(Instant(terms.expires_at))
        changes = {"count": (None, count), "usageLimit": (None, terms.usage_limit), "expiresAt": (None, ends)}
        told = audit_entry(key=(by.key_id, by.name), action="couponsGenerate", entities=[(BATCH, key)], changes=changes)
        await shop.database.defer([told])
        return key

    return await shop.database.transaction(work)


async def _count(shop: Shop, batch_id: str) -> int:
    row = await shop.database.row("SELECT coupon_count FROM rewards_batch WHERE id = $1", batch_id)
    if row is None:
        raise typer.BadParameter("There is no such batch.")
    return int(row[0])


async def write_codes(shop: Shop, batch_id: str, to: Path) -> int:
    """Write the codes of a batch to a file, in the order of codes; how many. It is whole or not there."""
    unfinished = to.with_name(f".{to.name}.unfinished")
    written = 0
    with unfinished.open("w", encoding="utf-8") as file:
        os.chmod(unfinished, 0o600)  # whoever has them may use them
        async for some in _codes(shop, batch_id):
            file.writelines(f"{code}\n" for code in some)
            written += len(some)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(to)
    return written


async def _codes(shop: Shop, batch_id: str) -> AsyncIterator[Sequence[str]]:
    last = ""
    while True:
        rows = await shop.database.rows(
            "SELECT key, code FROM rewards_coupon WHERE batch_id = $1 AND key > $2 ORDER BY key LIMIT $3",
            batch_id,
            last,
            MAX_RANDOM,
        )
        if rows:
            yield [row[1] for row in rows]
        if len(rows) < MAX_RANDOM:
            return
        last = rows[-1][0]
