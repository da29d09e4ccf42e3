#!/usr/bin/env bash
# roads.sh BUILD-FOLDER: the roads on which people install, render, test, move and remove the chart, each on a
# real API server, by Helm 4, and those where Helm 3 differs by that one, too: none may destroy what it did not
# make. There is no node: what a Job's pod would do, the program does here, as the pod's account and with its
# arguments, and the pod's status tells how it ended.
# Run as it is, it starts a cluster of its own.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${1:?usage: roads.sh BUILD-FOLDER}
if [ -z "${SANDBOX_DIR:-}" ]; then
  "$here/../sandbox/install-tools" helm helm3 kubeconform promtool helm-unittest >/dev/null # a sandbox has no network to build them
  exec "$here/../sandbox/run" -- "$here/roads.sh" "$(realpath "$build")"
fi

export CHART_TEST_CLUSTER=1
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$here/lib.sh"

ops=icr-pull-secrets
release=icr-pull-secrets
manifests=$ROOT/manifests

quietly() {
  "$@" >"$SCRATCH/out" 2>&1 || {
    cat "$SCRATCH/out" >&2
    die "$*"
  }
}

# fails TEXT COMMAND…: it fails, and says so.
fails() {
  local text=$1
  shift
  if "$@" >"$SCRATCH/out" 2>&1; then
    cat "$SCRATCH/out" >&2
    die "expected to fail: $*"
  fi
  grep -q -F -e "$text" "$SCRATCH/out" || {
    cat "$SCRATCH/out" >&2
    die "expected \"$text\" from: $*"
  }
}

await() { # await WHAT COMMAND…
  local what=$1 tries=0
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 150 ] || die "waited in vain: $what"
    sleep 0.2
  done
}

same() { # same WHAT EXPECTED GOT
  [ "$2" = "$3" ] || die "$1: expected $2, got $3"
}

have() { # have KIND NAME: makes it unless it is there
  kubectl get "$@" >/dev/null 2>&1 || quietly kubectl create "$@"
}

late=$'deadline exceeded\ntimed out waiting' # how Helm says that it waited in vain, in one way or the other

helm_3() {
  helm() {
    local each arguments=()
    # It applies on the client's side, where nobody's fields conflict, and doesn't know the flag.
    for each; do [ "$each" = --force-conflicts ] || arguments+=("$each"); done
    helm3 "${arguments[@]}"
  }
}

helm_4() { unset -f helm; }

# ---- the operator, without a node ------------------------------------------

# What a pod of the account sees of the cluster and of the configuration.
prepare_program() {
  kubectl get configmap "$release" -n "$ops" -o 'jsonpath={.data.config\.yaml}' >"$SCRATCH/config.yaml"
  kubectl config view --flatten --minify -o json |
    jq --arg token "$(kubectl create token "$release" -n "$ops")" '.users[0].user = {token: $token}' >"$SCRATCH/kubeconfig"
}

has_copies() { # has_copies NAMES: attached, and no others
  # shellcheck disable=SC2086 # several names
  [ "$(kubectl get serviceaccount default -n shop -o 'jsonpath={.imagePullSecrets[*].name}')" = "$1" ] &&
    kubectl get secret $1 -n shop -o name
}

# operate [NAMES [COMMAND]]: the operator works until shop has these copies, and the command succeeds.
operate() {
  local pid
  prepare_program
  "$build/icr-pull-secrets" run --config "$SCRATCH/config.yaml" --kubeconfig "$SCRATCH/kubeconfig" --namespace "$ops" \
    --listen 127.0.0.1:0 2>"$SCRATCH/operator.log" &
  pid=$!
  await "shop has ${1:-icr-default}" has_copies "${1:-icr-default}"
  await "$*" "${2:-true}"
  kill "$pid"
  wait "$pid" || die "the operator ends with $?: $(tail -n 3 "$SCRATCH/operator.log")"
}

