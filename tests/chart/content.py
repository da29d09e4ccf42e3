#!/usr/bin/env python3
"""What the chart renders, looked at object by object. Needs helm in the PATH; no cluster."""

import base64
import functools
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "charts" / "icr-pull-secrets"
SCENARIOS = {path.name.removesuffix("-values.yaml"): path for path in sorted(CHART.glob("ci/*-values.yaml"))}
NAMESPACE = "somewhere"
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
                "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
CONFIG_MAP = {"hardened": "puller"}  # of scenarios that call it by another name than the release's


class Loader(yaml.SafeLoader):
    """Refuses a key that is written twice, which YAML forbids and PyYAML doesn't mind."""


def no_duplicates(loader, node):
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"written twice: {sorted(twice)}", node.start_mark)
    return loader.construct_mapping(node, deep=True)


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, no_duplicates)


def helm(*arguments, values=None):
    """Runs helm; `values` are given as a file. Returns the finished process."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        if values is not None:
            yaml.safe_dump(values, file)
            file.flush()
            arguments += ("--values", file.name)
        return subprocess.run(["helm", *map(str, arguments)], capture_output=True, text=True, check=False)


def template(*arguments, values=None, release="icr-pull-secrets", namespace=NAMESPACE):
    done = helm("template", release, CHART, "--namespace", namespace, "--skip-tests", *arguments, values=values)
    if done.returncode:
        raise AssertionError(done.stderr)
    return [each for each in yaml.load_all(done.stdout, Loader) if each is not None]


def render(*arguments, **options):
    """What is installed; hooks() is what is there for a moment only."""
    return template("--no-hooks", *arguments, **options)


def hooks(*arguments, values=None, **options):
    """Of a release that is installed by Helm; without a cluster there are none."""
    values = merged({"cleanup": {"onUninstall": True}}, values or {})
    return [each for each in template(*arguments, values=values, **options) if "helm.sh/hook" in each["metadata"].get("annotations", {})]


def notes(*arguments, values=None):
    done = helm("install", "icr-pull-secrets", CHART, "--namespace", NAMESPACE, "--dry-run=client", *arguments, values=values)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout.split("\nNOTES:\n")[1]


@functools.cache
def scenario(name):
    return render("--values", SCENARIOS[name])


def wide(name, namespace=NAMESPACE):
    """The name of an object that belongs to no namespace."""
    return f"{name}.{namespace}"


def find(objects, kind, name=None):
    found = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} objects of kind {kind}")
    return found[0]


def kinds(objects):
    return sorted(each["kind"] for each in objects)


def pod(objects):
    return find(objects, "Deployment")["spec"]["template"]["spec"]


def container(objects):
    (only,) = pod(objects)["containers"]
    return only


def merged(base, over):
    """As Helm merges values: maps are merged, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        result[key] = merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return result


def config_of(name):
    defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    return merged(defaults, yaml.safe_load(SCENARIOS[name].read_text(encoding="utf-8")))["config"]


