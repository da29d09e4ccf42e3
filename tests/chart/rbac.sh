#!/usr/bin/env bash
# Installs the chart in a real cluster (a control plane is enough, no node is needed) and checks
# what the operator's account may do and may not, first by asking, then by doing it with a token
# of that account; and that the pod is accepted where the Pod Security Standard `restricted` is
# enforced. Run as it is, it starts a cluster of its own.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -z "${SANDBOX_DIR:-}" ]; then
  "$here/../sandbox/install-tools" helm kubeconform promtool helm-unittest >/dev/null # a sandbox has no network to build them
  (cd "$here/prometheus-operator" && "$here/../sandbox/install-tools" --go mod download)
  exec "$here/../sandbox/run" -- "$here/rbac.sh" "$@"
fi

export CHART_TEST_CLUSTER=1
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$here/lib.sh"

namespace=icr-pull-secrets
release=icr-pull-secrets
account=system:serviceaccount:$namespace:icr-pull-secrets
server=$(kubectl config view --minify --output 'jsonpath={.clusters[0].cluster.server}')

quietly() {
  "$@" >"$SCRATCH/out" 2>&1 || {
    cat "$SCRATCH/out" >&2
    die "$*"
  }
}

# ---- what there is ---------------------------------------------------------

make_namespaces() {
  local each
  for each in "$namespace" shop bakery; do
    quietly kubectl create namespace "$each"
  done
  quietly kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted
  for each in "$namespace" shop; do
    quietly kubectl create secret generic icr-api-key --namespace "$each" --from-literal=apikey=not-a-real-key
    quietly kubectl create secret generic other --namespace "$each" --from-literal=password=nobody-may-see-this
  done
  quietly kubectl create secret generic icr-default --namespace bakery --from-literal=a=b
  quietly kubectl wait --for=create serviceaccount/default --namespace shop --timeout=30s
}

install() {
  say "helm install, with two credentials"
  quietly helm install "$release" "$CHART" --namespace "$namespace" --values "$CHART/ci/two-credentials-values.yaml"
  if grep -q 'WARNING: the Secret icr-api-key' "$SCRATCH/out"; then
    die "the notes warn of a source that is there"
  fi
  grep -q 'WARNING: the Secret team-a-ibm-cloud' "$SCRATCH/out" || die "the notes don't warn of a source that isn't there"
}

# ---- asked -----------------------------------------------------------------

# asked yes|no VERB RESOURCE[/NAME] NAMESPACE ("-": the whole cluster)
asked() {
  local answer what=("$3") where=(--namespace "$4")
  [ "$4" != - ] || where=(--all-namespaces)
  # kubectl takes what follows a slash for the name of an object.
  case $3 in
  */exec | */eviction | */log | */token | */scale) what=("${3%/*}" --subresource="${3#*/}") ;;
  esac
  answer=$(kubectl auth can-i "$2" "${what[@]}" "${where[@]}" --as="$account" 2>/dev/null || true)
  [ "$answer" = "$1" ] || die "may the operator $2 $3 in $4? Expected $1, the cluster says '$answer'"
}

