"""What Tortoise reads from a model's source: comments are kept, and a module without any is not parsed."""

import importlib
import inspect
from collections.abc import Callable

import pytest

from regulars_core.database import App

THING = """
class Thing(Model):
    id = IdField(primary_key=True)
    {comment}
    amount = fields.IntField()
"""


@pytest.mark.parametrize(
    ("comment", "described"), [("#: How much of it there is.", "How much of it there is."), ("# Not told.", None)]
)
def test_a_comment_describes_its_field(
    comment: str, described: str | None, write_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[object] = []
    getsource = inspect.getsource
    monkeypatch.setattr(inspect, "getsource", lambda model: parsed.append(model) or getsource(model))
    app = write_app("core", THING.format(comment=comment), {})
    thing = importlib.import_module(app.models).Thing
    assert thing._meta.fields_map["amount"].description == described
    assert len(parsed) == (described is not None)