def paths_of_null(node, path=""):
    if node is None:
        yield path
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from paths_of_null(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from paths_of_null(value, f"{path}/{index}")


def credential(name, secret, key="apikey"):
    return {"name": name, "apiKey": {"secretRef": {"name": secret, "key": key}}}


def two_credentials(*more):
    return {"config": {"credentials": [credential("default", "icr-api-key"), credential("team-a", "team-a-key", "IC_KEY"), *more]}}


def every_scenario(test):
    """Runs a test once for each of the chart's scenarios."""

    @functools.wraps(test)
    def run(self):
        for name in SCENARIOS:
            with self.subTest(scenario=name):
                test(self, name, scenario(name))

    return run


class EveryScenario(unittest.TestCase):
    @every_scenario
    def test_nothing_is_null(self, name, objects):
        for each in objects:
            self.assertEqual([], list(paths_of_null(each)), each["kind"])

    @every_scenario
    def test_no_map_or_list_is_rendered_empty(self, name, objects):
        for each in objects:
            if each["kind"].endswith("AdmissionPolicy"):
                continue  # the text of an expression may hold one
            text = yaml.safe_dump({key: value for key, value in each.items() if key != "data"})
            self.assertNotRegex(text, r"(\{\}|\[\])")

    @every_scenario
    def test_objects_are_in_the_namespace_of_the_release_or_in_none(self, name, objects):
        for each in objects:
            expected = None if each["kind"] in CLUSTER_WIDE else NAMESPACE
            self.assertEqual(expected, each["metadata"].get("namespace"), each["kind"])

    @every_scenario
    def test_every_object_has_the_recommended_labels(self, name, objects):
        for each in objects:
            labels = each["metadata"]["labels"]
            for label in ("name", "instance", "version", "component", "part-of", "managed-by"):
                self.assertIn(f"app.kubernetes.io/{label}", labels, each["kind"])
            self.assertEqual("icr-pull-secrets", labels["app.kubernetes.io/name"])

    @every_scenario
    def test_the_configmap_holds_the_configuration_as_given(self, name, objects):
        data = find(objects, "ConfigMap", CONFIG_MAP.get(name, "icr-pull-secrets"))["data"]
        self.assertEqual(["config.yaml"], list(data))
        self.assertEqual(config_of(name), yaml.load(data["config.yaml"], Loader))

    @every_scenario
    def test_the_pod_fits_the_standard_restricted(self, name, objects):
        spec = pod(objects)
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            self.assertNotIn(field, spec)
        self.assertTrue(spec["securityContext"]["runAsNonRoot"])
        self.assertGreater(spec["securityContext"].get("runAsUser", 1), 0)
        self.assertEqual({"type": "RuntimeDefault"}, spec["securityContext"]["seccompProfile"])
        own = container(objects)["securityContext"]
        self.assertEqual({"drop": ["ALL"]}, own["capabilities"])
        self.assertIs(False, own["allowPrivilegeEscalation"])
        self.assertIs(True, own["readOnlyRootFilesystem"])
        self.assertFalse(own.get("privileged", False))
        for volume in spec["volumes"]:
            self.assertNotIn("hostPath", volume)

    @every_scenario
    def test_the_pod_has_requests_and_a_memory_limit(self, name, objects):
        resources = container(objects)["resources"]
        self.assertEqual({"cpu", "memory"}, set(resources["requests"]))
        self.assertIn("memory", resources["limits"])

    @every_scenario
    def test_the_command_is_run_with_configuration_namespace_and_address(self, name, objects):
        self.assertNotIn("command", container(objects))
        self.assertEqual(["run", "--config=/etc/icr-pull-secrets/config.yaml", f"--config-map={find(objects, 'Deployment')['metadata']['name']}",
                          "--namespace=$(POD_NAMESPACE)", "--listen=[::]:8080"], container(objects)["args"][:5])
        self.assertIn({"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}, container(objects)["env"])
        (mount,) = [each for each in container(objects)["volumeMounts"] if each["mountPath"] == "/etc/icr-pull-secrets"]
        (volume,) = [each for each in pod(objects)["volumes"] if each["name"] == mount["name"]]
        self.assertEqual(CONFIG_MAP.get(name, "icr-pull-secrets"), volume["configMap"]["name"])

    @every_scenario
    def test_the_probes_ask_the_port_called_http(self, name, objects):
        self.assertEqual([{"name": "http", "containerPort": 8080, "protocol": "TCP"}], container(objects)["ports"])
        for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            self.assertEqual({"path": path, "port": "http"}, container(objects)[probe]["httpGet"])
        # The API server takes it at livenessProbes only.
        self.assertEqual(15, container(objects)["livenessProbe"]["terminationGracePeriodSeconds"])
        self.assertNotIn("terminationGracePeriodSeconds", container(objects)["readinessProbe"])

    @every_scenario
    def test_the_deployment_selects_its_own_pods(self, name, objects):
        spec = find(objects, "Deployment")["spec"]
        selector = spec["selector"]["matchLabels"]
        self.assertEqual({"app.kubernetes.io/name", "app.kubernetes.io/instance"}, set(selector))
        self.assertLessEqual(selector.items(), spec["template"]["metadata"]["labels"].items())

    @every_scenario
    def test_a_new_pod_is_up_before_the_old_one_goes_where_one_is_elected(self, name, objects):
        rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        elects = config_of(name).get("leaderElection", {}).get("enabled")
        self.assertEqual(rolling if elects else {"type": "Recreate"}, find(objects, "Deployment")["spec"]["strategy"])


class Rights(unittest.TestCase):
    """The rules for Secrets are the heart of it: an empty or missing resourceNames is no limit."""

    ALLOWED = {
        "namespaces": {"list", "watch"},
        "serviceaccounts": {"get", "list", "watch", "patch"},
        "events": {"create", "patch"},
    }

    def check(self, objects, managed, sources, states=()):
        rules = find(objects, "ClusterRole")["rules"]
        secrets = []
        for rule in rules:
            self.assertEqual([""], rule["apiGroups"])
            self.assertNotIn("nonResourceURLs", rule)
            self.assertNotIn("*", rule["resources"] + rule["verbs"] + rule.get("resourceNames", []))
            if rule["resources"] == ["secrets"]:
                secrets.append(rule)
            else:
                (resource,) = rule["resources"]
                self.assertEqual(self.ALLOWED[resource], set(rule["verbs"]))
        self.assertEqual(5, len(rules))
        named, create = sorted(secrets, key=lambda rule: "resourceNames" not in rule)
        self.assertEqual({"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]}, create)
        self.assertEqual(managed, named["resourceNames"])
        self.assertEqual({"get", "list", "watch", "patch", "delete"}, set(named["verbs"]))

        (rule,) = find(objects, "Role", "icr-pull-secrets-sources")["rules"]
        self.assertEqual([""], rule["apiGroups"])
        self.assertEqual(["secrets"], rule["resources"])
        self.assertEqual({"get", "list", "watch"}, set(rule["verbs"]))
        self.assertEqual(sources, rule["resourceNames"])
        self.check_state(objects, list(states))

    def check_state(self, objects, states):
        expected = [("configmaps", ["icr-pull-secrets"], {"list", "watch"}),
                    ("configmaps", ["icr-pull-secrets-status"], {"get", "patch"}), ("configmaps", None, {"create"})]
        if states:
            expected += [("secrets", states, {"get", "list", "watch", "patch"}), ("secrets", None, {"create"})]
        rules = find(objects, "Role", "icr-pull-secrets-state")["rules"]
        self.assertEqual(expected, [(*rule["resources"], rule.get("resourceNames"), set(rule["verbs"])) for rule in rules])
        for rule in rules:
            self.assertEqual([""], rule["apiGroups"])

    def test_the_default_names_one_secret_to_write_and_one_to_read(self):
        self.check(render(), ["icr-default"], ["icr-api-key"])

    def test_every_credential_adds_its_secret_and_its_source(self):
        self.check(scenario("two-credentials"), ["icr-default", "icr-team-a"], ["icr-api-key", "team-a-ibm-cloud"])

    def test_a_source_shared_by_two_credentials_is_named_once(self):
        values = two_credentials(credential("team-b", "icr-api-key", "other"))
        self.check(render(values=values), ["icr-default", "icr-team-a", "icr-team-b"], ["icr-api-key", "team-a-key"])

    def test_names_that_look_like_something_else_stay_names(self):
        values = {"config": {"credentials": [credential("1", "123"), credential("null", "true")]}}
        self.check(render(values=values), ["icr-1", "icr-null"], ["123", "true"])

    def test_a_secretref_is_found_at_any_depth(self):
        deep = {"name": "rotating", "serviceId": {"manager": {"apiKey": {"secretRef": {"name": "icr-manager", "key": "k"}}}}}
        flat = {"name": "entitled", "basic": {"hosts": ["cp.icr.io"], "password": {"secretRef": {"name": "entitlement", "key": "k"}}}}
        listed = {"name": "listed", "several": [{"secretRef": {"name": "listed-key", "key": "k"}}]}
        values = {"config": {"credentials": [deep, flat, listed]}}
        self.check(render("--skip-schema-validation", values=values), ["icr-entitled", "icr-listed", "icr-rotating"],
                   ["entitlement", "icr-manager", "listed-key"], ["icr-pull-secrets-state-rotating"])

    def test_every_kind_of_source_adds_what_it_reads_and_keeps(self):
        self.check(scenario("sources"),
                   [f"icr-{each}" for each in ("cross-account", "default", "entitled", "keyless", "refreshed", "rotating",
                                               "rotating-keyless", "short-lived")],
                   ["entitlement", "icr-api-key", "icr-manager", "icr-profile-key", "icr-refresh"],
                   ["icr-pull-secrets-state-rotating", "icr-pull-secrets-state-rotating-keyless"])

    def test_without_a_secretref_there_is_no_role_for_sources(self):
        objects = scenario("keyless")
        for kind in ("Role", "RoleBinding"):
            self.assertNotIn("icr-pull-secrets-sources", [each["metadata"]["name"] for each in objects if each["kind"] == kind])
        self.check_state(objects, [])

    def test_no_credentials_is_an_error_even_past_the_schema(self):
        done = helm("template", "x", CHART, "--skip-schema-validation", values={"config": {"credentials": []}})
        self.assertNotEqual(0, done.returncode)
        self.assertIn("config.credentials is empty", done.stderr)

    def test_rescue_adds_the_list_and_the_eviction_of_pods_and_nothing_else(self):
        without, rules = (find(objects, "ClusterRole")["rules"] for objects in (render(), render("--set", "rescue.enabled=true")))
        self.assertEqual([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
                          {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]}],
                         [rule for rule in rules if rule not in without])
        self.assertEqual(without, rules[:len(without)])

    def test_the_bindings_bind_these_roles_to_this_account(self):
        for values in ({}, {"serviceAccount": {"name": "other"}}, {"serviceAccount": {"create": False}}):
            objects = render(values=values)
            account = pod(objects)["serviceAccountName"]
            for binding, role, name in (("ClusterRoleBinding", "ClusterRole", wide("icr-pull-secrets")),
                                        ("RoleBinding", "Role", "icr-pull-secrets-sources"),
                                        ("RoleBinding", "Role", "icr-pull-secrets-state"),
                                        ("RoleBinding", "Role", "icr-pull-secrets-leader")):
                bound = find(objects, binding, name)
                self.assertEqual({"apiGroup": "rbac.authorization.k8s.io", "kind": role,
                                  "name": find(objects, role, name)["metadata"]["name"]}, bound["roleRef"])
                self.assertEqual([{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}], bound["subjects"])

    def test_roles_made_elsewhere_are_left_to_others(self):
        self.assertFalse({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ServiceAccount"} & set(kinds(scenario("hardened"))))

    def test_only_the_pod_gets_a_token(self):
        objects = render()
        self.assertIs(False, find(objects, "ServiceAccount")["automountServiceAccountToken"])
        self.assertIs(True, pod(objects)["automountServiceAccountToken"])


class Rescue(unittest.TestCase):
    def rescue(self, values):
        return yaml.load(find(render(values=values), "ConfigMap")["data"]["config.yaml"], Loader).get("rescue")

    def test_it_is_not_mentioned_unless_asked_for(self):
        self.assertIsNone(self.rescue({}))
        self.assertEqual({"after": "30s"}, self.rescue({"config": {"rescue": {"after": "30s"}}}))

    def test_the_value_sets_it_in_the_configuration(self):
        on = {"rescue": {"enabled": True}}
        self.assertEqual({"enabled": True}, self.rescue(on))
        self.assertEqual({"enabled": True, "after": "30s"}, self.rescue(on | {"config": {"rescue": {"after": "30s"}}}))
        self.assertEqual({"enabled": True}, self.rescue(on | {"config": {"rescue": {"enabled": True}}}))

    def test_values_that_do_not_know_it_leave_it_off(self):
        self.assertIsNone(self.rescue({"rescue": None}))

class Retired(unittest.TestCase):
    def test_the_secrets_of_retired_credentials_may_be_removed(self):
        named = [rule for rule in find(scenario("retired"), "ClusterRole")["rules"] if rule["resources"] == ["secrets"] and "resourceNames" in rule]
        self.assertEqual([["icr-default", "icr-rotating-old", "icr-team-old"]], [rule["resourceNames"] for rule in named])

    def test_a_name_of_ones_own_is_named_everywhere(self):
        values = {"config": {"credentials": [{"name": "default", "secretName": "all-icr-io", "apiKey": {"secretRef": {"name": "icr-api-key", "key": "apikey"}}}],
                             "retired": [{"name": "default", "secretName": "icr-default"}, {"name": "team", "secretName": "team-pull"}]}}
        objects = render(values=values)
        named = [rule["resourceNames"] for rule in find(objects, "ClusterRole")["rules"] if rule["resources"] == ["secrets"] and "resourceNames" in rule]
        self.assertEqual([["all-icr-io", "icr-default", "team-pull"]], named)
        fence = [each for each in objects if each["kind"] == "ValidatingAdmissionPolicy"]
        for policy in fence:
            self.assertIn('["all-icr-io","icr-default","team-pull"]', str(policy))

    def test_a_retired_name_is_no_credential_and_no_source(self):
        for retired, said in ((["default"], 'config.retired: Secrets called "icr-default" stand there twice, or are those of a credential'),
                              ([{"name": "old", "secretName": "icr-default"}], 'config.retired: Secrets called "icr-default" stand there twice, or are those of a credential'),
                              (["old", {"name": "old", "secretName": "icr-old"}], 'config.retired: Secrets called "icr-old" stand there twice'),
                              (["api-key"], 'the Secret "icr-api-key" can\'t be a source')):
            done = helm("template", "x", CHART, values={"config": {"retired": retired}})
            self.assertNotEqual(0, done.returncode)
            self.assertIn(said, done.stderr)


class Cleanup(unittest.TestCase):
    """The hook that runs before the chart is uninstalled."""

    def test_it_is_there_unless_everything_is_to_stay(self):
        for name in SCENARIOS:
            expected = ["Job"] if name == "hardened" else ["Job", "Role", "Role", "RoleBinding", "RoleBinding"]
            self.assertEqual(expected, kinds(hooks("--values", SCENARIOS[name])), name)
        for given in (False, "false", "auto"):
            self.assertEqual([], hooks(values={"cleanup": {"onUninstall": given}}))
        self.assertNotEqual([], hooks(values={"cleanup": {"onUninstall": "true"}}))

    def test_what_renders_without_a_cluster_gets_no_hook_whatever_it_says_of_one(self):
        versions = ("--api-versions", "v1/Secret", "--api-versions", "apps/v1/Deployment", "--kube-version", "1.36.0")
        for arguments in ((), versions, ("--is-upgrade",), (*versions, "--is-upgrade")):
            rendered = helm("template", "x", CHART, *arguments)
            self.assertEqual("", rendered.stderr)
            self.assertNotIn("helm.sh/hook", rendered.stdout)

    def test_to_remove_everything_now_takes_two_values(self):
        done = helm("template", "x", CHART, values={"cleanup": {"now": True}})
        self.assertIn("set replicaCount to 0, too", done.stderr)
        objects = render(values={"cleanup": {"now": True, "onUninstall": True}, "replicaCount": 0})
        job = find(objects, "Job")
        self.assertNotIn("helm.sh/hook", job["metadata"]["annotations"])
        (own,) = job["spec"]["template"]["spec"]["containers"]
        self.assertIn("--if-stopped=icr-pull-secrets", own["args"])
        self.assertFalse([each for each in own["args"] if each.startswith(("--stop-deployment", "--helm-record"))])
        rights = find(objects, "Role", "icr-pull-secrets-cleanup")["rules"][0]
        self.assertEqual((["deployments/scale"], ["get"]), (rights["resources"], rights["verbs"]))
        self.assertNotIn("icr-pull-secrets-cleanup-lock", [each["metadata"]["name"] for each in objects])

    def test_the_job_ends_before_helm_gives_up(self):
        for seconds, inside in ((None, 240), (60, 30), (3600, 3570)):
            spec = find(hooks(values={"cleanup": {"timeoutSeconds": seconds}}), "Job")["spec"]
            self.assertEqual(seconds or 270, spec["activeDeadlineSeconds"])
            self.assertIn(f"--timeout={inside}s", spec["template"]["spec"]["containers"][0]["args"])
        self.assertLess(270, 5 * 60)  # what Helm waits for

    def test_the_record_that_is_asked_for_is_helms_own_in_the_namespace_that_helm_keeps_it_in(self):
        objects = hooks(release="a.b", values={"namespaceOverride": "elsewhere"})
        (own,) = find(objects, "Job")["spec"]["template"]["spec"]["containers"]
        self.assertIn(f"--helm-record={NAMESPACE}/sh.helm.release.v1.a.b.v1", own["args"])
        role = find(objects, "Role", "a-b-icr-pull-secrets-cleanup-lock")
        (rule,) = role["rules"]
        self.assertEqual(NAMESPACE, role["metadata"]["namespace"])
        self.assertEqual((["secrets", "configmaps"], ["list"]), (rule["resources"], rule["verbs"]))
        self.assertEqual([f"sh.helm.release.v1.a.b.v{revision}" for revision in range(1, 21)], rule["resourceNames"])
        binding = find(objects, "RoleBinding", "a-b-icr-pull-secrets-cleanup-lock")
        self.assertEqual("elsewhere", binding["subjects"][0]["namespace"])

    def test_the_rights_come_before_the_job_and_nothing_stays(self):
        weights = {}
        for each in hooks():
            annotations = each["metadata"]["annotations"]
            self.assertEqual("pre-delete", annotations["helm.sh/hook"])
            self.assertEqual("before-hook-creation,hook-succeeded", annotations["helm.sh/hook-delete-policy"])
            self.assertEqual(each["kind"] == "Job", "helm.sh/hook-output-log-policy" in annotations)
            weights[each["kind"]] = int(annotations["helm.sh/hook-weight"])
        self.assertLess(weights["Role"], weights["RoleBinding"])
        self.assertLess(weights["RoleBinding"], weights["Job"])

    def test_the_job_is_the_operators_pod_with_another_command(self):
        for name in SCENARIOS:
            job = find(hooks("--values", SCENARIOS[name]), "Job")
            objects = scenario(name)
            spec, operator = job["spec"]["template"]["spec"], pod(objects)
            for same in ("serviceAccountName", "securityContext", "imagePullSecrets", "nodeSelector", "tolerations", "affinity", "hostAliases",
                         "priorityClassName", "dnsPolicy", "dnsConfig", "runtimeClassName", "schedulerName"):
                self.assertEqual(operator.get(same), spec.get(same), same)
            (own,) = spec["containers"]
            for same in ("image", "imagePullPolicy", "securityContext", "resources", "env"):
                self.assertEqual(container(objects).get(same), own.get(same), same)
            self.assertEqual(["cleanup", "--config=/etc/icr-pull-secrets/config.yaml", "--namespace=$(POD_NAMESPACE)",
                              f"--stop-deployment={find(objects, 'Deployment')['metadata']['name']}"], own["args"][:4])
            self.assertEqual([each for each in operator["volumes"] if each["name"] != "iam-token"], spec["volumes"])
            self.assertEqual([each for each in container(objects)["volumeMounts"] if each["name"] != "iam-token"], own["volumeMounts"])
            self.assertEqual([each for each in container(objects)["args"] if each.startswith("--kubeconfig=")],
                             [each for each in own["args"] if each.startswith("--kubeconfig=")])
            self.assertEqual("Never", spec["restartPolicy"])
            self.assertEqual("FallbackToLogsOnError", own["terminationMessagePolicy"])

    def test_the_jobs_pod_has_the_labels_and_annotations_that_pods_must_have_and_no_sidecar(self):
        metadata = find(hooks("--values", SCENARIOS["hardened"]), "Job")["spec"]["template"]["metadata"]
        for labels in ("commonLabels", "podLabels"):
            self.assertLessEqual(yaml.safe_load(SCENARIOS["hardened"].read_text(encoding="utf-8"))[labels].items(), metadata["labels"].items())
        self.assertEqual("true", metadata["annotations"]["example.com/scrape"])
        self.assertEqual(("false", "disabled"), (metadata["labels"]["sidecar.istio.io/inject"], metadata["annotations"]["linkerd.io/inject"]))
        wanted = find(hooks(values={"podLabels": {"sidecar.istio.io/inject": "true"}}), "Job")["spec"]["template"]["metadata"]
        self.assertEqual("true", wanted["labels"]["sidecar.istio.io/inject"])

    def test_the_deployment_does_not_take_the_jobs_pod_for_its_own(self):
        for values in ({}, {"nameOverride": "x" * 63}):
            selector = find(render(values=values), "Deployment")["spec"]["selector"]["matchLabels"]
            labels = find(hooks(values=values), "Job")["spec"]["template"]["metadata"]["labels"]
            self.assertNotEqual(selector["app.kubernetes.io/name"], labels["app.kubernetes.io/name"])
            self.assertLessEqual(max(map(len, labels.values())), 63)

    def test_the_name_of_the_job_is_not_too_long_for_its_pods(self):
        self.assertLessEqual(len(find(hooks(values={"fullnameOverride": "x" * 63}), "Job")["metadata"]["name"]), 63)

    def test_the_rights_are_for_what_the_operator_keeps_and_for_stopping_it(self):
        objects = hooks(values={"config": {"retired": ["old"], "credentials": [credential("default", "icr-api-key"), {
            "name": "rotating", "serviceId": {"iamId": "iam-ServiceId-1", "accountId": "a" * 32,
                                              "manager": {"apiKey": {"secretRef": {"name": "icr-manager", "key": "k"}}}}}]}})
        expected = [
            (["apps"], ["deployments/scale"], ["icr-pull-secrets"], ["get", "patch"]),
            ([""], ["pods"], None, ["list"]),
            ([""], ["configmaps"], ["icr-pull-secrets-status"], ["get", "delete"]),
            (["coordination.k8s.io"], ["leases"], ["icr-pull-secrets"], ["get", "delete"]),
            ([""], ["secrets"], ["icr-pull-secrets-state-old", "icr-pull-secrets-state-rotating"], ["get", "delete"]),
        ]
        rules = find(objects, "Role", "icr-pull-secrets-cleanup")["rules"]
        self.assertEqual(expected, [(each["apiGroups"], each["resources"], each.get("resourceNames"), each["verbs"]) for each in rules])
        binding = find(objects, "RoleBinding", "icr-pull-secrets-cleanup")
        self.assertEqual("icr-pull-secrets-cleanup", binding["roleRef"]["name"])
        self.assertEqual([{"kind": "ServiceAccount", "name": pod(render())["serviceAccountName"], "namespace": NAMESPACE}], binding["subjects"])

    def test_without_states_no_secret_is_named(self):
        self.assertNotIn(["secrets"], [each["resources"] for each in find(hooks(), "Role", "icr-pull-secrets-cleanup")["rules"]])


class OlderValues(unittest.TestCase):
    """helm upgrade --reuse-values keeps the values of a release whose chart knew less."""

    def chart_that_knows(self, folder, *known):
        """The chart with no defaults but these."""
        chart = pathlib.Path(folder) / "icr-pull-secrets"
        shutil.copytree(CHART, chart)
        values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
        (chart / "values.yaml").write_text(yaml.safe_dump({key: values[key] for key in known}), encoding="utf-8")
        return chart

    def test_the_configuration_alone_is_as_good_as_all_defaults(self):
        # What a null takes away is not filled in: it would come back.
        takeable = ("podSecurityContext", "securityContext", "resources", "nodeSelector", "topologySpreadConstraints")
        everything = {"podAdmission": "on", "cleanup": {"onUninstall": True}, "helmTest": {"enabled": True}}
        with tempfile.TemporaryDirectory() as folder:
            chart = self.chart_that_knows(folder, "config", *takeable)
            for values in ({}, everything):
                new, old = (helm("template", "x", each, "--namespace", NAMESPACE, values=values) for each in (CHART, chart))
                self.assertEqual("", old.stderr)
                self.assertEqual(list(yaml.safe_load_all(new.stdout)), list(yaml.safe_load_all(old.stdout)))

    def test_without_what_can_be_taken_away_it_renders(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual("", helm("template", "x", self.chart_that_knows(folder, "config")).stderr)

    def test_a_value_that_is_false_is_not_filled_in(self):
        objects = render(values={"rbac": {"create": False}, "serviceAccount": {"create": False}, "podDisruptionBudget": {"enabled": False}})
        self.assertFalse({"Role", "ClusterRole", "ServiceAccount", "PodDisruptionBudget"} & set(kinds(objects)))

    def test_what_an_umbrella_chart_hands_on_is_accepted(self):
        self.assertEqual(kinds(render()), kinds(render(values={"enabled": True, "global": {"storageClass": "x", "imagePullSecrets": []}})))


class AnnotateRole(unittest.TestCase):
    """What it lets its holders do is tried on a cluster: tests/chart/roads.sh."""

    def test_it_is_there_when_asked_for(self):
        self.assertNotIn("icr-pull-secrets-annotate", [each["metadata"]["name"] for each in render()])
        objects = render(values={"annotateRole": {"create": True}})
        for kind in ("ClusterRole", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
            find(objects, kind, "icr-pull-secrets-annotate")


class Image(unittest.TestCase):
    DIGEST = "sha256:" + "0123456789abcdef" * 4

    def image(self, **image):
        return container(render(values={"image": image}))["image"]

    def test_the_tag_is_the_version_of_the_application_unless_given(self):
        version = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["appVersion"]
        self.assertEqual(f"icr-pull-secrets:{version}", self.image())
        self.assertEqual("icr-pull-secrets:dev", self.image(tag="dev"))

    def test_a_digest_wins_over_the_tag(self):
        self.assertEqual(f"us.icr.io/a/b@{self.DIGEST}", self.image(repository="us.icr.io/a/b", tag="dev", digest=self.DIGEST))

    def test_a_tag_may_carry_its_digest(self):
        self.assertEqual(f"us.icr.io/a/b:0.1.0@{self.DIGEST}", self.image(repository="us.icr.io/a/b", tag=f"0.1.0@{self.DIGEST}"))

    def test_a_registry_for_all_charts_takes_the_place_of_the_host(self):
        for repository, expected in (("icr-pull-secrets", "mirror.example.com:5000/x/icr-pull-secrets"), ("a/b", "mirror.example.com:5000/x/a/b"),
                                     ("us.icr.io/a/b", "mirror.example.com:5000/x/a/b"), ("localhost/b", "mirror.example.com:5000/x/b")):
            for registry in ("mirror.example.com:5000/x", "mirror.example.com:5000/x/"):
                values = {"image": {"repository": repository, "tag": "1"}, "global": {"imageRegistry": registry}}
                self.assertEqual(f"{expected}:1", container(render(values=values))["image"])
        self.assertEqual("us.icr.io/a/b:1", container(render(values={"image": {"repository": "us.icr.io/a/b", "tag": "1"},
                                                                     "global": {"imageRegistry": ""}}))["image"])

    def test_pull_secrets_for_all_charts_are_added(self):
        values = {"imagePullSecrets": [{"name": "own"}], "global": {"imagePullSecrets": ["shared", {"name": "own"}, {"name": "more"}]}}
        self.assertEqual([{"name": "own"}, {"name": "shared"}, {"name": "more"}], pod(render(values=values))["imagePullSecrets"])

    def test_the_pull_policy_is_left_to_kubernetes_unless_given(self):
        self.assertNotIn("imagePullPolicy", container(render()))
        self.assertEqual("Never", container(render(values={"image": {"pullPolicy": "Never"}}))["imagePullPolicy"])


class ApiKey(unittest.TestCase):
    def test_no_secret_is_made_unless_asked_for(self):
        self.assertNotIn("Secret", kinds(render()))

    def test_the_key_of_a_file_arrives_byte_for_byte(self):
        key = "quote\" back\\slash, comma and ünïcode=\n"
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(key)
            file.flush()
            secret = find(render("--set", "apiKey.create=true", "--set-file", f"apiKey.value={file.name}"), "Secret")
        self.assertEqual(("icr-api-key", "Opaque"), (secret["metadata"]["name"], secret["type"]))
        self.assertEqual({"apikey": key}, {name: base64.b64decode(value).decode() for name, value in secret["data"].items()})

    def test_the_secret_is_the_source_of_the_first_apikey_credential(self):
        values = two_credentials() | {"apiKey": {"create": True, "value": "not-a-real-key"}}
        values["config"]["credentials"].reverse()
        secret = find(render(values=values), "Secret")
        self.assertEqual("team-a-key", secret["metadata"]["name"])
        self.assertEqual(["IC_KEY"], list(secret["data"]))

    def test_the_key_is_nowhere_else(self):
        objects = render(values={"apiKey": {"create": True, "value": "not-a-real-key"}})
        text = yaml.safe_dump([each for each in objects if each["kind"] != "Secret"])
        self.assertNotIn("not-a-real-key", text)
        self.assertNotIn(base64.b64encode(b"not-a-real-key").decode(), text)


class Package(unittest.TestCase):
    """What Artifact Hub reads: YAML in texts, which nobody else looks at."""

    def setUp(self):
        self.chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))

    def annotation(self, name):
        return yaml.load(self.chart["annotations"][f"artifacthub.io/{name}"], Loader)

    def test_the_image_it_names_is_the_one_that_is_installed(self):
        self.assertEqual([{"name": "icr-pull-secrets", "image": container(render())["image"]}], self.annotation("images"))

    def test_each_change_has_a_kind_and_a_description(self):
        for change in self.annotation("changes"):
            self.assertEqual({"kind", "description"}, set(change))
            self.assertIn(change["kind"], ("added", "changed", "deprecated", "removed", "fixed", "security"))

    def test_annotations_are_texts(self):
        for name, value in self.chart["annotations"].items():
            self.assertIsInstance(value, str, name)


class Pod(unittest.TestCase):
    def checksum(self, values):
        annotations = find(render(values=values), "Deployment")["spec"]["template"]["metadata"]["annotations"]
        return annotations["icr-pull-secrets/start-checksum"]

    def test_what_is_read_at_start_only_brings_a_new_pod(self):
        for changed in ({"leaderElection": {"leaseDuration": "30s"}}, {"log": {"format": "text"}}):
            self.assertNotEqual(self.checksum({}), self.checksum({"config": changed}), changed)

    def test_what_a_running_operator_can_change_keeps_the_pod(self):
        for changed in ({"endpoints": "all"}, {"log": {"level": "debug"}}, {"workers": 4}):
            self.assertEqual(self.checksum({}), self.checksum({"config": changed}), changed)

    def test_the_operator_watches_the_config_map_that_its_file_comes_from(self):
        objects = render()
        config = find(objects, "ConfigMap")["metadata"]["name"]
        self.assertIn(f"--config-map={config}", container(objects)["args"])
        volumes = find(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]
        self.assertEqual([config], [volume["configMap"]["name"] for volume in volumes if "configMap" in volume])
        rules = [rule for role in objects if role["kind"] == "Role" for rule in role["rules"]
                 if rule["resources"] == ["configmaps"] and rule.get("resourceNames") == [config]]
        self.assertEqual([["list", "watch"]], [rule["verbs"] for rule in rules])

    def test_labels_and_annotations_of_the_user_do_not_displace_ours(self):
        ours = {"app.kubernetes.io/name": "x", "app.kubernetes.io/instance": "x"}
        values = {"commonLabels": ours | {"a": "common", "b": "common"}, "podLabels": ours | {"a": "pod"},
                  "podAnnotations": {"icr-pull-secrets/start-checksum": "x", "c": "d"}}
        metadata = find(render(values=values), "Deployment")["spec"]["template"]["metadata"]
        self.assertEqual("icr-pull-secrets", metadata["labels"]["app.kubernetes.io/name"])
        self.assertEqual("icr-pull-secrets", metadata["labels"]["app.kubernetes.io/instance"])
        self.assertEqual(("pod", "common"), (metadata["labels"]["a"], metadata["labels"]["b"]))
        self.assertEqual("d", metadata["annotations"]["c"])
        self.assertRegex(metadata["annotations"]["icr-pull-secrets/start-checksum"], r"^[0-9a-f]{64}$")

    def test_the_service_account_has_annotations_only_when_given(self):
        self.assertNotIn("annotations", find(render(), "ServiceAccount")["metadata"])
        account = find(render(values={"serviceAccount": {"annotations": {"a": "b"}}}), "ServiceAccount")
        self.assertEqual({"a": "b"}, account["metadata"]["annotations"])

    def test_common_labels_are_on_every_object(self):
        for each in render(values={"commonLabels": {"a": "b"}, "apiKey": {"create": True, "value": "x"}}):
            self.assertEqual("b", each["metadata"]["labels"]["a"], each["kind"])

    def test_everything_extra_arrives(self):
        given = yaml.safe_load(SCENARIOS["hardened"].read_text(encoding="utf-8"))
        objects = scenario("hardened")
        spec, own = pod(objects), container(objects)
        for value in ("imagePullSecrets", "priorityClassName", "terminationGracePeriodSeconds", "nodeSelector",
                      "tolerations", "affinity", "hostAliases"):
            self.assertEqual(given[value], spec[value])
        self.assertEqual(given["podSecurityContext"], spec["securityContext"])
        self.assertEqual(given["resources"], own["resources"])
        self.assertEqual(given["extraArgs"], own["args"][5:])
        self.assertEqual(given["extraEnv"], own["env"][1:])
        self.assertEqual(given["extraVolumeMounts"], own["volumeMounts"][1:])
        self.assertEqual(given["extraVolumes"], spec["volumes"][1:])
        self.assertEqual("puller", spec["serviceAccountName"])

    def token(self, **options):
        """(volume, mount) of the token for IAM, or None."""
        objects = render(**options)
        volumes = [each for each in pod(objects)["volumes"] if "projected" in each]
        if not volumes:
            self.assertNotIn("iam-token", [each["name"] for each in container(objects)["volumeMounts"]])
            return None
        (volume,) = volumes
        (mount,) = [each for each in container(objects)["volumeMounts"] if each["name"] == volume["name"]]
        (source,) = volume["projected"]["sources"]
        return source["serviceAccountToken"], mount

    def test_a_trusted_profile_brings_the_token_that_it_is_logged_in_with(self):
        profile = {"trustedProfile": {"id": "Profile-1"}}
        default = {"trustedProfile": {"id": "Profile-1", "tokenFile": "/var/run/secrets/tokens/sa-token"}}
        service = {"serviceId": {"iamId": "iam-ServiceId-1", "accountId": "1", "manager": profile}}
        for source in (profile, default, service):
            token, mount = self.token(values={"config": {"credentials": [{"name": "a"} | source]}})
            self.assertEqual({"path": "sa-token", "audience": "iam", "expirationSeconds": 3600}, token)
            self.assertEqual({"name": "iam-token", "mountPath": "/var/run/secrets/tokens", "readOnly": True}, mount)

    def test_audience_and_life_of_the_token_can_be_set(self):
        values = {"config": {"credentials": [{"name": "a", "trustedProfile": {"id": "Profile-1"}}]},
                  "serviceAccountToken": {"audience": "elsewhere", "expirationSeconds": 1234}}
        self.assertEqual({"path": "sa-token", "audience": "elsewhere", "expirationSeconds": 1234}, self.token(values=values)[0])

    def test_nobody_else_brings_a_token(self):
        self.assertIsNone(self.token())
        elsewhere = {"trustedProfile": {"id": "Profile-1", "tokenFile": "/elsewhere/token"}}
        self.assertIsNone(self.token(values={"config": {"credentials": [{"name": "a"} | elsewhere]}}))
        self.assertIsNone(self.token(values=yaml.safe_load(SCENARIOS["limits"].read_text(encoding="utf-8"))))

    def test_the_number_of_pods_may_be_none(self):
        self.assertEqual(0, find(render(values={"replicaCount": 0}), "Deployment")["spec"]["replicas"])

    def test_it_can_be_fitted_to_its_cluster(self):
        values = {"runtimeClassName": "gvisor", "schedulerName": "mine", "dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.0.0.10"]},
                  "revisionHistoryLimit": 0, "listenAddress": "0.0.0.0", "nodeSelector": {"zone": "a"},
                  "livenessProbe": {"failureThreshold": 5}, "readinessProbe": {"initialDelaySeconds": 3},
                  "metrics": {"service": {"enabled": True, "ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6", "IPv4"]}}}
        objects = render(values=values)
        spec, own = pod(objects), container(objects)
        for field in ("runtimeClassName", "schedulerName", "dnsPolicy", "dnsConfig"):
            self.assertEqual(values[field], spec[field])
        self.assertEqual({"kubernetes.io/os": "linux", "zone": "a"}, spec["nodeSelector"])
        self.assertEqual(0, find(objects, "Deployment")["spec"]["revisionHistoryLimit"])
        self.assertIn("--listen=0.0.0.0:8080", own["args"])
        self.assertEqual((5, 3, 15), tuple(own["livenessProbe"][each] for each in ("failureThreshold", "timeoutSeconds", "terminationGracePeriodSeconds")))
        self.assertEqual((3, 5), tuple(own["readinessProbe"][each] for each in ("initialDelaySeconds", "periodSeconds")))
        service = find(objects, "Service")["spec"]
        self.assertEqual(("RequireDualStack", ["IPv6", "IPv4"]), (service["ipFamilyPolicy"], service["ipFamilies"]))

    def test_common_annotations_are_on_every_object_and_give_way(self):
        values = {"commonAnnotations": {"a": "b", "helm.sh/hook": "x"}, "deploymentAnnotations": {"a": "c"}, "podAdmission": "on",
                  "metrics": {"dashboard": {"enabled": True}, "serviceMonitor": {"enabled": True}}, "networkPolicy": {"enabled": True}}
        for each in render(values={**values, "commonAnnotations": {"a": "b"}}):
            self.assertEqual("c" if each["kind"] == "Deployment" else "b", each["metadata"]["annotations"]["a"], each["kind"])
        for each in hooks(values=values):
            if each["kind"] == "Job":
                self.assertEqual("pre-delete", each["metadata"]["annotations"]["helm.sh/hook"])

    def test_further_objects_are_templates(self):
        values = {"extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-x"}},
                                   "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}-y\n"]}
        objects = render(values=values)
        self.assertEqual("icr-pull-secrets-x", find(objects, "ConfigMap", "icr-pull-secrets-x")["metadata"]["name"])
        self.assertEqual("icr-pull-secrets-y", find(objects, "Secret")["metadata"]["name"])

    def test_openshift_can_be_told_without_a_cluster(self):
        for given, numbers in ((True, False), ("true", False), ("auto", True), (False, True)):
            self.assertEqual(numbers, "runAsUser" in pod(render(values={"openshift": given}))["securityContext"])
        self.assertIn("runAsUser", pod(render("--api-versions", "security.openshift.io/v1", values={"openshift": False}))["securityContext"])

    def test_monitors_may_be_in_a_namespace_of_their_own(self):
        values = {"metrics": {"serviceMonitor": {"enabled": True, "namespace": "monitoring"}, "prometheusRule": {"enabled": True, "namespace": "rules"}}}
        objects = render(values=values)
        self.assertEqual("monitoring", find(objects, "ServiceMonitor")["metadata"]["namespace"])
        self.assertEqual({"matchNames": [NAMESPACE]}, find(objects, "ServiceMonitor")["spec"]["namespaceSelector"])
        self.assertEqual("rules", find(objects, "PrometheusRule")["metadata"]["namespace"])

    def test_what_is_taken_away_is_not_rendered(self):
        objects = render(values={"podSecurityContext": None, "securityContext": None, "resources": None})
        self.assertNotIn("securityContext", pod(objects))
        self.assertFalse({"securityContext", "resources"} & set(container(objects)))


