"""The plugins of one application: checked, and told of events.

Not a global: two applications with different plugins live in one process without knowing of each other. What hooks there
are is said from outside; core itself is registered first, and answers declarations as plugins do.
"""

import inspect
import re
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType, MethodType, ModuleType
from typing import Any

import pluggy
from pydantic import BaseModel

from regulars_core.database import App, Database, Lookup
from regulars_core.plugins.order import PluginOrder, ordered
from regulars_core.plugins.owners import CORE, Owners, PluginError
from regulars_core.primitives.errors import Refused

PROJECT = "regulars"
hookspec = pluggy.HookspecMarker(PROJECT)
"""Marks a function that others may implement as a hook: those of `regulars_core.hookspecs`, and what a plugin offers."""
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook that has its name."""
Extras = Mapping[str, Mapping[str, Any]]
"""What an input carries for plugins: by plugin, the values of the fields that it added and that were given."""
hearing: ContextVar[str | None] = ContextVar("regulars_hearing", default=None)
"""The plugin that is being asked or told something."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MARKABLE = (staticmethod, classmethod, MethodType)
"""What pluggy takes for a hook in a module beside functions."""


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
    outline: Callable[[Any], Any] = lambda row: row
    """What of a row is known in the first half of the event already."""
    read_then: Callable[[Database, Sequence[Any]], Coroutine[Any, Any, Sequence[Mapping[str, Any]]]] | None = None
    """How a replay reads the rows of each of these entries of the journal: as they were then, as far as that is known. Without
    it, they are read as they are."""
    asks_before: bool = False
    """Whether the first half comes before anything of it is written."""
    beside: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Arguments of the second half that are told of each row, in the order of the rows, by their names."""


class _Manager(pluggy.PluginManager):
    """Passes over what a module holds beside hooks: pluggy's own look at each of its names took most of the time in which plugins
    are registered."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        """As pluggy's."""
        return None if _is_bare(plugin, name, f"{PROJECT}_impl") else super().parse_hookimpl_opts(plugin, name)

    def parse_hookspec_opts(self, module_or_class: Any, name: str) -> Any:
        """As pluggy's."""
        marked = f"{PROJECT}_spec"
        return None if _is_bare(module_or_class, name, marked) else super().parse_hookspec_opts(module_or_class, name)