ask() {
  local count=0 expected verb resource where
  say "what the operator's account may do, by asking"
  while read -r expected verb resource where; do
    [ -n "$expected" ] || continue
    asked "$expected" "$verb" "$resource" "$where"
    count=$((count + 1))
  done <<TABLE
yes list    namespaces                  -
yes watch   namespaces                  -
no  get     namespaces/shop             -
no  patch   namespaces/shop             -
no  delete  namespaces/shop             -
no  create  namespaces                  -

yes list    serviceaccounts             -
yes watch   serviceaccounts             -
yes get     serviceaccounts/default     shop
yes patch   serviceaccounts/default     shop
no  update  serviceaccounts/default     shop
no  create  serviceaccounts             shop
no  delete  serviceaccounts/default     shop
no  create  serviceaccounts/token       shop
no  impersonate serviceaccounts/default shop

yes create  secrets                     shop
yes get     secrets/icr-default         shop
yes list    secrets/icr-default         -
yes watch   secrets/icr-default         -
yes patch   secrets/icr-default         shop
yes delete  secrets/icr-default         shop
yes get     secrets/icr-team-a          shop
no  update  secrets/icr-default         shop
no  deletecollection secrets            shop
no  list    secrets                     -
no  list    secrets                     shop
no  list    secrets                     $namespace
no  watch   secrets                     -
no  get     secrets                     shop
no  get     secrets/other               shop
no  list    secrets/other               -
no  patch   secrets/other               shop
no  delete  secrets/other               shop
no  get     secrets/icr-team-b          shop
no  get     secrets/icr-api-key         shop

yes get     secrets/icr-api-key         $namespace
yes list    secrets/icr-api-key         $namespace
yes watch   secrets/icr-api-key         $namespace
yes get     secrets/team-a-ibm-cloud    $namespace
no  patch   secrets/icr-api-key         $namespace
no  delete  secrets/icr-api-key         $namespace
no  get     secrets/other               $namespace
no  list    secrets/icr-api-key         -

yes create  events                      shop
yes patch   events                      shop
no  list    events                      shop
no  delete  events                      shop

no  get     pods                        shop
no  list    pods                        -
no  create  pods                        shop
no  create  pods/exec                   shop
no  create  pods/eviction               shop
yes create  configmaps                  $namespace
yes get     configmaps/icr-pull-secrets-status $namespace
no  update  configmaps/icr-pull-secrets-status $namespace
yes patch   configmaps/icr-pull-secrets-status $namespace
no  delete  configmaps/icr-pull-secrets-status $namespace
no  get     configmaps/icr-pull-secrets-status shop
no  get     configmaps/icr-pull-secrets $namespace
no  create  configmaps                  shop
no  get     configmaps                  $namespace
no  list    configmaps                  -
no  patch   deployments.apps            $namespace
yes create  leases.coordination.k8s.io  $namespace
yes get     leases.coordination.k8s.io/icr-pull-secrets $namespace
yes update  leases.coordination.k8s.io/icr-pull-secrets $namespace
no  patch   leases.coordination.k8s.io/icr-pull-secrets $namespace
no  delete  leases.coordination.k8s.io/icr-pull-secrets $namespace
no  get     leases.coordination.k8s.io/other            $namespace
no  list    leases.coordination.k8s.io  $namespace
no  create  leases.coordination.k8s.io  shop
no  update  leases.coordination.k8s.io/icr-pull-secrets kube-system
no  create  rolebindings.rbac.authorization.k8s.io        shop
no  create  clusterrolebindings.rbac.authorization.k8s.io -
no  escalate clusterroles.rbac.authorization.k8s.io       -
no  bind    clusterroles.rbac.authorization.k8s.io        -
no  patch   clusterroles.rbac.authorization.k8s.io        -
no  '*'     '*'                         -
TABLE
  say "$count questions"
}

# ---- done ------------------------------------------------------------------

# request CODE METHOD PATH [BODY [TYPE]]: sends it as the operator; the answer stays in $SCRATCH/answer.
request() {
  local code expected=$1 method=$2 path=$3 body=${4:-} type=${5:-application/json}
  local data=()
  [ -z "$body" ] || data=(--data-binary "$body" --header "Content-Type: $type")
  # The token comes from a file: arguments are for everybody to see.
  code=$(curl --silent --output "$SCRATCH/answer" --write-out '%{http_code}' --max-time 10 --cacert "$SANDBOX_CA" \
    --header @"$SCRATCH/authorization" --request "$method" "${data[@]}" "$server$path") ||
    die "$method $path: curl ends with $?"
  if [ "$code" != "$expected" ]; then
    cat "$SCRATCH/answer" >&2
    die "$method $path: expected $expected, got $code"
  fi
  say "  $code $method $path"
  if grep -q "bm9ib2R5LW1heS1zZWUtdGhpcw" "$SCRATCH/answer"; then # "nobody-may-see-this" in base64
    die "$method $path shows a Secret of somebody else"
  fi
}

