"""The plugins of one application: checked, and told of events.

Not a global: two applications with different plugins live in one process without knowing of each other. What hooks there
are is said from outside; core itself is registered first, and answers declarations as plugins do.
"""

import inspect
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pluggy
from pydantic import BaseModel

from regulars_core.database import App, Database
from regulars_core.plugins.owners import CORE, Owners, PluginError
from regulars_core.primitives.errors import Refused

PROJECT = "regulars"
hookspec = pluggy.HookspecMarker(PROJECT)
"""Marks a function that others may implement as a hook: those of `regulars_core.hookspecs`, and what a plugin offers."""
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook that has its name."""
Extras = Mapping[str, Mapping[str, Any]]
"""What an input carries for plugins: by plugin, the values of the fields that it added and that were given."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class About:
    """What is told of a plugin that is on."""

    name: str
    version: str = ""
    description: str = ""


@dataclass(frozen=True)
class EventKind:
    """A kind of event: how its argument is called, and how the rows that it brings are read by their ids."""

    argument: str
    read: Callable[[Database, Sequence[str]], Coroutine[Any, Any, Mapping[str, Any]]]


class Plugins:
    """Plugins that are on, by name, in the order in which they are told of events."""

    def __init__(
        self,
        plugins: Mapping[str, object],
        about: Sequence[About] = (),
        *,
        core: object,
        specs: ModuleType,
        events: Mapping[str, EventKind],
    ) -> None:
        """`specs` are the hooks that there are, `events` says what those of them bring that are events, and `core` answers
        declarations before all plugins, without being one of them.

        Raises PluginError for hooks that do not exist, take arguments that do not, or are of the wrong colour.
        """
        self._core, self._specs, self.events = core, specs, events
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(specs)
        self._manager.register(core, CORE)
        self.names: Sequence[str] = tuple(plugins)
        for name, plugin in plugins.items():
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
        known = {one.name: one for one in about}
        self.about = [
            known.get(name) or About(name, description=(inspect.getdoc(plugin) or "").partition("\n")[0])
            for name, plugin in plugins.items()
        ]

    def without(self, name: str) -> "Plugins":
        """The same plugins but for one."""
        rest = {other: self._manager.get_plugin(other) for other in self.names if other != name}
        return Plugins(rest, self.about, core=self._core, specs=self._specs, events=self.events)

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
        """What core and each plugin that has this declaration answer, by owner. Raises PluginError where one raises."""
        answers = {}
        for implementation in self._implementations(hook):
            try:
                answers[implementation.plugin_name] = implementation.function()
            except Exception as error:
                raise PluginError(f"The plugin '{implementation.plugin_name}' failed in {hook}: {error!r}") from error
        return answers

    def gathered(self, hook: str, noun: str) -> Sequence[Any]:
        """What core and the plugins list in a declaration, one after another. Raises PluginError where two have the same
        `name`, in whose message each is a `noun`."""
        owners, gathered = Owners(), []
        for owner, listed in self.declared(hook).items():
            for one in listed:
                owners.claim(one.name, owner, f"The {noun} '{one.name}'")
                gathered.append(one)
        return gathered

    @property
    def apps(self) -> Sequence[App]:
        """The tables of core and of the plugins. Raises PluginError for an app that is not labelled with its plugin's name."""
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