# run_job_pod POD: does what its container would do, and says how it ended.
run_job_pod() {
  local pod=$1 code=0 phase=Succeeded arguments
  prepare_program
  mapfile -t arguments < <(kubectl get pod "$pod" -n "$ops" -o json | jq --raw-output '.spec.containers[0].args[]' |
    sed -e "s|\$(POD_NAMESPACE)|$ops|" -e "s|=/etc/icr-pull-secrets/|=$SCRATCH/|")
  "$build/icr-pull-secrets" "${arguments[@]}" --kubeconfig "$SCRATCH/kubeconfig" >"$SCRATCH/job.out" 2>&1 &
  wait "$!" || code=$?
  [ "$code" = 0 ] || phase=Failed
  echo "$code" >>"$SCRATCH/job.codes"
  kubectl patch pod "$pod" -n "$ops" --subresource status --type merge --patch "$(
    jq --null-input --arg phase "$phase" --argjson code "$code" '{status: {phase: $phase, containerStatuses: [{name: "cleanup",
      image: "x", imageID: "x", ready: false, restartCount: 0, state: {terminated: {exitCode: $code, reason: "x"}}}]}}'
  )" >/dev/null
}

# Runs what Jobs want to run, until it is stopped.
jobs_run() {
  local pod
  # A program that is at work ends with it, as a pod does with its Job.
  trap 'kill $(jobs -p) 2>/dev/null; exit 0' TERM
  while :; do
    for pod in $(kubectl get pods -n "$ops" -l job-name --field-selector status.phase=Pending -o 'jsonpath={.items[*].metadata.name}'); do
      run_job_pod "$pod" || true
    done
    sleep 0.2
  done
}

# with_jobs COMMAND…: while Jobs run; the exit codes of their programs stay in job.codes.
with_jobs() {
  local runner status=0
  : >"$SCRATCH/job.codes"
  jobs_run 2>/dev/null &
  runner=$!
  "$@" || status=$?
  kill "$runner"
  wait "$runner" 2>/dev/null || true
  return "$status"
}

job_failed() {
  [ "$(kubectl get job "$release-cleanup" -n "$ops" -o 'jsonpath={.status.conditions[?(@.type=="Failed")].status}')" = True ]
}

# What the copies are, and that the operator is to run: nothing of it may change.
everything() {
  kubectl get secret icr-default -n shop -o 'jsonpath={.metadata.uid} {.metadata.resourceVersion} '
  kubectl get serviceaccount default -n shop -o 'jsonpath={.metadata.resourceVersion} '
  kubectl get deployment "$release" -n "$ops" -o 'jsonpath={.spec.replicas}'
}

# harmless WHAT COMMAND…: everything is as it was before, though Jobs had the time to run.
harmless() {
  local what=$1 before
  shift
  before=$(everything)
  "$@"
  same "$what" "$before" "$(everything)"
}

# What is left of the operator in the whole cluster.
left_of_operator() {
  kubectl get secrets -A -l app.kubernetes.io/managed-by=icr-pull-secrets -o name
  kubectl get serviceaccount default -n shop -o 'jsonpath={.imagePullSecrets[*].name}'
  kubectl get configmap icr-pull-secrets-status -n "$ops" --ignore-not-found -o name
}

left_of_chart() {
  kubectl get deployments,configmaps,serviceaccounts,roles,rolebindings,jobs,poddisruptionbudgets -n "$ops" \
    -l app.kubernetes.io/part-of=icr-pull-secrets -o name
  kubectl get clusterroles,clusterrolebindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,validatingadmissionpolicybindings \
    -l app.kubernetes.io/part-of=icr-pull-secrets -o name
}

began=$SECONDS
say() { printf "%3d s  %s\n" $((SECONDS - began)) "$*"; }

settings=(--set config.proof=off --set image.repository=us.icr.io/team/icr-pull-secrets)

# ---- the roads -------------------------------------------------------------