# The names of what the last answer holds, "namespace/name" sorted, from a list or from watch events.
names() {
  jq --raw-output --slurp '[.[] | (.items[]?, (.object? // empty)) | select(.metadata.name != null) | "\(.metadata.namespace)/\(.metadata.name)"] | sort | join(" ")' "$SCRATCH/answer"
}

holds() {
  [ "$(names)" = "$1" ] || die "expected $1, the answer holds $(names)"
}

secret() {
  printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s","labels":{"app.kubernetes.io/managed-by":"icr-pull-secrets"}},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"e30="}}' "$1"
}

# made_for PLACE: that copy, as the operator marks it.
made_for() {
  secret icr-default | sed "s|\"labels\"|\"annotations\":{\"icr-pull-secrets/made-for\":\"$1\"},&|"
}

# denied TEXT COMMAND…: as the operator's account, it is refused with that text.
denied() {
  local said text=$1
  shift
  said=$("$@" --dry-run=server --as="$account" 2>&1) && return 1
  [[ $said == *"$text"* ]]
}

# A new policy takes a moment to come into force.
await_fence() {
  local each tries=0
  for each in secrets service-accounts; do
    quietly kubectl get validatingadmissionpolicy,validatingadmissionpolicybinding "icr-pull-secrets-$each.$namespace"
  done
  until denied 'pull secrets of its own names' kubectl create secret generic x --namespace shop &&
    denied 'nothing of a service account' kubectl label serviceaccount default a=b --namespace shop; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || die "the fence isn't in force"
    sleep 0.2
  done
}

# fenced METHOD PATH BODY [TYPE]: RBAC would allow it, the fence doesn't.
fenced() {
  request 403 "$@"
  grep -q 'the operator of icr-pull-secrets' "$SCRATCH/answer" || die "refused for another reason: $(cat "$SCRATCH/answer")"
}

