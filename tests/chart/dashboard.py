"""The dashboard is one by Grafana's schema: read into Grafana's own classes and written again, nothing of it is lost.

What the schema does not know (a misspelt key, an option of another kind of panel) the classes don't keep.
"""
import copy
import json
import pathlib
import unittest

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

FILE = pathlib.Path(__file__).parents[2] / "charts" / "icr-pull-secrets" / "files" / "dashboard.json"


def lost(before, after, path="$"):
    """The paths of what is in `before` and not in `after`."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if value is None:
                continue
            yield from lost(value, after[key], f"{path}.{key}") if key in after else [f"{path}.{key}"]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (old, new) in enumerate(zip(before, after)):
            yield from lost(old, new, f"{path}[{i}]")
    elif before != after:
        yield path


def unknown_to_grafana(dashboard):
    written = JSONEncoder().encode(Dashboard.from_json(copy.deepcopy(dashboard)))
    return list(lost(dashboard, json.loads(written)))


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        plugins.register_default_plugins()

    def setUp(self):
        self.dashboard = json.loads(FILE.read_text())

    def test_nothing_in_the_dashboard_is_unknown_to_grafana(self):
        self.assertEqual([], unknown_to_grafana(self.dashboard))

    def test_mistakes_are_noticed(self):
        panel = self.dashboard["panels"][2]
        for where, key in ((self.dashboard, "titel"), (panel, "gridPosition"), (panel["options"], "reduceOpts"),
                           (panel["targets"][0], "exprr"), (panel["fieldConfig"]["defaults"], "units")):
            where[key] = "x"
            self.assertEqual([key], [path.rpartition(".")[2] for path in unknown_to_grafana(self.dashboard)])
            del where[key]


if __name__ == "__main__":
    unittest.main()