begin() {
  quietly kubectl create namespace "$ops"
  quietly kubectl create namespace shop
  quietly kubectl annotate namespace shop icr-pull-secrets/regions=us-south
  quietly kubectl create secret generic icr-api-key -n "$ops" --from-literal=apikey=abcdefghijklmnopqrstuvwxyz
  quietly kubectl wait --for=create serviceaccount/default -n shop --timeout=30s
}

upgrade_from_the_last_commit() {
  local base before
  before=$(mktemp -d -p "$SCRATCH")
  base=$(git -C "$ROOT" rev-parse --verify --quiet 'HEAD~1^{commit}' || git -C "$ROOT" rev-parse HEAD)
  say "helm upgrade --reuse-values from the chart of $(git -C "$ROOT" log -1 --format=%h "$base")"
  git -C "$ROOT" archive "$base" charts/icr-pull-secrets | tar --extract --directory "$before"
  quietly helm install "$release" "$before/charts/icr-pull-secrets" -n "$ops" "${settings[@]}"
  quietly helm upgrade "$release" "$CHART" -n "$ops" --reuse-values
  quietly helm upgrade "$release" "$CHART" -n "$ops" --reset-values "${settings[@]}"
  operate
}

# What the server fills in is rendered, so that tools which compare see no difference.
nothing_to_compare() {
  local kind name live
  say "admission policies are on the server as they are rendered"
  helm get manifest "$release" -n "$ops" | "$CHART_TEST_PYTHON" -c '
import json, sys, yaml
json.dump([each for each in yaml.safe_load_all(sys.stdin) if each and "AdmissionPolicy" in each["kind"]], sys.stdout)' >"$SCRATCH/rendered.json"
  same "policies" 6 "$(jq length "$SCRATCH/rendered.json")"
  while read -r kind name; do
    live=$(kubectl get "$kind" "$name" -o json | jq --sort-keys .spec)
    same "$kind $name" "$(jq --sort-keys --arg kind "$kind" --arg name "$name" \
      '.[] | select(.kind == $kind and .metadata.name == $name).spec' "$SCRATCH/rendered.json")" "$live"
  done < <(jq --raw-output '.[] | "\(.kind) \(.metadata.name)"' "$SCRATCH/rendered.json")
}

apply_what_is_rendered() {
  quietly kubectl apply --force-conflicts --server-side -f "$SCRATCH/rendered.yaml"
  # Applied once more nothing would change: a tool that compares comes to rest.
  quietly kubectl diff --force-conflicts --server-side -f "$SCRATCH/rendered.yaml"
}

# rendered_and_applied HELM-ARGS…: no renderer minds hooks, and neither does kubectl.
rendered_and_applied() {
  helm template "$release" "$CHART" -n "$ops" "${settings[@]}" "$@" >"$SCRATCH/rendered.yaml"
  apply_what_is_rendered
}

forget_job() {
  quietly kubectl delete job,role,rolebinding -n "$ops" --ignore-not-found "$release-cleanup" "$release-cleanup-lock"
}

render_and_apply() {
  say "helm template | kubectl apply: no hook is rendered"
  harmless "helm template" rendered_and_applied
  if grep -q 'helm.sh/hook' "$SCRATCH/rendered.yaml"; then die "a hook is rendered without a cluster"; fi

  say "the same with API versions, as Argo CD renders"
  harmless "with API versions" rendered_and_applied --api-versions v1/Secret --api-versions apps/v1/Deployment --is-upgrade
  if grep -q 'helm.sh/hook' "$SCRATCH/rendered.yaml"; then die "a hook is rendered without a cluster"; fi

  say "with a hook that is forced: its Job proves nothing, and removes nothing"
  harmless "cleanup.onUninstall=true" with_jobs applied_and_refused --set cleanup.onUninstall=true
  say "with a hook that is rendered at a cluster: the same"
  harmless "--dry-run=server" with_jobs applied_and_refused --dry-run=server
}