act() {
  local core=/api/v1 rbac=/apis/rbac.authorization.k8s.io/v1 one=fieldSelector=metadata.name%3Dicr-default
  local binding='{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"mine"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},"subjects":[]}'
  local merge=application/merge-patch+json

  await_fence
  printf 'Authorization: Bearer %s\n' "$(kubectl create token icr-pull-secrets --namespace "$namespace")" >"$SCRATCH/authorization"

  say "its own Secrets, in every namespace, by requests"
  request 201 POST "$core/namespaces/shop/secrets" "$(secret icr-default)"
  request 409 POST "$core/namespaces/shop/secrets" "$(secret icr-default)"
  request 200 GET "$core/namespaces/shop/secrets/icr-default"
  request 200 PATCH "$core/namespaces/shop/secrets/icr-default" '{"metadata":{"annotations":{"a":"b"}}}' "$merge"
  request 200 GET "$core/secrets?$one"
  holds "bakery/icr-default shop/icr-default"
  request 200 GET "$core/secrets?$one&limit=1"
  request 200 GET "$core/secrets?watch=1&timeoutSeconds=1&$one"
  holds "bakery/icr-default shop/icr-default"
  request 403 PUT "$core/namespaces/shop/secrets/icr-default" "$(secret icr-default)"
  request 200 DELETE "$core/namespaces/shop/secrets/icr-default"
  request 404 GET "$core/namespaces/shop/secrets/icr-default"

  say "a copy for the namespace that is there, and for none that had its name before"
  fenced POST "$core/namespaces/shop/secrets" "$(made_for shop/00000000-0000-4000-8000-000000000000)"
  request 201 POST "$core/namespaces/shop/secrets" "$(made_for "shop/$(kubectl get namespace shop --output 'jsonpath={.metadata.uid}')")"
  request 200 DELETE "$core/namespaces/shop/secrets/icr-default"
  request 201 POST "$core/namespaces/shop/secrets" "$(made_for shop)"
  request 200 DELETE "$core/namespaces/shop/secrets/icr-default"

  say "what RBAC can't refuse, and the fence does"
  fenced POST "$core/namespaces/shop/secrets" "$(secret icr-nobody)"
  fenced POST "$core/namespaces/shop/secrets" "$(secret icr-default | sed 's/,"labels":{[^}]*}//')"
  fenced POST "$core/namespaces/shop/secrets" \
    "$(secret icr-default | sed 's/"type":[^,]*/"type":"kubernetes.io\/service-account-token"/; s/"labels"/"annotations":{"kubernetes.io\/service-account.name":"default"},&/; s/,"data".*/}/')"
  fenced PATCH "$core/namespaces/bakery/secrets/icr-default" '{"metadata":{"labels":{"app.kubernetes.io/managed-by":"icr-pull-secrets"}}}' "$merge"
  fenced DELETE "$core/namespaces/bakery/secrets/icr-default"
  fenced PATCH "$core/namespaces/shop/serviceaccounts/default" '{"imagePullSecrets":[{"name":"other"}]}' "$merge"
  fenced PATCH "$core/namespaces/shop/serviceaccounts/default" '{"metadata":{"annotations":{"a":"b"}}}' "$merge"

  say "nobody else's"
  request 403 GET "$core/namespaces/shop/secrets/other"
  request 403 GET "$core/namespaces/$namespace/secrets/other"
  request 403 GET "$core/namespaces/shop/secrets/there-is-none"
  request 403 PATCH "$core/namespaces/shop/secrets/other" '{"metadata":{"annotations":{"a":"b"}}}' "$merge"
  request 403 DELETE "$core/namespaces/shop/secrets/other"
  request 403 GET "$core/secrets"
  request 403 GET "$core/secrets?watch=1&timeoutSeconds=1"
  request 403 GET "$core/namespaces/shop/secrets"
  request 403 DELETE "$core/namespaces/shop/secrets"
  request 403 GET "$core/secrets?fieldSelector=metadata.name%3Dother"
  request 403 GET "$core/secrets?fieldSelector=metadata.name!%3Dicr-default"
  request 403 GET "$core/secrets?fieldSelector=type%3DOpaque"
  request 403 GET "$core/secrets?labelSelector=icr-pull-secrets/credential%3Ddefault"

  say "its sources, in its own namespace"
  request 200 GET "$core/namespaces/$namespace/secrets/icr-api-key"
  request 200 GET "$core/namespaces/$namespace/secrets?fieldSelector=metadata.name%3Dicr-api-key"
  holds "$namespace/icr-api-key"
  request 200 GET "$core/namespaces/$namespace/secrets?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dicr-api-key"
  holds "$namespace/icr-api-key"
  request 404 GET "$core/namespaces/$namespace/secrets/team-a-ibm-cloud"
  request 403 GET "$core/namespaces/shop/secrets/icr-api-key"
  request 403 GET "$core/secrets?fieldSelector=metadata.name%3Dicr-api-key"
  request 403 PATCH "$core/namespaces/$namespace/secrets/icr-api-key" '{"metadata":{"annotations":{"a":"b"}}}' "$merge"

  say "namespaces, service accounts, Events"
  request 200 GET "$core/namespaces"
  request 200 GET "$core/namespaces?watch=1&timeoutSeconds=1"
  request 403 PATCH "$core/namespaces/shop" '{"metadata":{"annotations":{"a":"b"}}}' "$merge"
  request 200 GET "$core/serviceaccounts"
  request 200 PATCH "$core/namespaces/shop/serviceaccounts/default" \
    '[{"op":"add","path":"/imagePullSecrets","value":[{"name":"icr-default"}]}]' application/json-patch+json
  request 403 POST "$core/namespaces/shop/serviceaccounts/default/token" '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}'
  request 201 POST "$core/namespaces/shop/events" \
    '{"apiVersion":"v1","kind":"Event","metadata":{"name":"shop.1"},"involvedObject":{"apiVersion":"v1","kind":"Namespace","name":"shop","namespace":"shop"},"reason":"Test","message":"test","type":"Warning"}'
  request 200 PATCH "$core/namespaces/shop/events/shop.1" '{"count":2}' "$merge"

  say "and nothing else"
  request 403 GET "$core/pods"
  request 403 GET "$core/configmaps"
  request 403 GET "$core/nodes"
  request 403 POST "$rbac/clusterrolebindings" "$binding"
  request 403 PATCH "$rbac/clusterroles/icr-pull-secrets.icr-pull-secrets" '{"rules":[]}' "$merge"
}

