"""`regulars rewards simulate` and `regulars rewards shadow …`: rules on all that the shop has sold, before they are in force."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from regulars_core.plugin import BadInput, Instant, Problem, Refused, Shop, in_shop, instant_of, printed
from regulars_rewards.rule_files import read_json, simulated, system_in
from regulars_rewards.simulations.shadows import read_shadow, shadows, start_shadow, stop_shadow
from regulars_rewards.simulations.totals import Totals
from regulars_rewards.simulations.whole_shop import Form, Result, summary, written


def simulate(
    rule: Annotated[
        Path,
        typer.Argument(
            help="What to try, as JSON: the input of `promotionSimulate` or `rewardSystemSimulate`.",
            exists=True,
            dir_okay=False,
        ),
    ],
    against: Annotated[
        Path | None,
        typer.Option(
            help="Another one to compare it with, in the place of what was in force.", exists=True, dir_okay=False
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", help="The first instant to look at, with an offset; as the file says if absent."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="The instant to stop before, with an offset; as the file says if absent.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to write it.")] = Form.CSV,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write; `-` for standard output.")] = Path(
        "-"
    ),
) -> None:
    """Try a rule on all that the shop has sold, by the code that would apply it, and write what every customer would have got
    beside what is given now. Changes nothing in the shop."""
    given, other = _json(rule), None if against is None else _json(against)
    begins, ends = instant_in(since), instant_in(until)

    async def work(shop: Shop) -> None:
        totals = Totals()
        try:
            with _refusals():
                result = await simulated(shop, given, other, begins, ends, totals, _told)
                with _opened(output) as target:
                    await written(shop, result, totals, target, form)
                _summed(result, totals)
        finally:
            totals.close()

    in_shop(work)


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except ValueError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from None


def instant_in(text: str | None) -> Instant | None:
    """An instant as it is typed."""
    try:
        return None if text is None else instant_of(datetime.fromisoformat(text))
    except ValueError:
        raise typer.BadParameter("An instant is written as 2026-01-31T09:30:00+01:00.") from None


def _told(done: int, expected: int) -> None:
    typer.echo(f"{done:,} of {expected:,}", err=True)


@contextmanager
def _opened(output: Path) -> Iterator[TextIO]:
    """The file, which is whole or is not there; or standard output."""
    if str(output) == "-":
        yield typer.get_text_stream("stdout")
        return
    unfinished = output.with_name(f".{output.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)


def _summed(result: Result, totals: Totals) -> None:
    told = summary(result, totals)
    typer.echo(
        f"{told['given']} {result.unit} beside {told[result.second]}: {told['purchaseCount']} purchases of"
        f" {told['customerCount']} customers, {told['winnerCount']} would get more and {told['loserCount']} less",
        err=True,
    )
    for one in told["perTier"]:
        typer.echo(
            f"{one['tier']}: {one['given']} beside {one[result.second]}, {one['customerCount']} customers", err=True
        )
    for note in result.notes:
        typer.echo(note, err=True)


shadow_commands = typer.Typer(help="Reward systems that collect and give nothing.", no_args_is_help=True)


@shadow_commands.command()
def start(
    rule: Annotated[
        Path,
        typer.Argument(
            help="The reward system, as JSON: the input of `rewardSystemSimulate`.", exists=True, dir_okay=False
        ),
    ],
    beside: Annotated[
        str | None, typer.Option(help="The name of the live reward system beside which it is read.")
    ] = None,
) -> None:
    """Let a reward system collect beside the live ones from now on. It gives nothing, and nobody sees it."""
    given = _json(rule)

    async def work(shop: Shop) -> None:
        with _refusals():
            draft = await system_in(shop, given)
            await start_shadow(shop, draft, beside)
            typer.echo(f"{draft.name} collects.")

    in_shop(work)


@shadow_commands.command(name="list")
def list_shadows() -> None:
    """List what collects and gives nothing."""

    async def work(shop: Shop) -> None:
        for one in await shadows(shop):
            data = one.current.data
            state = "collects" if data.is_enabled else "stopped"
            typer.echo(f"{one.name}  {state}  since {printed(data.starts_at or Instant(0))}")

    in_shop(work)


@shadow_commands.command()
def show(
    name: Annotated[str, typer.Argument(help="Its name.")],
    form: Annotated[Form, typer.Option("--format", help="How to write it.")] = Form.CSV,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write; `-` for standard output.")] = Path(
        "-"
    ),
) -> None:
    """Write what a shadow would have given every customer, beside what the live one has given since."""

    async def work(shop: Shop) -> None:
        totals = Totals()
        try:
            with _refusals():
                result = await read_shadow(shop, name, totals)
                with _opened(output) as target:
                    await written(shop, result, totals, target, form)
                _summed(result, totals)
        finally:
            totals.close()

    in_shop(work)


@shadow_commands.command()
def stop(name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Let a shadow collect no more. What it has collected can still be read."""

    async def work(shop: Shop) -> None:
        with _refusals():
            is_gone = await stop_shadow(shop, name)
            typer.echo(f"{name} is gone." if is_gone else f"{name} collects no more.")

    in_shop(work)


@contextmanager
def _refusals() -> Iterator[None]:
    """What is refused inside is told, and ends the command with status 1."""
    try:
        yield
    except (Refused, BadInput) as refused:
        for one in refused.problems if isinstance(refused, Refused) else [Problem("", str(refused), refused.path)]:
            typer.echo(f"{'.'.join(one.path)}: {one.message}", err=True)
        raise typer.Exit(1) from None