applied_and_refused() {
  rendered_and_applied "$@"
  await "the Job fails" job_failed
  same "what the Job's program says" 5 "$(cat "$SCRATCH/job.codes")"
  grep -q 'Nothing was stopped or removed' "$SCRATCH/job.out" || die "refused otherwise: $(cat "$SCRATCH/job.out")"
  forget_job
}

kustomize() {
  say "kustomize with helmCharts: no hook"
  mkdir -p "$SCRATCH/kustomize/charts"
  cp -r "$CHART" "$SCRATCH/kustomize/charts/"
  cat >"$SCRATCH/kustomize/kustomization.yaml" <<YAML
helmGlobals: {chartHome: charts}
helmCharts:
  - name: icr-pull-secrets
    releaseName: $release
    namespace: $ops
    valuesInline: {config: {proof: "off"}, image: {repository: us.icr.io/team/icr-pull-secrets}}
YAML
  # By Helm 3: Kustomize gives it a flag that Helm 4 doesn't have.
  kubectl kustomize --enable-helm --helm-command "$CHART_TEST_TOOLS/helm3" "$SCRATCH/kustomize" >"$SCRATCH/rendered.yaml" ||
    die "kubectl kustomize --enable-helm"
  if grep -q 'kind: Job' "$SCRATCH/rendered.yaml"; then die "kustomize renders the clean-up"; fi
  harmless "kustomize" apply_what_is_rendered
}

test_in_a_namespace_that_exists() {
  local uid each
  say "helm test, in a namespace that exists"
  for each in mine "$release-test"; do
    have namespace "$each"
    have configmap precious -n "$each"
  done
  uid=$(kubectl get namespace mine "$release-test" -o 'jsonpath={.items[*].metadata.uid}')
  quietly helm upgrade "$release" "$CHART" -n "$ops" --force-conflicts --reset-values "${settings[@]}" --set helmTest.namespace=mine
  # There is no node to run its pod.
  fails "$late" helm test "$release" -n "$ops" --timeout 2s
  same "namespaces of others" "$uid" "$(kubectl get namespace mine "$release-test" -o 'jsonpath={.items[*].metadata.uid}')"
  same "what is in them" 2 "$(kubectl get configmaps -A --field-selector metadata.name=precious -o name | wc -l)"
  quietly kubectl get namespace mine "$release-test" -o name
  if kubectl get namespace mine -o 'jsonpath={.metadata.annotations}' | grep -q icr-pull-secrets; then die "helm test annotates a namespace of others"; fi

  say "helm test, in one that it makes and deletes"
  quietly helm upgrade "$release" "$CHART" -n "$ops" --reset-values "${settings[@]}"
  fails "$late" helm test "$release" -n "$ops" --timeout 2s
  same "namespaces of others" "$uid" "$(kubectl get namespace mine "$release-test" -o 'jsonpath={.items[*].metadata.uid}')"
}

a_credential_is_forgotten() {
  say "a credential is removed and not retired: notes and operator say so"
  # By force: an earlier road applied the same objects with kubectl.
  cat >"$SCRATCH/two.yaml" <<'YAML'
config:
  credentials:
    - {name: default, apiKey: {secretRef: {name: icr-api-key, key: apikey}}}
    - {name: team-a, apiKey: {secretRef: {name: icr-api-key, key: apikey}}}
YAML
  quietly helm upgrade "$release" "$CHART" -n "$ops" --force-conflicts "${settings[@]}" --values "$SCRATCH/two.yaml"
  quietly kubectl annotate namespace shop icr-pull-secrets/credentials=default,team-a
  operate "icr-default icr-team-a"
  quietly kubectl annotate namespace shop icr-pull-secrets/credentials-
  quietly helm upgrade "$release" "$CHART" -n "$ops" --force-conflicts "${settings[@]}"
  grep -q 'WARNING: the credential team-a is gone' "$SCRATCH/out" || die "the notes don't warn: $(cat "$SCRATCH/out")"
  operate "icr-default icr-team-a" forgotten
  quietly helm upgrade "$release" "$CHART" -n "$ops" --force-conflicts "${settings[@]}" --set 'config.retired={team-a}'
  operate icr-default
  quietly helm upgrade "$release" "$CHART" -n "$ops" --force-conflicts "${settings[@]}"
  quietly kubectl delete events -n "$ops" --all
  operate icr-default
  if forgotten; then die "what was retired is told to be forgotten"; fi
}

