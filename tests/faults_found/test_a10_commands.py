"""A10: commands of plugins are parts of ours, and the schema is printed with the plugins that are named."""

import pytest
import typer
from typer.main import get_command

from regulars_core.start import plugins_wanted
from regulars_schema.schema import schema_of
from regulars_server.cli.main import app
from regulars_server.cli.plugins import CommandLine
from tests.cli.conftest import elsewhere, regulars  # noqa: F401
from tests.support.commands import Regulars


def test_a10_no_command_offers_completion_of_the_shell(regulars: Regulars, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    offered = []

    def look(group: object, *names: str) -> None:
        said = regulars(*names, "--help", plugins="tiers,loyalty,rewards")
        assert said.exit_code == 0, said.output
        if "completion" in said.output:
            offered.append(" ".join(names))
        if isinstance(group, typer.core.TyperGroup):
            context = typer.Context(get_command(app))
            for name in group.list_commands(context):
                command = group.get_command(context, name)
                if name in {"tiers", "loyalty", "rewards", "key", "export"} or names:
                    look(command, *names, name)

    monkeypatch.setenv("REGULARS_PLUGINS", "tiers,loyalty,rewards")
    group = get_command(app)
    assert isinstance(group, CommandLine)
    look(group)
    assert offered == []


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_a10_nor_understands_what_it_does_not_offer(regulars: Regulars, option: str) -> None:  # noqa: F811
    said = regulars("tiers", option, plugins="tiers")
    assert said.exit_code == 2
    assert "No such option" in said.output


@pytest.mark.parametrize(
    ("named", "wanted"),
    [("", ()), ("tiers", ("tiers",)), ("-tiers", ("-tiers",)), ("loyalty, tiers", ("loyalty", "tiers"))],
)
def test_a10_the_schema_is_printed_with_the_plugins_named(
    regulars: Regulars,  # noqa: F811
    named: str,
    wanted: tuple[str, ...],
) -> None:
    printed = regulars("schema", "--plugins", named, plugins="rewards")
    assert printed.exit_code == 0, printed.output
    assert printed.stdout == schema_of(plugins_wanted(wanted)).printed()


def test_a10_it_needs_no_settings_that_are_right(regulars: Regulars) -> None:  # noqa: F811
    assert regulars("schema", "--plugins", "tiers", currency="EURO", database_url="sqlite://nodir/x.db").exit_code == 0
    wrong = regulars("schema", "--plugins", "tires")
    assert wrong.exit_code == 1
    assert "--plugins names tires, which is not installed; did you mean tiers?" in wrong.stderr
    assert regulars("schema", "--plugins", "tiers", "--write").exit_code == 1