# ---- accepted --------------------------------------------------------------

# The pod of the Deployment in the YAML on the standard input.
pod_of() {
  "$CHART_TEST_PYTHON" -c '
import json, sys, yaml
(deployment,) = [each for each in yaml.safe_load_all(sys.stdin) if each and each["kind"] == "Deployment"]
template = deployment["spec"]["template"]
template["metadata"]["name"] = "pod-of-the-deployment"
print(json.dumps({"apiVersion": "v1", "kind": "Pod"} | template))'
}

# With a service ID, whose state is kept in a Secret: yes and no, as above.
rotate() {
  say "helm upgrade, with every kind of source"
  quietly helm upgrade "$release" "$CHART" --namespace "$namespace" --values "$CHART/ci/sources-values.yaml"
  local expected verb resource where
  while read -r expected verb resource where; do
    asked "$expected" "$verb" "$resource" "$where"
  done <<TABLE
yes create  secrets                                     $namespace
yes get     secrets/icr-pull-secrets-state-rotating     $namespace
yes list    secrets/icr-pull-secrets-state-rotating     $namespace
yes watch   secrets/icr-pull-secrets-state-rotating     $namespace
no  update  secrets/icr-pull-secrets-state-rotating     $namespace
yes patch   secrets/icr-pull-secrets-state-rotating     $namespace
no  delete  secrets/icr-pull-secrets-state-rotating     $namespace
no  get     secrets/icr-pull-secrets-state-rotating     shop
no  get     secrets/icr-pull-secrets-state-default      $namespace
yes get     secrets/icr-manager                         $namespace
yes get     secrets/entitlement                         $namespace
no  update  secrets/icr-manager                         $namespace
no  update  secrets/icr-rotating                        shop
no  get     secrets/other                               $namespace
TABLE
}

# With rescue on: which pods there are, and their eviction.
rescue() {
  say "helm upgrade, with rescue"
  quietly helm upgrade "$release" "$CHART" --namespace "$namespace" --values "$CHART/ci/rescue-values.yaml"
  local expected verb resource where
  while read -r expected verb resource where; do
    asked "$expected" "$verb" "$resource" "$where"
  done <<TABLE
yes list    pods                        shop
yes create  pods/eviction               shop
no  get     pods                        shop
no  watch   pods                        shop
no  create  pods                        shop
no  delete  pods                        shop
no  patch   pods                        shop
no  get     pods/log                    shop
no  create  pods/exec                   shop
TABLE
}