forgotten() {
  [ -n "$(kubectl get events -n "$ops" --field-selector reason=CredentialForgotten -o name)" ]
}

follow_the_notes_about_the_key() {
  say "the notes' own way from apiKey.create to a Secret of one's own keeps the key"
  quietly kubectl delete secret icr-api-key -n "$ops"
  quietly helm upgrade "$release" "$CHART" -n "$ops" "${settings[@]}" --set apiKey.create=true --set apiKey.value=first-key-of-many-letters
  helm get notes "$release" -n "$ops" >"$SCRATCH/notes"
  printf 'second-key-of-many-letters' >"$SCRATCH/new-key.txt"
  sed -n 's/^    \(kubectl \(annotate\|patch\) secret .*\)/\1/p' "$SCRATCH/notes" >"$SCRATCH/advice"
  same "commands in the notes" 2 "$(wc -l <"$SCRATCH/advice")"
  (cd "$SCRATCH" && quietly bash -e advice)
  quietly helm upgrade "$release" "$CHART" -n "$ops" "${settings[@]}" --set apiKey.create=false --set apiKey.value=
  same "the key" second-key-of-many-letters "$(kubectl get secret icr-api-key -n "$ops" -o 'jsonpath={.data.apikey}' | base64 --decode)"
}

uninstall_that_fails() {
  say "helm uninstall, and a webhook or a policy that lets nothing go: told, with the release still there"
  operate
  cat >"$SCRATCH/frozen.yaml" <<'YAML'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: frozen}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [DELETE], resources: [secrets]}]}
  matchConditions: [{name: copies, expression: "request.name == 'icr-default'"}]
  validations: [{expression: "false", message: nothing goes}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: frozen}
spec: {policyName: frozen, validationActions: [Deny]}
YAML
  quietly kubectl apply -f "$SCRATCH/frozen.yaml"
  await "the policy is in force" frozen
  with_jobs fails "rror" helm uninstall "$release" -n "$ops" --timeout 5s
  quietly kubectl delete job "$release-cleanup" -n "$ops"
  same "rights of the hook after it failed" "" "$(kubectl get role,rolebinding -n "$ops" -o name | grep cleanup || true)"
  fails "has no deployed releases" helm upgrade "$release" "$CHART" -n "$ops" --reuse-values
  quietly kubectl delete -f "$SCRATCH/frozen.yaml"

  say "back from there: helm rollback"
  # To the revision that is there: without it Helm goes back one more.
  quietly helm rollback "$release" "$(helm history "$release" -n "$ops" -o json | jq '.[-1].revision')" -n "$ops" --force-conflicts
  same "replicas" 2 "$(kubectl get deployment "$release" -n "$ops" -o 'jsonpath={.spec.replicas}')"
  operate
}

frozen() { ! kubectl delete secret icr-default -n shop --dry-run=server; }

uninstall() {
  say "helm uninstall: everything goes, and what is of others stays"
  with_jobs quietly helm uninstall "$release" -n "$ops" --timeout 60s
  same "what the Job's program says" 0 "$(cat "$SCRATCH/job.codes")"
  same "left of the operator" "" "$(left_of_operator)"
  same "left of the chart" "" "$(left_of_chart)"
  quietly kubectl get secret icr-api-key -n "$ops"
}

# The commands of a block in a README that begins with a line.
commands_of() { # commands_of FILE FIRST-LINE
  sed -n "/^$2/,/^\`\`\`/p" "$1" | sed '$d'
}