def _is_bare(holder: Any, name: str, mark: str) -> bool:
    """Whether a module holds something under a name that pluggy's decorators have certainly not marked."""
    if not isinstance(holder, ModuleType):
        return False
    value = vars(holder).get(name)
    if isinstance(value, FunctionType):
        return mark not in vars(value)
    return not isinstance(value, _MARKABLE)


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
        off: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        """`specs` are the hooks that there are, `events` says what those of them bring that are events, and `core` answers
        declarations before all plugins, without being one of them. `off` answers the plugins that are installed and not on.

        Raises PluginError for hooks that do not exist, take arguments that do not, or are of the wrong colour.
        """
        self._core, self._specs, self.events, self._off = core, specs, events, off
        for name in plugins:
            if not _NAME.fullmatch(name) or name == CORE:
                raise PluginError(
                    f"'{name}' is no name for a plugin; use small letters, digits and _, and not `{CORE}`."
                )
        self._register(plugins)
        orders: Mapping[str, PluginOrder] = self.declared("regulars_order")
        if wrong := [name for name, order in orders.items() if not isinstance(order, PluginOrder)]:
            raise PluginError(f"The plugin '{wrong[0]}' must answer regulars_order with a PluginOrder.")
        self._orders = orders
        self.names: Sequence[str] = tuple(ordered(list(plugins), orders))
        if self.names != tuple(plugins):
            self._register({name: plugins[name] for name in self.names})
        self._add_offered_hooks()
        self._check_hooks()
        known = {one.name: one for one in about}
        self.about = [
            known.get(name) or About(name, description=(inspect.getdoc(plugins[name]) or "").partition("\n")[0])
            for name in self.names
        ]

    def _register(self, plugins: Mapping[str, object]) -> None:
        """Core, then these in this order, which is the order in which they are told."""
        self._manager = _Manager(PROJECT)
        self._known: dict[str, Sequence[Any]] = {}
        self._manager.add_hookspecs(self._specs)
        self._manager.register(self._core, CORE)
        for name, plugin in plugins.items():
            try:
                self._manager.register(plugin, name)
            except (pluggy.PluginValidationError, ValueError) as error:
                raise PluginError(f"The plugin '{name}' cannot be registered: {error}") from error

    @property
    def modules(self) -> Sequence[tuple[str, object]]:
        """The name of each plugin, and what it is."""
        return [(name, self._manager.get_plugin(name)) for name in self.names]

    def without(self, name: str) -> "Plugins":
        """The same plugins but for one, which is off."""
        rest = {other: module for other, module in self.modules if other != name}

        def off() -> Mapping[str, object]:
            return {**self._off(), name: self._manager.get_plugin(name)}

        return Plugins(rest, self.about, core=self._core, specs=self._specs, events=self.events, off=off)

    @cached_property
    def with_those_off(self) -> "Plugins":
        """These, and behind them those that are installed and not on: for the few hooks that ask the latter too. Raises
        PluginError for one that cannot be imported, or that could not be on beside these."""
        on = dict(self.modules)
        off = {name: plugin for name, plugin in self._off().items() if name not in on}
        if not off:
            return self
        return Plugins({**on, **off}, self.about, core=self._core, specs=self._specs, events=self.events)

    def followers(self, name: str) -> Sequence[str]:
        """The plugins that want to be told after this one, and those that want to be told after them."""
        found = {name}
        for other in self.names:  # each stands behind those that it is told after
            order = self._orders.get(other, PluginOrder())
            if not found.isdisjoint({*order.requires, *order.after}):
                found.add(other)
        return [other for other in self.names if other in found and other != name]

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

    def _implementations(self, hook: str) -> Sequence[Any]:
        known = self._known.get(hook)
        if known is None:
            caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
            # In the order of registration; pluggy itself would call them from the last one.
            known = self._known[hook] = tuple(caller.get_hookimpls())
        return known

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

    def settings_models_off(self) -> Mapping[str, type[BaseModel]]:
        """What the settings of the plugins are that are installed and not on, by plugin; none where they cannot be asked."""
        try:
            every = self.with_those_off.settings_models
        except PluginError:
            return {}
        return {name: model for name, model in every.items() if name not in self.names}

    def listens(self, event: str, plugin: str | None = None) -> bool:
        """Whether any plugin, or this one, wants to be told of an event."""
        listening = self._implementations(event)
        return bool(listening) if plugin is None else any(one.plugin_name == plugin for one in listening)

    def implementing(self, hook: str) -> Sequence[str]:
        """Which plugins have this hook, in their order."""
        return [implementation.plugin_name for implementation in self._implementations(hook)]

    def asking_first(self, event: str) -> Sequence[str]:
        """Which plugins name something in the first half of an event, in their order."""
        hook = f"{event}_lookups"
        return self.implementing(hook) if hasattr(self._manager.hook, hook) else []

    def ask(self, hook: str, plugin: str, facts: Mapping[str, Any], extras: Sequence[Extras] = ()) -> Any:
        """What one plugin answers a question, which is a hook that is called whenever somebody asks; None where it has no such
        hook. Of the extras it is told its own. Raises what it raises."""
        for implementation in self._implementations(hook):
            if implementation.plugin_name == plugin:
                known = {**facts, "extras": _own(extras, plugin)}
                with _Named(hook, plugin):
                    return implementation.function(*[known[name] for name in implementation.argnames])
        return None

    def takes(self, event: str, plugin: str, argument: str) -> bool:
        """Whether a plugin that wants to be told of an event takes this argument of it."""
        return any(
            argument in implementation.argnames
            for implementation in self._implementations(event)
            if implementation.plugin_name == plugin
        )

    def lookups(
        self,
        event: str,
        facts: Mapping[str, Any],
        *,
        only: Collection[str] | None = None,
        extras: Sequence[Extras] = (),
    ) -> Mapping[str, Sequence[Lookup]]:
        """What every plugin names in the first half of an event, by plugin; or some plugins only. Nothing for an event that has
        no first half."""
        hook = f"{event}_lookups"
        if not hasattr(self._manager.hook, hook):
            return {}
        named = {}
        for implementation in self._implementations(hook):
            if only is None or implementation.plugin_name in only:
                known = {**facts, "extras": _own(extras, implementation.plugin_name)}
                with _Named(hook, implementation.plugin_name):
                    named[implementation.plugin_name] = implementation.function(
                        *[known[name] for name in implementation.argnames]
                    )
        return named

    async def announce(
        self,
        event: str,
        facts: Mapping[str, Any],
        *,
        only: Collection[str] | None = None,
        extras: Sequence[Extras] = (),
        found: Mapping[str, Sequence[Sequence[Any]]] | None = None,
        quoted: Sequence[Any] = (),
    ) -> None:
        """Await every plugin's implementation of an event with these facts, one after another, in the order of registration; or
        those of some plugins only. Of the extras each is told its own, of what was `found` the rows of the look-ups that it has
        named, and beside what was `quoted` of each row, or None, its own quote of it.

        Core is told only where it is named: it does its part before anybody else.

        Pluggy's own way would call them all before the first is awaited, and drop the rest where one raises.
        """
        told = self.names if only is None else only
        for implementation in self._implementations(event):
            if implementation.plugin_name not in told:
                continue
            plugin = implementation.plugin_name
            known = {**facts, "quoted": quoted, "extras": _own(extras, plugin), "found": (found or {}).get(plugin, ())}
            if "quotes" in implementation.argnames:
                known["quotes"] = [None if each is None else each.quotes.get(plugin) for each in quoted]
            with _Named(event, plugin):
                await implementation.function(*[known[name] for name in implementation.argnames])

    async def answers(
        self, event: str, facts: Mapping[str, Any], *, only: Collection[str] | None = None
    ) -> Mapping[str, Any]:
        """What core and every plugin, or only some of these owners, answer to an event that is asked for an answer, by owner:
        awaited one after another, in the order of registration. Raises what they raise."""
        found = {}
        for implementation in self._implementations(event):
            if only is None or implementation.plugin_name in only:
                with _Named(event, implementation.plugin_name):
                    answer = implementation.function(*(facts[name] for name in implementation.argnames))
                    found[implementation.plugin_name] = await answer
        return found


def _own(extras: Sequence[Extras], plugin: str) -> Sequence[Mapping[str, Any]]:
    return [each.get(plugin, {}) for each in extras]


class _Named:
    """What is raised inside, and is no refusal, says where."""

    __slots__ = ("_hook", "_plugin", "_token")

    def __init__(self, hook: str, plugin: str) -> None:
        self._hook, self._plugin = hook, plugin

    def __enter__(self) -> None:
        self._token = hearing.set(self._plugin)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        hearing.reset(self._token)
        if isinstance(error, Exception) and not isinstance(error, Refused):
            error.add_note(f"in {self._hook} of the plugin '{self._plugin}'")
