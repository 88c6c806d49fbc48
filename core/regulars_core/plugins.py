"""The plugins of one application: found by entry point, chosen by setting, checked, and told of events.

Not a global: two applications with different plugins live in one process without knowing of each other.
"""

import ast
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy
from pydantic import BaseModel

from regulars_core import hookspecs
from regulars_core.errors import Refused

if TYPE_CHECKING:
    from regulars_core.database import App

ENTRY_POINTS = "regulars"
OWN_DISTRIBUTION = "regulars"
CORE = "core"
Extras = Mapping[str, Mapping[str, Any]]
"""What an input carries for plugins: by plugin, the values of the fields that it added and that were given."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class PluginError(Exception):
    """A plugin cannot take part as it is; the message names it and says what is wrong. Stops the start."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin that is installed, whether or not it is on."""

    name: str
    version: str
    description: str
    in_the_box: bool
    entry: EntryPoint


@dataclass(frozen=True, slots=True)
class About:
    """What is told of a plugin that is on."""

    name: str
    version: str = ""
    description: str = ""


def installed() -> Sequence[Installed]:
    """Every installed plugin, by name. Nothing of it is imported. Raises PluginError where two share a name."""
    found: dict[str, Installed] = {}
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        distribution = entry.dist.name if entry.dist else "?"
        if elder := found.get(entry.name):
            other = elder.entry.dist.name if elder.entry.dist else "?"
            raise PluginError(f"The plugin name '{entry.name}' is taken by '{other}' and by '{distribution}'.")
        version = entry.dist.version if entry.dist else ""
        in_the_box = distribution == OWN_DISTRIBUTION
        summary = str(entry.dist.metadata.json.get("summary", "")) if entry.dist else ""
        told = _first_line(entry.module) if in_the_box else summary  # the box's own summary tells of the whole
        found[entry.name] = Installed(entry.name, version, told, in_the_box, entry)
    return list(found.values())