plain_manifests() {
  local before
  say "plain manifests: installed, and cleanup.yaml applied by mistake"
  for each in namespace install pod-admission; do quietly kubectl apply -f "$manifests/$each.yaml"; done
  quietly kubectl patch configmap "$release" -n "$ops" --type merge --patch "$(
    kubectl get configmap "$release" -n "$ops" -o json | jq '{data: {"config.yaml": (.data["config.yaml"] | sub("proof: required"; "proof: \"off\""))}}'
  )"
  operate
  before=$(everything)
  with_jobs apply_cleanup_by_mistake
  same "copies, and replicas" "$before" "$(everything)"

  say "plain manifests: removed as their README says"
  # shellcheck disable=SC2016
  commands_of "$manifests/README.md" 'kubectl scale' >"$SCRATCH/remove"
  [ "$(wc -l <"$SCRATCH/remove")" -ge 4 ] || die "no commands in manifests/README.md"
  (cd "$ROOT" && with_jobs quietly bash -e "$SCRATCH/remove")
  same "left of the operator" "" "$(left_of_operator)"
  same "left of the chart" "" "$(left_of_chart)"
  quietly kubectl get secret icr-api-key -n "$ops"
}

apply_cleanup_by_mistake() {
  quietly kubectl apply -f "$manifests/cleanup.yaml"
  await "the Job fails" job_failed
  same "what the Job's program says" 5 "$(cat "$SCRATCH/job.codes")"
  quietly kubectl delete -f "$manifests/cleanup.yaml"
}

# as_owner COMMAND…: as somebody who is admin in shop and has the role for annotations there.
as_owner() {
  "$@" --as=owner
}

owners_annotate() {
  say "owners of a namespace annotate it, and change nothing else of it"
  quietly kubectl create rolebinding owner -n shop --clusterrole=admin --user=owner
  fails "cannot patch resource \"namespaces\"" as_owner kubectl annotate namespace shop icr-pull-secrets/regions=eu-de --overwrite
  quietly helm upgrade "$release" "$CHART" -n "$ops" "${settings[@]}" --set annotateRole.create=true
  quietly kubectl create rolebinding annotate -n shop --clusterrole=icr-pull-secrets-annotate --user=owner
  await "the role is in force" as_owner kubectl annotate namespace shop icr-pull-secrets/regions=us-south,eu-de --overwrite
  await "its policy is in force" owner_may_not kubectl label namespace shop a=b
  owner_may_not kubectl label namespace shop pod-security.kubernetes.io/enforce=privileged || die "the owner sets a label"
  owner_may_not kubectl annotate namespace shop scheduler.alpha.kubernetes.io/node-selector=a=b || die "the owner sets another annotation"
  fails "cannot get resource \"namespaces\"" as_owner kubectl annotate namespace default icr-pull-secrets/regions=all
  quietly kubectl label namespace shop by=administrator
  fails "changes nothing of a namespace but" as_owner kubectl label namespace shop by-
  quietly as_owner kubectl annotate namespace shop icr-pull-secrets/credentials=default
  quietly as_owner kubectl annotate namespace shop icr-pull-secrets/credentials-
}

owner_may_not() { ! as_owner "$@" --dry-run=server 2>/dev/null; }

two_installations() {
  say "a second release, with the longest name and dots in it: nothing is shared"
  local long
  long=second.release.$(printf "a%.0s" {1..38})
  same "letters of the name" 53 "${#long}"
  quietly kubectl create namespace second
  quietly helm install "$long" "$CHART" -n second "${settings[@]}" --set podAdmission=on --set metrics.service.enabled=true
  quietly helm uninstall "$long" -n second --no-hooks
  same "policies of the first" 6 "$(kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings \
    -l app.kubernetes.io/instance="$release" -o name | grep -c -v annotate)"
  same "left of the second" "" "$(kubectl get clusterroles,clusterrolebindings,validatingadmissionpolicies,mutatingadmissionpolicies -l "app.kubernetes.io/instance=$long" -o name)"
}