class PodAdmission(unittest.TestCase):
    """tests/integration/admission_test.cpp shows what the policy does; here is when there is one, and how it's made."""

    SERVED = ("--api-versions", "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy")
    KINDS = ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]

    def rendered(self, *arguments, **options):
        return [each for each in kinds(render(*arguments, **options)) if "Mutating" in each]

    def spec(self, values, **options):
        return find(render(values={"podAdmission": "on"} | values, **options), "MutatingAdmissionPolicy")["spec"]

    def expressions(self, values, **options):
        return {each["name"]: each["expression"] for each in self.spec(values, **options)["variables"]}

    def test_auto_follows_what_the_cluster_serves(self):
        self.assertEqual(self.KINDS, self.rendered(*self.SERVED))
        self.assertEqual([], self.rendered())
        self.assertEqual([], self.rendered("--api-versions", "admissionregistration.k8s.io/v1"))
        self.assertEqual([], self.rendered("--api-versions", "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy"))

    def test_on_and_off_are_for_those_who_know_better(self):
        for given in ("on", True):
            self.assertEqual(self.KINDS, self.rendered(values={"podAdmission": given}))
        for given in ("off", False):
            self.assertEqual([], self.rendered(*self.SERVED, values={"podAdmission": given}))

    def test_a_release_that_did_not_know_the_value_is_as_good_as_auto(self):
        self.assertEqual(self.KINDS, self.rendered(*self.SERVED, values={"podAdmission": None}))
        self.assertEqual([], self.rendered(values={"podAdmission": None}))

    def test_pods_only_without_the_policy_is_refused(self):
        for given, reason in (("auto", "this cluster doesn't serve admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"),
                              ("off", "podAdmission is off: set it to auto or on")):
            done = helm("template", "x", CHART, values={"podAdmission": given, "config": {"attach": "podsOnly"}})
            self.assertNotEqual(0, done.returncode)
            self.assertIn("config.attach is podsOnly, so pods would get no pull secrets at all", done.stderr)
            self.assertIn(reason, done.stderr)
        self.assertEqual(self.KINDS, self.rendered(*self.SERVED, values={"config": {"attach": "podsOnly"}}))
        self.assertEqual([], self.rendered(values={"podAdmission": "off", "config": {"attach": "serviceAccounts"}}))

    def test_no_pod_is_kept_from_being_created_and_nothing_else_is_looked_at(self):
        spec = self.spec({})
        self.assertEqual("Ignore", spec["failurePolicy"])
        self.assertEqual("IfNeeded", spec["reinvocationPolicy"])
        # With all that the API server would fill in.
        self.assertEqual({"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {},
                          "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"}]},
                         spec["matchConstraints"])

    def test_the_binding_binds_it_everywhere(self):
        objects = render(*self.SERVED)
        name = find(objects, "MutatingAdmissionPolicy")["metadata"]["name"]
        binding = find(objects, "MutatingAdmissionPolicyBinding")
        self.assertEqual(name, binding["metadata"]["name"])
        self.assertEqual({"policyName": name}, binding["spec"])

    def test_two_releases_never_share_a_policy(self):
        names = [find(render(*self.SERVED, release=release, namespace=namespace, values={"fullnameOverride": name}),
                      "MutatingAdmissionPolicy")["metadata"]["name"]
                 for release, namespace, name in (("a", "b", "x"), ("a", "c", "x"), ("a", "b-c", "x"), ("a", "c", "x-b"))]
        self.assertEqual(len(names), len(set(names)))

    def test_globs_are_for_the_whole_of_a_name_and_dots_are_dots(self):
        given = {"serviceAccounts": ["default", "a.b", "ci-*", "job-?"], "credentials": [credential("a", "k") | {"namespaces": ["x", "y*"]}]}
        expressions = self.expressions({"config": given})
        self.assertIn(r'matches("^(default|a\\.b|ci-.*|job-.)$")', expressions["accountServed"])
        self.assertIn('"icr-a": namespaceObject.metadata.name.matches("^(x|y.*)$")', expressions["allowed"])

    def test_the_operators_own_namespace_is_never_chosen(self):
        for exclude in ({}, {"exclude": []}, {"exclude": ["x"]}):
            given = {"optIn": {"mode": "all", "regions": ["us-south"]} | exclude}
            self.assertRegex(self.expressions({"config": given})["chosen"], rf"[(|]{NAMESPACE}\)\$")

    def test_what_stands_in_the_configuration_stays_a_text(self):
        def given(text):
            selector = {"matchLabels": {"l" + text: text}, "matchExpressions": [{"key": text, "operator": "NotIn", "values": [text]}]}
            limited = credential("b" + text, "k") | {"namespaces": [text], "regions": ["x" + text]}
            return {"config": {
                "serviceAccounts": [text], "regions": {"x" + text: text + ".example.com"},
                "optIn": {"mode": "selector", "selector": selector, "regions": ["x" + text], "exclude": [text]},
                "credentials": [credential("default", "k"), credential("a" + text, "k") | {"namespaces": selector}, limited]}}

        def skeleton(text):
            spec = self.spec(given(text), namespace="default", release="x")
            parts = [each["expression"] for each in spec["variables"]]
            return [re.sub(r'"(\\.|[^"\\])*"', '""', part) for part in parts]

        global render
        strict = render
        render = functools.partial(strict, "--skip-schema-validation")
        try:
            harmless = skeleton("t")
            for hostile in ('"', '\\', '\\"', '"] + ["', '") || true || "".matches("', "' + '", "{{ 1 }}", "#", ": x", "${x}", "\tx", "éx"):
                with self.subTest(hostile=hostile):
                    self.assertEqual(harmless, skeleton(hostile))
        finally:
            render = strict

    def test_a_region_that_nobody_knows_is_refused(self):
        given = {"config": {"credentials": [credential("a", "k") | {"regions": ["nowhere"]}]}}
        done = helm("template", "x", CHART, "--set", "podAdmission=on", values=given)
        self.assertIn('the credential "a" is limited to the region "nowhere", which nobody knows', done.stderr)


