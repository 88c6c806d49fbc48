"""Jobs of plugins."""

import pytest

from regulars_core.contribution import JOBS
from regulars_core.jobs.jobs import Job, jobs_of
from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import PluginError
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_server.app import create_app
from tests.hooks.test_plugins import plugin
from tests.support.stamps import told


async def nothing(_: Shop) -> None: ...


async def test_they_come_after_cores(stamped: Shop, on: Plugins) -> None:
    assert [job.name for job in jobs_of(on)] == [*(job.name for job in JOBS), "tidy-stamps"]
    await jobs_of(on)[-1].run(stamped)
    assert await told(stamped) == {}


def test_two_of_one_name_stop_the_start() -> None:
    a, b = (plugin(regulars_jobs=lambda: [Job("sweep", "Sweeps.", 1, nothing)]) for _ in range(2))
    with pytest.raises(PluginError, match="The job 'sweep' is defined by 'a' and by 'b'"):
        create_app(Settings(), plugins_on({"a": a, "b": b}))
    job = plugin(regulars_jobs=lambda: [Job("refresh-planner", "x", 1, nothing)])
    with pytest.raises(PluginError, match="The job 'refresh-planner' is defined by 'core' and by 'a'"):
        jobs_of(plugins_on({"a": job}))