edited_by_hand() {
  say "an object that somebody edited, and the way out"
  kubectl get configmap "$release" -n "$ops" -o json | jq '{data: {"config.yaml": (.data["config.yaml"] + "\n")}}' >"$SCRATCH/edit"
  quietly kubectl patch configmap "$release" -n "$ops" --field-manager kubectl-edit --type merge --patch-file "$SCRATCH/edit"
  fails 'conflict with "kubectl-edit"' helm upgrade "$release" "$CHART" -n "$ops" "${settings[@]}" --set config.workers=8
  quietly helm upgrade "$release" "$CHART" -n "$ops" "${settings[@]}" --force-conflicts --set config.workers=8
}

election_off_and_on() {
  say "leader election off and on again"
  quietly helm upgrade "$release" "$CHART" -n "$ops" "${settings[@]}" --set replicaCount=1 --set config.leaderElection.enabled=false
  same "strategy" Recreate "$(kubectl get deployment "$release" -n "$ops" -o 'jsonpath={.spec.strategy.type}')"
  quietly helm upgrade "$release" "$CHART" -n "$ops" "${settings[@]}"
  same "strategy" RollingUpdate "$(kubectl get deployment "$release" -n "$ops" -o 'jsonpath={.spec.strategy.type}')"
}

# From Helm 3 to Helm 4, with the same release.
changed_hands() {
  local before
  say "helm upgrade --reuse-values by Helm 4, of what Helm 3 installed"
  quietly helm install "$release" "$CHART" -n "$ops" "${settings[@]}"
  operate
  before=$(everything)
  helm_4
  quietly helm upgrade "$release" "$CHART" -n "$ops" --reuse-values
  same "everything" "$before" "$(everything)"
  with_jobs quietly helm uninstall "$release" -n "$ops" --timeout 60s
  same "left of the operator" "" "$(left_of_operator)"
  same "left of the chart" "" "$(left_of_chart)"
}

by_helm_3() {
  say "the same by Helm 3"
  helm_3
  upgrade_from_the_last_commit
  nothing_to_compare
  test_in_a_namespace_that_exists
  follow_the_notes_about_the_key
  uninstall_that_fails
  uninstall
  changed_hands
}

# The commands of a section of a page.
commands_below() { # commands_below FILE HEADING
  # shellcheck disable=SC2016 # the backquotes are those of the page
  sed -n "/^$2/,\$p" "$1" | sed -n '/^```sh$/,/^```$/p' | sed '/^```/d'
}

its_objects_of_the_cluster() { # its_objects_of_the_cluster NAMESPACE
  kubectl get clusterroles,clusterrolebindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,validatingadmissionpolicybindings \
    -o name | grep "\.$1\$" || true
}

namespace_deleted_first() {
  say "the namespace is deleted first: docs/troubleshooting.md has the rest removed, and another installation's stays"
  quietly helm install "$release" "$CHART" -n "$ops" "${settings[@]}"
  quietly helm install "$release" "$CHART" -n second "${settings[@]}"
  operate
  quietly kubectl delete namespace "$ops" --timeout=60s
  same "left behind" 8 "$(its_objects_of_the_cluster "$ops" | wc -l)"
  commands_below "$ROOT/docs/troubleshooting.md" '### Somebody deleted' >"$SCRATCH/after"
  (cd "$SCRATCH" && PATH=$build:$PATH quietly bash -euo pipefail after)
  same "left of the operator" "" "$(left_of_operator)"
  same "left of the chart" "" "$(its_objects_of_the_cluster "$ops")"
  same "of the other installation" 8 "$(its_objects_of_the_cluster second | wc -l)"
}

begin
upgrade_from_the_last_commit
election_off_and_on
nothing_to_compare
render_and_apply
kustomize
test_in_a_namespace_that_exists
two_installations
edited_by_hand
owners_annotate
a_credential_is_forgotten
follow_the_notes_about_the_key
uninstall_that_fails
uninstall
plain_manifests
by_helm_3
namespace_deleted_first
say "passed"
