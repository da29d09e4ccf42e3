#!/usr/bin/env python3
"""Alerts and dashboard of the chart: Prometheus understands them, each alert has tests and a section in
docs/alerts.md, and no metric is named that docs/metrics.md doesn't have. Needs helm and promtool in the
PATH; no cluster, and no Prometheus that runs."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "icr-pull-secrets"
ALERTS = CHART / "files" / "alerts.yaml"
TESTS = ROOT / "tests" / "chart" / "alerts_test.yaml"
DOCS = ROOT / "docs"
METRIC = re.compile(r"\bicr_pull_secrets_[a-z_]+")

# What Grafana puts into a query before it asks.
GRAFANA = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "1h", "$namespace": ".*", "$job": ".*"}


def read(path):
    return path.read_text(encoding="utf-8")


def rules():
    return [rule for group in yaml.safe_load(read(ALERTS))["groups"] for rule in group["rules"]]


def names():
    return [rule["alert"] for rule in rules()]


def documented_metrics():
    """Name to type, from the table in docs/metrics.md."""
    return dict(re.findall(r"^\| `(icr_pull_secrets_[a-z_]+)` \| (\w+) \|", read(DOCS / "metrics.md"), re.MULTILINE))


def series_of(metrics):
    """Every name that a series can have."""
    for name, kind in metrics.items():
        if kind == "histogram":
            yield from (name + suffix for suffix in ("_bucket", "_sum", "_count"))
        else:
            yield name


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)


def check_rules(document):
    """promtool's complaints about a file of rules, empty if there are none."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(document, file)
        file.flush()
        done = promtool("check", "rules", "--lint=all", "--lint-fatal", file.name)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def as_rules(queries):
    return {"groups": [{"name": "queries", "rules": [
        {"record": f"query:number:{number}", "expr": query} for number, query in enumerate(queries)]}]}


