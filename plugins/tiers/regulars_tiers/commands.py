"""`regulars tiers …`."""

import json
import time
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from regulars_core.plugin import Instant, Refused, Shop, customers_by_ids, in_shop, instant_of, printed
from regulars_tiers import policy_versions, reassessment
from regulars_tiers.simulation import Simulation, simulate

commands = typer.Typer(help="Tiers of customers.", no_args_is_help=True)


@commands.callback()
def _tiers() -> None:
    """Tiers of customers."""


@commands.command()
def reassess(
    everybody: Annotated[bool, typer.Option("--all", help="Everybody, not only those who wait for it.")] = False,
) -> None:
    """Bring standings up to date: what time has changed, a new policy, and who bought before the plugin was on."""

    async def work(shop: Shop) -> None:
        started, done = time.perf_counter(), 0
        if everybody:
            await reassessment.mark_all(shop)
        async for count in reassessment.work_off(shop):
            done += count
            typer.echo(f"{done} customers …", err=True)
        seconds = time.perf_counter() - started
        rate = f", {seconds / done * 100_000:.1f} s per 100,000" if done else ""
        typer.echo(f"{done} customers in {seconds:.1f} s{rate}")

    in_shop(work)


@commands.command(name="simulate")
def simulate_file(
    policy: Annotated[Path, typer.Argument(help="The policy, as JSON or TOML.", exists=True, dir_okay=False)],
    effective: Annotated[
        str | None, typer.Option(help="From when on it shall hold, with an offset; now if absent.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="When to compare tiers, with an offset; now if absent.")] = None,
    sample: Annotated[int, typer.Option(help="How many customers to name.", min=0, max=1_000)] = 20,
) -> None:
    """Try a policy on the shop's own history; writes nothing."""
    data = _read(policy)
    begins, moment = _instant(effective), _instant(at)

    async def work(shop: Shop) -> None:
        try:
            tried = policy_versions.checked(shop, data)
            simulation = await simulate(shop, tried, effective_at=begins, at=moment, sample=sample)
        except Refused as refused:
            for problem in refused.problems:
                typer.echo(f"{'.'.join(problem.path)}: {problem.message}", err=True)
            raise typer.Exit(1) from None
        await _print(shop, simulation)

    in_shop(work)


async def _print(shop: Shop, simulation: Simulation) -> None:
    typer.echo(f"{simulation.customers} customers, {simulation.moved} of them moved, at {printed(simulation.at)}")
    if simulation.unmeasured:
        typer.echo(f"{simulation.unmeasured} of them cannot be measured, and would keep the tier that they have")
    for (before, after), count in sorted(simulation.moves.items()):
        typer.echo(f"{before} -> {after}  {count}")
    rows = await customers_by_ids(shop.database, [one.customer_id for one in simulation.sample])
    for one in simulation.sample:
        criteria = [evidence.progress.criterion.kind.description for evidence in one.after.evidence]
        because = ", ".join(criteria) or "no criterion"
        typer.echo(f"{rows[one.customer_id].code}  {one.before.tier.code} -> {one.after.tier.code}  {because}")


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from None


def _instant(text: str | None) -> Instant | None:
    try:
        return None if text is None else instant_of(datetime.fromisoformat(text))
    except ValueError:
        raise typer.BadParameter("An instant is written as 2026-01-31T09:30:00+01:00.") from None
