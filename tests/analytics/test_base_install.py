"""Without the extras `analytics` and `reports` the plugin works: customers are projected by the rate, and reports are CSV."""

import subprocess
import sys

WITHOUT = """
import sys


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numpy", "scipy", "fpdf", "uharfbuzz", "fontTools", "PIL"}:
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Missing())
import importlib.util

found = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name in {"scipy", "fpdf", "uharfbuzz"} else found(name)
import regulars_analytics
from regulars_analytics.lifetime.fits import can_fit
from regulars_analytics.reports.documents import Document, document_of, unwritable
from regulars_core.plugin import Refused, plugins_on
from regulars_schema.plugin import schema_of

schema_of(plugins_on({"analytics": regulars_analytics}))
assert not can_fit()
assert unwritable()
try:
    document_of(Document("Title", "All", "All.", "USD", []))
except Refused as refused:
    print(refused.problems[0].message)
"""


def test_nothing_of_the_extras_is_needed() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], check=False, capture_output=True, text=True)
    assert done.stdout == "Documents need the extra `reports`: pip install 'regulars[reports]'.\n", done.stderr