def render(*settings):
    arguments = [part for each in settings for part in ("--set", each)]
    done = subprocess.run(["helm", "template", "icr-pull-secrets", CHART, "--namespace", "somewhere", *arguments],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    return [each for each in yaml.safe_load_all(done.stdout) if each is not None]


def find(objects, kind, name="icr-pull-secrets"):
    (found,) = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def try_rules(replace=("", "")):
    """promtool test rules, with a text in the alerts replaced."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        text = read(ALERTS)
        if replace[0] not in text:
            raise AssertionError(f"no {replace[0]!r} in {ALERTS}")
        (path / "alerts.yaml").write_text(text.replace(*replace), encoding="utf-8")
        shutil.copy(TESTS, path)
        return promtool("test", "rules", path / TESTS.name)


class Alerts(unittest.TestCase):
    def test_promtool_accepts_them(self):
        self.assertEqual("", check_rules(yaml.safe_load(read(ALERTS))))

    def test_they_fire_when_they_should_and_only_then(self):
        done = try_rules()
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_the_tests_notice_an_alert_that_is_wrong(self):
        self.assertNotEqual(0, try_rules(replace=("for: 30m", "for: 300m")).returncode)

    def test_each_has_a_test_in_which_it_fires_and_one_in_which_it_does_not(self):
        fires, rests = set(), set()
        for each in yaml.safe_load(read(TESTS))["tests"]:
            for asked in each["alert_rule_test"]:
                (fires if asked["exp_alerts"] else rests).add(asked["alertname"])
        self.assertEqual(set(names()), fires)
        self.assertEqual(set(names()), rests)

    def test_each_says_what_a_person_on_call_needs(self):
        for rule in rules():
            with self.subTest(alert=rule["alert"]):
                self.assertRegex(rule["alert"], r"^IcrPullSecrets[A-Z][A-Za-z]+$")
                self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
                self.assertEqual({"summary", "description", "runbook_url"}, set(rule["annotations"]))
                self.assertEqual(f"docs/alerts.md#{rule['alert'].lower()}", rule["annotations"]["runbook_url"])

    def test_each_has_a_section_in_the_docs_and_no_section_lacks_an_alert(self):
        self.assertEqual(names(), re.findall(r"^### (\w+)$", read(DOCS / "alerts.md"), re.MULTILINE))

    def test_they_name_metrics_that_exist(self):
        used = {name for rule in rules() for name in METRIC.findall(rule["expr"])}
        self.assertEqual(set(), used - set(series_of(documented_metrics())))

    def test_the_prometheusrule_holds_them_all_as_they_are(self):
        groups = find(render("metrics.prometheusRule.enabled=true"), "PrometheusRule")["spec"]["groups"]
        self.assertEqual(yaml.safe_load(read(ALERTS))["groups"], groups)

    def test_what_the_values_change_is_still_accepted(self):
        objects = render("metrics.prometheusRule.enabled=true", "metrics.prometheusRule.alertLabels.team=platform",
                         "metrics.prometheusRule.alertLabels.severity=mine", "metrics.prometheusRule.runbookBase=https://x.example/",
                         "metrics.prometheusRule.disabled={IcrPullSecretsAbsent,IcrPullSecretsSlow}")
        spec = find(objects, "PrometheusRule")["spec"]
        self.assertEqual("", check_rules(spec))
        (group,) = spec["groups"]
        self.assertEqual([name for name in names() if name not in ("IcrPullSecretsAbsent", "IcrPullSecretsSlow")],
                         [rule["alert"] for rule in group["rules"]])
        for rule in group["rules"]:
            self.assertEqual("platform", rule["labels"]["team"])
            self.assertNotEqual("mine", rule["labels"]["severity"])
            self.assertTrue(rule["annotations"]["runbook_url"].startswith("https://x.example/docs/alerts.md#"))


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.dashboard = json.loads(read(CHART / "files" / "dashboard.json"))
        self.panels = self.dashboard["panels"]

    def queries(self):
        for panel in self.panels:
            for target in panel.get("targets", []):
                query = target["expr"]
                for variable, value in GRAFANA.items():
                    query = query.replace(variable, value)
                yield query

    def test_every_panel_has_an_id_of_its_own_and_a_title(self):
        ids = [panel["id"] for panel in self.panels]
        self.assertEqual(len(ids), len(set(ids)))
        titles = [panel["title"] for panel in self.panels]
        self.assertEqual(len(titles), len(set(titles)))
        self.assertNotIn("", titles)

    def test_no_panel_covers_another(self):
        taken = {}
        for panel in self.panels:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
                self.assertIsNone(taken.get(cell), f"{panel['title']} covers {taken.get(cell)}")
                taken[cell] = panel["title"]

    def test_every_panel_asks_the_data_source_that_is_chosen(self):
        self.assertIn("datasource", [each["name"] for each in self.dashboard["templating"]["list"]])
        for panel in self.panels:
            for part in [panel, *panel.get("targets", [])]:
                if panel["type"] != "row":
                    self.assertEqual({"type": "prometheus", "uid": "${datasource}"}, part["datasource"], panel["title"])

    def test_prometheus_understands_every_query(self):
        queries = list(self.queries())
        self.assertGreater(len(queries), 20)
        self.assertNotIn("$", "".join(queries))
        self.assertEqual("", check_rules(as_rules(queries)))

    def test_a_query_that_prometheus_does_not_understand_is_noticed(self):
        self.assertIn("parse error", check_rules(as_rules(["sum(icr_pull_secrets_synced"])))

    def test_it_names_metrics_that_exist_and_shows_every_one_of_them(self):
        metrics = documented_metrics()
        used = {name for query in self.queries() for name in METRIC.findall(query)}
        self.assertEqual(set(), used - set(series_of(metrics)))
        missing = [name for name in metrics if not any(each.startswith(name) for each in used)]
        self.assertEqual([], missing)

    def test_the_configmap_holds_it_byte_for_byte(self):
        objects = render("metrics.dashboard.enabled=true", "metrics.dashboard.namespace=grafana")
        data = find(objects, "ConfigMap", "icr-pull-secrets-dashboard")
        self.assertEqual("grafana", data["metadata"]["namespace"])
        self.assertEqual(read(CHART / "files" / "dashboard.json").strip(), data["data"]["icr-pull-secrets.json"].strip())
        self.assertEqual("1", data["metadata"]["labels"]["grafana_dashboard"])


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(stream=sys.stdout, verbosity=1, failfast=True))