accept() {
  local name file
  say "Pod Security: the check refuses a pod that may be root"
  if kubectl run careless --image=icr-pull-secrets:dev --namespace "$namespace" --dry-run=server >"$SCRATCH/out" 2>&1; then
    die "the namespace doesn't enforce anything"
  fi
  grep -q 'violates PodSecurity "restricted' "$SCRATCH/out" || die "refused for another reason: $(cat "$SCRATCH/out")"

  quietly kubectl create serviceaccount puller --namespace "$namespace"
  define_monitors
  while read -r name file; do
    say "accepted by the server, strictly, the pod under restricted: $name"
    helm template "$release" "$CHART" --namespace "$namespace" --set cleanup.onUninstall=true --values "$file" >"$SCRATCH/rendered.yaml"
    # As Helm, or fields that Helm has set and the scenario leaves out would stay.
    quietly kubectl apply --server-side --field-manager=helm --force-conflicts --dry-run=server --validate=strict \
      --namespace "$namespace" --filename "$SCRATCH/rendered.yaml"
    if grep -i warning "$SCRATCH/out"; then
      die "the server accepts the scenario $name with a warning"
    fi
    pod_of <"$SCRATCH/rendered.yaml" >"$SCRATCH/pod.json"
    quietly kubectl create --dry-run=server --validate=strict --namespace "$namespace" --filename "$SCRATCH/pod.json"
  done < <(scenarios)

  say "the namespace and the pod of helm test, the pod under restricted"
  helm template "$release" "$CHART" --namespace "$namespace" --set helmTest.enabled=true --show-only templates/tests/secret.yaml >"$SCRATCH/rendered.yaml"
  local made
  made=$(sed -n 's/^  namespace: "\(.*\)"$/\1/p' "$SCRATCH/rendered.yaml")
  quietly kubectl create namespace "$made"
  quietly kubectl label namespace "$made" pod-security.kubernetes.io/enforce=restricted
  quietly kubectl wait --for=create serviceaccount/default --namespace "$made" --timeout=30s
  quietly kubectl apply --server-side --force-conflicts --dry-run=server --validate=strict --filename "$SCRATCH/rendered.yaml"
  if grep -i warning "$SCRATCH/out"; then
    die "the server accepts the test with a warning"
  fi
}

# The kinds of the Prometheus operator, as their own project defines them.
define_monitors() {
  local source kind
  source=$(cd "$ROOT/tests/chart/prometheus-operator" &&
    "$ROOT/tests/sandbox/install-tools" --go list -m -f '{{.Dir}}' github.com/prometheus-operator/prometheus-operator)
  for kind in servicemonitors podmonitors prometheusrules; do
    quietly kubectl create --filename "$source/example/prometheus-operator-crd/monitoring.coreos.com_$kind.yaml"
    quietly kubectl wait --for condition=Established "crd/$kind.monitoring.coreos.com" --timeout=30s
  done
}

# What there is of the release, of any kind that the chart renders.
left() {
  kubectl get configmaps,serviceaccounts,secrets,deployments,roles,rolebindings,poddisruptionbudgets --namespace "$namespace" \
    --selector app.kubernetes.io/instance="$release" --output name
  kubectl get clusterroles,clusterrolebindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,validatingadmissionpolicybindings \
    --selector app.kubernetes.io/instance="$release" --output name
}

remove() {
  local found
  say "helm uninstall leaves nothing"
  [ "$(left | wc -l)" -eq 18 ] || die "expected 18 objects of the release, found: $(left)"
  # Without the hook: there is no node that its Job could run on.
  quietly helm uninstall "$release" --namespace "$namespace" --no-hooks
  found=$(left)
  [ -z "$found" ] || die "left behind: $found"

  say "the plain manifests are the same: applied, asked, removed"
  quietly kubectl apply --validate=strict --filename "$ROOT/manifests/namespace.yaml"
  quietly kubectl apply --validate=strict --filename "$ROOT/manifests/install.yaml"
  [ "$(left | wc -l)" -eq 16 ] || die "expected 16 objects of manifests/install.yaml, found: $(left)"
  quietly kubectl apply --validate=strict --filename "$ROOT/manifests/pod-admission.yaml"
  [ "$(left | wc -l)" -eq 18 ] || die "expected 2 objects of manifests/pod-admission.yaml, found: $(left)"
  asked yes get secrets/icr-default shop
  asked no get secrets/icr-team-a shop
  asked no get secrets/other shop
  asked yes get secrets/icr-api-key "$namespace"
  quietly kubectl delete --wait=false --filename "$ROOT/manifests/install.yaml" --filename "$ROOT/manifests/pod-admission.yaml"
}

make_namespaces
install
ask
act
rescue
rotate
accept
remove
say "passed"