def _first_line(module: str) -> str:
    """What a module says of itself, read from its source."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    docstring = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    return (docstring or "").partition("\n")[0]


def chosen(available: Sequence[Installed], wanted: tuple[str, ...] | None) -> Sequence[Installed]:
    """Those to switch on: all in the box if nothing is wanted, exactly the named ones, or with `+name` the box and that
    one. The box comes by name, the named ones in the order in which they are named.

    Raises PluginError for one that is not installed.
    """
    by_name = {plugin.name: plugin for plugin in available}
    names = [name.removeprefix("+") for name in wanted or ()]
    if unknown := sorted(set(names) - by_name.keys()):
        have = ", ".join(by_name) or "none"
        raise PluginError(f"REGULARS_PLUGINS names {', '.join(unknown)}, which is not installed; installed: {have}.")
    only_added = bool(names) and all(name.startswith("+") for name in wanted or ())
    box = [plugin.name for plugin in available if plugin.in_the_box] if wanted is None or only_added else []
    return [by_name[name] for name in dict.fromkeys([*box, *names])]


class Plugins:
    """Plugins that are on, by name, in the order in which they are told of events."""

    def __init__(self, plugins: Mapping[str, object] | None = None, about: Sequence[About] = ()) -> None:
        """Raises PluginError for hooks that do not exist, take arguments that do not, or are of the wrong colour."""
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self.names: Sequence[str] = tuple(plugins or {})
        for name, plugin in (plugins or {}).items():
            if not _NAME.fullmatch(name) or name == CORE:
                raise PluginError(
                    f"'{name}' is no name for a plugin; use small letters, digits and _, and not `{CORE}`."
                )
            try:
                self._manager.register(plugin, name)
            except (pluggy.PluginValidationError, ValueError) as error:
                raise PluginError(f"The plugin '{name}' cannot be registered: {error}") from error
        self._add_offered_hooks()
        self._check_hooks()
        told = {one.name: one for one in about}
        self.about = [
            told.get(name) or About(name, description=(inspect.getdoc(plugin) or "").partition("\n")[0])
            for name, plugin in (plugins or {}).items()
        ]

    @classmethod
    def load(cls, plugins: Iterable[Installed]) -> "Plugins":
        """Import and register these. Raises PluginError for one that cannot be imported."""
        loaded: dict[str, object] = {}
        about = []
        for plugin in plugins:
            try:
                loaded[plugin.name] = plugin.entry.load()
            except Exception as error:
                raise PluginError(f"The plugin '{plugin.name}' cannot be imported: {error!r}") from error
            about.append(About(plugin.name, plugin.version, plugin.description))
        return cls(loaded, about)

    @classmethod
    def wanted(cls, wanted: tuple[str, ...] | None) -> "Plugins":
        """Those of the installed plugins that the setting chooses. Raises PluginError."""
        return cls.load(chosen(installed(), wanted))

    def without(self, name: str) -> "Plugins":
        """The same plugins but for one."""
        rest = {other: self._manager.get_plugin(other) for other in self.names if other != name}
        return Plugins(rest, self.about)

    def _add_offered_hooks(self) -> None:
        """Hooks that plugins offer to each other."""
        for plugin, module in self.declared("regulars_hookspecs").items():
            offered = self._manager.parse_hookspec_opts
            names = [name for name in dir(module) if offered(module, name) is not None]
            if wrong := [name for name in names if not name.startswith(f"{plugin}_")]:
                raise PluginError(f"The plugin '{plugin}' must name its hook {wrong[0]} '{plugin}_{wrong[0]}'.")
            try:
                self._manager.add_hookspecs(module)
            except (pluggy.PluginValidationError, ValueError) as error:
                raise PluginError(f"A hook of the plugin '{plugin}' is implemented wrongly: {error}") from error

    def _check_hooks(self) -> None:
        for name, caller in vars(self._manager.hook).items():
            for implementation in caller.get_hookimpls():
                owner = f"The plugin '{implementation.plugin_name}'"
                if caller.spec is None:
                    if implementation.optionalhook:
                        continue  # of a plugin that is off
                    raise PluginError(f"{owner} implements {name}, and there is no such hook.")
                if implementation.hookwrapper or implementation.wrapper:
                    raise PluginError(f"{owner} wraps {name}; hooks cannot be wrapped.")
                if implementation.tryfirst or implementation.trylast:
                    raise PluginError(f"{owner} wants {name} first or last; REGULARS_PLUGINS decides the order.")
                event = inspect.iscoroutinefunction(caller.spec.function)
                if inspect.iscoroutinefunction(implementation.function) is not event:
                    raise PluginError(f"{owner} must write {name} with `{'async def' if event else 'def'}`.")

    def _implementations(self, hook: str) -> Iterable[Any]:
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        return caller.get_hookimpls()  # in the order of registration; pluggy itself would call them from the last one

    def declared(self, hook: str) -> Mapping[str, Any]:
        """What each plugin that has this declaration answers, by plugin. Raises PluginError where it raises."""
        answers = {}
        for implementation in self._implementations(hook):
            try:
                answers[implementation.plugin_name] = implementation.function()
            except Exception as error:
                raise PluginError(f"The plugin '{implementation.plugin_name}' failed in {hook}: {error!r}") from error
        return answers

    @property
    def apps(self) -> "Sequence[App]":
        """The plugins' tables. Raises PluginError for an app that is not labelled with its plugin's name."""
        apps: Mapping[str, App] = self.declared("regulars_models")
        for name, app in apps.items():
            if app.label != name:
                raise PluginError(f"The plugin '{name}' must label its models '{name}', not '{app.label}'.")
        return list(apps.values())

    @property
    def settings_models(self) -> Mapping[str, type[BaseModel]]:
        """What the plugins' settings are, by plugin. Raises PluginError for what is no pydantic model."""
        models = self.declared("regulars_settings")
        for name, model in models.items():
            if not (isinstance(model, type) and issubclass(model, BaseModel)):
                raise PluginError(f"The plugin '{name}' must answer regulars_settings with a pydantic model.")
        return models

    def listens(self, event: str, plugin: str | None = None) -> bool:
        """Whether any plugin, or this one, wants to be told of an event."""
        names = [implementation.plugin_name for implementation in self._implementations(event)]
        return bool(names) if plugin is None else plugin in names

    async def announce(
        self, event: str, *, only: str | None = None, extras: Sequence[Extras] = (), **facts: Any
    ) -> None:
        """Await every plugin's implementation of an event, one after another, in the order of registration; or that of
        one plugin only. Of the extras each is told its own.

        Pluggy's own way would call them all before the first is awaited, and drop the rest where one raises.
        """
        for implementation in self._implementations(event):
            if only not in {None, implementation.plugin_name}:
                continue
            known = {**facts, "extras": [each.get(implementation.plugin_name, {}) for each in extras]}
            try:
                await implementation.function(*(known[name] for name in implementation.argnames))
            except Refused:
                raise
            except Exception as error:
                error.add_note(f"in {event} of the plugin '{implementation.plugin_name}'")
                raise
