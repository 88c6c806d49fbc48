"""The command line with the commands of the plugins that are on, each under its plugin's name."""

from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import CORE, Owners, PluginError
from regulars_core.primitives.suggestions import suggestion
from regulars_core.shop.commands import carry
from regulars_core.shop.settings import SettingsError
from regulars_core.start import configured
from regulars_server.cli.base import configured_or_exit, fail, in_shop


class CommandLine(TyperGroup):
    """Core's commands, and what plugins add when somebody looks for it."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names; core's alone where the settings are wrong, so that help is always there."""
        try:
            _, plugins = configured()
            added = commands_of(plugins, self.commands)
        except (SettingsError, PluginError):
            added = {}
        return [*super().list_commands(ctx), *added]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name."""
        if (own := super().get_command(ctx, cmd_name)) is not None:
            return own
        _, plugins = configured_or_exit()
        try:
            app = commands_of(plugins, self.commands).get(cmd_name)
        except PluginError as error:
            fail(str(error))
        if app is None:
            if cmd_name in commands_off(plugins):
                fail(f"'{cmd_name}' is of a plugin that is off; REGULARS_PLUGINS switches it on.")
            if near := suggestion(cmd_name, [*self.commands, *commands_of(plugins, self.commands)]):
                fail(f"There is no command '{cmd_name}'{near}")
            return None
        carry(in_shop)
        command = _group(app)
        command.name = cmd_name
        return command


def _group(app: typer.Typer) -> Any:
    """The commands of one Typer, as part of ours: the program's own options, to set up completion in a shell, are none of
    theirs."""
    command = get_command(app)
    command.params = [param for param in command.params if param.name not in _OF_PROGRAMS]
    return command


_OF_PROGRAMS = frozenset({"install_completion", "show_completion"})


def commands_off(plugins: Plugins) -> Mapping[str, Any]:
    """The commands of the plugins that are installed and not on, by name; none where they cannot be asked."""
    try:
        every = plugins.with_those_off.declared("regulars_commands")
    except PluginError:
        return {}
    return {name: app for name, app in every.items() if name not in plugins.names}


def commands_of(plugins: Plugins, own: Mapping[str, Any]) -> Mapping[str, typer.Typer]:
    """The plugins' commands by name. Raises PluginError for a name that core has, and for what is no Typer."""
    apps = plugins.declared("regulars_commands")
    owners = Owners()
    owners.reserve(own, CORE)
    for name, app in apps.items():
        if not isinstance(app, typer.Typer):
            raise PluginError(f"The plugin '{name}' must answer regulars_commands with a typer.Typer.")
        owners.claim(name, name, f"The command '{name}'")
    return apps