class Fence(unittest.TestCase):
    """The expressions themselves are tried on a cluster: tests/integration/tenancy_test.cpp."""

    SERVED = ("--api-versions", "v1/Secret", "--api-versions", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy")
    UNSERVED = ("--api-versions", "v1/Secret")

    def policy(self, objects, what):
        return find(objects, "ValidatingAdmissionPolicy", wide(f"icr-pull-secrets-{what}"))["spec"]

    def text(self, what, *arguments, **options):
        return yaml.safe_dump(self.policy(render(*arguments, **options), what), width=10000)

    def fenced(self, *arguments, **options):
        return "ValidatingAdmissionPolicy" in kinds(render(*arguments, **options))

    def test_it_is_there_unless_the_cluster_does_not_serve_it(self):
        self.assertTrue(self.fenced())
        self.assertTrue(self.fenced(*self.SERVED))
        self.assertFalse(self.fenced(*self.UNSERVED))

    def test_it_can_be_turned_on_and_off_with_and_without_quotes(self):
        for on in ("on", True):
            self.assertTrue(self.fenced(*self.UNSERVED, values={"fence": {"enabled": on}}))
        for off in ("off", False):
            self.assertFalse(self.fenced(values={"fence": {"enabled": off}}))

    def test_where_the_roles_are_made_elsewhere_it_is_only_there_when_asked_for(self):
        self.assertFalse(self.fenced(values={"rbac": {"create": False}}))
        self.assertTrue(self.fenced(values={"rbac": {"create": False}, "fence": {"enabled": "on"}}))

    def test_each_policy_denies_by_its_binding_and_fails_closed(self):
        objects = render()
        for what in ("secrets", "service-accounts"):
            name = wide(f"icr-pull-secrets-{what}")
            self.assertEqual("Fail", self.policy(objects, what)["failurePolicy"])
            self.assertEqual({"policyName": name, "validationActions": ["Deny"]},
                             find(objects, "ValidatingAdmissionPolicyBinding", name)["spec"])

    def test_it_binds_the_account_of_the_pod_and_nobody_else(self):
        for values, account in (({}, "icr-pull-secrets"), ({"serviceAccount": {"name": "it"}}, "it"),
                                ({"serviceAccount": {"create": False}}, "default")):
            objects = render(values=values)
            for what in ("secrets", "service-accounts"):
                (condition,) = self.policy(objects, what)["matchConditions"]
                self.assertEqual(f'request.userInfo.username == "system:serviceaccount:{NAMESPACE}:{account}"', condition["expression"])

    def test_it_names_what_is_written_and_what_is_retired(self):
        values = {"config": {"retired": ["old"]}}
        for what in ("secrets", "service-accounts"):
            self.assertIn('["icr-default","icr-old"]', self.text(what, "--skip-schema-validation", values=values))

    def test_only_rotations_may_keep_a_state(self):
        self.assertNotIn("isState", self.text("secrets"))
        retired = self.text("secrets", "--skip-schema-validation", values={"config": {"retired": ["old"]}})
        self.assertIn('in ["icr-pull-secrets-state-old"]', retired)
        text = self.text("secrets", "--values", SCENARIOS["sources"])
        self.assertIn('in ["icr-pull-secrets-state-rotating","icr-pull-secrets-state-rotating-keyless"]', text)
        self.assertIn(f'request.namespace == "{NAMESPACE}"', text)

    def test_only_who_adopts_may_change_what_others_made(self):
        adopting = "request.operation == 'CREATE' || request.operation == 'UPDATE' || oldObject"
        rules = [self.policy(render("--skip-schema-validation", values={"config": {"conflict": wish}}), "secrets")["validations"][1]["expression"]
                 for wish in ("skip", "adopt")]
        self.assertNotIn(adopting, rules[0])
        self.assertIn(adopting, rules[1])

    def test_names_can_not_end_their_quotes(self):
        wicked = 'a"] || true || ["'
        objects = render("--skip-schema-validation", values={"config": {"retired": [wicked]}})
        listed = json.dumps([f"icr-{wicked}", "icr-default"], separators=(",", ":"))
        self.assertIn(f"object.metadata.name in {listed} &&", self.policy(objects, "secrets")["validations"][0]["expression"])


class Network(unittest.TestCase):
    def test_there_is_no_policy_unless_asked_for(self):
        self.assertNotIn("NetworkPolicy", kinds(render()))

    def test_it_selects_the_pod_and_allows_what_the_operator_needs(self):
        objects = render(values={"networkPolicy": {"enabled": True}})
        spec = find(objects, "NetworkPolicy")["spec"]
        ((key, values),) = [(each["key"], each["values"]) for each in spec["podSelector"]["matchExpressions"]]
        both = [find(objects, "Deployment")["spec"]["template"], find(hooks(), "Job")["spec"]["template"]]
        self.assertEqual(values, [each["metadata"]["labels"][key] for each in both])
        for each in both:
            self.assertLessEqual(spec["podSelector"]["matchLabels"].items(), each["metadata"]["labels"].items())
        self.assertEqual({"Ingress", "Egress"}, set(spec["policyTypes"]))
        self.assertEqual([{"ports": [{"protocol": "TCP", "port": "http"}]}], spec["ingress"])
        dns, rest = spec["egress"]
        self.assertEqual({("UDP", 53), ("TCP", 53), ("UDP", 5353), ("TCP", 5353)}, {(each["protocol"], each["port"]) for each in dns["ports"]})
        self.assertEqual([443, 6443, 2040], [each["port"] for each in rest["ports"]])

    def test_further_rules_are_added(self):
        given = yaml.safe_load(SCENARIOS["locked-down"].read_text(encoding="utf-8"))["networkPolicy"]
        spec = find(scenario("locked-down"), "NetworkPolicy")["spec"]
        self.assertEqual(given["from"], spec["ingress"][0]["from"])
        self.assertEqual(given["extraEgress"], spec["egress"][2:])


class Names(unittest.TestCase):
    @staticmethod
    def expected(name):
        return {name, wide(name)} | {f"{name}-{each}" for each in ("leader", "sources", "state")} | {
            wide(f"{name}-{each}") for each in ("secrets", "service-accounts")}

    def names(self, **options):
        return {each["metadata"]["name"] for each in render(**options)}

    def test_a_release_called_like_the_chart_is_not_called_so_twice(self):
        self.assertEqual(self.expected("icr-pull-secrets"), self.names())

    def test_another_release_has_its_name_in_front(self):
        self.assertEqual(self.expected("x-icr-pull-secrets"), self.names(release="x"))

    def test_names_can_be_overridden(self):
        self.assertEqual(self.expected("x-puller"), self.names(release="x", values={"nameOverride": "puller"}))
        self.assertEqual(self.expected("it"), self.names(release="x", values={"fullnameOverride": "it"}))

    def test_long_names_are_cut(self):
        for each in render(release="a" * 53, values={"nameOverride": "b" * 63}):
            self.assertLessEqual(len(each["metadata"]["name"].split(".")[0]), 63 + len("-service-accounts"))
            for value in each["metadata"]["labels"].values():
                self.assertRegex(value, r"^[a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?$")

    def test_no_name_is_too_long_or_has_a_dot_for_what_it_names(self):
        values = {"cleanup": {"onUninstall": True}, "helmTest": {"enabled": True}, "metrics": {"service": {"enabled": True}}}
        for release in ("a" * 53, "a.b." + "c" * 40, "icr-pull-secrets." + "d" * 36):
            objects = [each for each in yaml.load_all(helm("template", release, CHART, values=values).stdout, Loader) if each]
            for each in objects:
                if each["kind"] in ("Service", "Job", "Namespace", "Pod", "Deployment"):
                    self.assertRegex(each["metadata"]["name"], r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", each["kind"])
            self.assertEqual(len(objects), len({(each["kind"], each["metadata"]["name"]) for each in objects}))

    def test_two_installations_share_no_object_that_belongs_to_no_namespace(self):
        first, second = ({(each["kind"], each["metadata"]["name"]) for each in render("--set", "podAdmission=on", namespace=namespace)
                          if each["kind"] in CLUSTER_WIDE} for namespace in ("one", "two"))
        self.assertEqual(8, len(first))
        self.assertFalse(first & second)

    def test_everything_may_be_in_another_namespace_than_the_release(self):
        values = {"namespaceOverride": "elsewhere", "networkPolicy": {"enabled": True}, "podAdmission": "on",
                  "metrics": {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}}}
        objects = render(values=values)
        self.assertEqual({"elsewhere", None}, {each["metadata"].get("namespace") for each in objects})
        self.assertNotIn(NAMESPACE, yaml.safe_dump(objects))

    def test_a_namespace_may_be_called_like_a_number(self):
        self.assertEqual({"123"}, {each["metadata"].get("namespace", "123") for each in render(namespace="123")})


class Notes(unittest.TestCase):
    def test_they_say_the_next_command(self):
        self.assertIn("kubectl annotate namespace <namespace> icr-pull-secrets/regions=", notes())

    def test_they_say_what_uninstalling_does(self):
        self.assertIn("`helm uninstall` removes all that it wrote, too", notes(values={"cleanup": {"onUninstall": True}}))
        self.assertIn("there is no clean-up before an uninstall", notes())
        self.assertIn("leaves all that it wrote where it is", notes(values={"cleanup": {"onUninstall": False}}))

    def test_they_warn_of_a_missing_source_and_say_how_to_make_it(self):
        text = notes(values=two_credentials(credential("team-b", "team-a-key", "OTHER")))
        self.assertIn("WARNING: the Secret icr-api-key", text)
        self.assertIn(f"kubectl create secret generic icr-api-key -n {NAMESPACE} --from-file=apikey=key.txt\n", text)
        self.assertIn(f"kubectl create secret generic team-a-key -n {NAMESPACE} --from-file=IC_KEY=key.txt --from-file=OTHER=key.txt\n", text)

    def test_they_say_how_to_make_a_source_of_any_kind(self):
        text = notes("--values", SCENARIOS["sources"])
        for secret, key in (("icr-manager", "apikey"), ("entitlement", "password"), ("icr-profile-key", "apikey")):
            self.assertIn(f"kubectl create secret generic {secret} -n {NAMESPACE} --from-file={key}=key.txt\n", text)

    def test_they_say_whom_a_trusted_profile_must_trust(self):
        text = notes("--values", SCENARIOS["keyless"], "--set", "image.repository=us.icr.io/a/b")
        self.assertIn(f"linked to the service account\nicr-pull-secrets of the namespace {NAMESPACE}", text)
        self.assertNotIn("WARNING", text)
        self.assertNotIn("trusted profile", notes())

    def test_they_do_not_warn_of_the_source_that_the_chart_makes(self):
        given = {"apiKey": {"create": True, "value": "x"}}
        self.assertNotIn("WARNING: the Secret", notes(values=given))
        text = notes(values=two_credentials() | given)
        self.assertEqual(["team-a-key"], re.findall(r"WARNING: the Secret ([-a-z]+),", text))

    def test_they_say_whether_pods_get_their_pull_secrets_at_creation(self):
        self.assertIn("Pod admission is on", notes(values={"podAdmission": "on"}))
        self.assertIn("Pod admission is off: podAdmission says so", notes(values={"podAdmission": "off"}))
        self.assertIn("Pod admission is off: this cluster doesn't serve", notes())

    def test_they_warn_when_namespaces_need_not_ask(self):
        text = notes(values={"config": {"optIn": {"mode": "all", "regions": ["us-south"]}}})
        self.assertIn("WARNING: config.optIn.mode is all", text)

    def test_they_warn_when_nothing_runs(self):
        self.assertIn("WARNING: replicaCount is 0", notes(values={"replicaCount": 0}))

    def test_they_warn_of_an_image_that_no_node_finds(self):
        self.assertIn("WARNING: image.repository is icr-pull-secrets, without a host", notes())
        for found in ({"image": {"repository": "us.icr.io/a/b"}}, {"global": {"imageRegistry": "us.icr.io"}}):
            self.assertNotIn("without a host", notes(values=found))

    def test_they_say_how_to_keep_the_key_before_it_is_unset(self):
        text = notes(values={"apiKey": {"create": True, "value": "x"}})
        self.assertLess(text.index(f"kubectl annotate secret icr-api-key -n {NAMESPACE} helm.sh/resource-policy=keep"),
                        text.index("--set apiKey.create=false"))

    def test_they_do_not_show_the_key(self):
        self.assertNotIn("not-a-real-key", notes(values={"apiKey": {"create": True, "value": "not-a-real-key"}}))


class Result(unittest.TextTestResult):
    """Prints each test as the sentence that its name is."""

    def getDescription(self, test):
        if hasattr(test, "test_case"):  # one of several scenarios
            return f"{self.getDescription(test.test_case)}, {dict(test.params)}"
        return test._testMethodName.removeprefix("test_").replace("_", " ")


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(stream=sys.stdout, verbosity=2, failfast=True, resultclass=Result))
