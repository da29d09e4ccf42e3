#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
#
# helm upgrade while the operator works, end to end, on a real node: a changed configuration is in
# force without a new pod; and while a rotated key goes to every namespace, all pods are replaced,
# and each namespace is written to once.
#
#   rolling.sh            starts a sandbox with a node and runs the test in it
#   rolling.sh --inside   runs it in the sandbox that is there
#
# N=NUMBER of namespaces, 1000 unless told. Needs build/image.tar (make image).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"
# shellcheck source=checks.sh
. "$here/checks.sh"

namespaces=${N:-1000}

opt_in_all() {
	local i
	for i in $(seq "$namespaces"); do
		echo "{apiVersion: v1, kind: Namespace, metadata: {name: team-$i, annotations: {icr-pull-secrets/regions: us-south}}}"
		echo "---"
	done | kubectl create --filename - >/dev/null
}

# on_each FIELD: of every copy, how many have which value.
on_each() {
	kubectl get secrets --all-namespaces --field-selector metadata.name=icr-default \
		--output "jsonpath={range .items[*]}{.metadata.annotations.icr-pull-secrets/$1}{\"\\n\"}{end}" | sort | uniq --count
}
revision_of_one() { copy_revision team-1; }
hosts_everywhere() { [[ $(on_each hosts) =~ ^\ *$namespaces\ $1$ ]] || { on_each hosts; return 1; }; }
revision_everywhere() { # revision_everywhere REVISION-BEFORE
	local all
	all=$(on_each revision)
	[[ $(wc --lines <<<"$all") == 1 && $all != *"$1" && $all =~ ^\ *$namespaces\  ]] || { echo "$all"; return 1; }
}
attached_everywhere() {
	local count
	count=$(kubectl get serviceaccounts --all-namespaces --field-selector metadata.name=default --output json |
		jq '[.items[] | select(any(.imagePullSecrets[]?; .name == "icr-default"))] | length')
	expect "$namespaces" "$count"
}

# change_values HELM-ARGS…
change_values() {
	helm upgrade icr-pull-secrets "$chart" --reuse-values --namespace "$operator_namespace" --timeout 120s --wait "$@"
}

# patches RESOURCE: how many the API server has carried out, of anybody's.
patches() {
	kubectl get --raw /metrics | awk -v resource="resource=\"$1\"" \
		'/^apiserver_request_total\{/ && index($0, resource) && /verb="PATCH"/ && /code="200"/ { sum += $NF } END { print sum + 0 }'
}

leader() { kubectl get lease icr-pull-secrets --namespace "$operator_namespace" --output 'jsonpath={.spec.holderIdentity}'; }
new_pod_made() { (($(operator_pods | wc --words) > 2)); }

# Of the pods that are there now.
written_by_new_pods() {
	local pod
	for pod in $(operator_pods); do
		kubectl get --raw "/api/v1/namespaces/$operator_namespace/pods/$pod:8080/proxy/metrics"
	done | awk '/^icr_pull_secrets_reconciles_total\{outcome="done"\}/ { sum += $NF } END { print sum + 0 }'
}

rotate_while_pods_are_replaced() { # rotate_while_pods_are_replaced KEY
	local upgrade
	change_values --set podAnnotations.rolled=yes &
	upgrade=$!
	eventually 30 new_pod_made
	set_source "$1"
	wait "$upgrade"
}

inside() {
	local key next before pods secrets accounts old_leader
	key=$(new_key) next=$(new_key)
	"$registry" key iamapikey "$key"
	"$registry" key iamapikey "$next"
	check "the operator's image loaded" load_image
	create_operator_namespace >/dev/null
	set_source "$key"
	check "helm install" install_operator --wait
	check "$namespaces namespaces made" opt_in_all
	check "copies in all of them" eventually 120 hosts_everywhere us.icr.io
	check "and attached" eventually 60 attached_everywhere

	pods=$(operator_pods)
	check "helm upgrade with another host for a region" change_values --set config.regions.us-south=de.icr.io
	check "which is in force everywhere" eventually 60 hosts_everywhere de.icr.io
	check "and the pods are the same" expect "$pods" "$(operator_pods)"

	before=$(revision_of_one) secrets=$(patches secrets) accounts=$(patches serviceaccounts) old_leader=$(leader)
	check "helm upgrade that replaces all pods, and a rotated key at the same time" rotate_while_pods_are_replaced "$next"
	check "the new key is everywhere" eventually 120 revision_everywhere "$before"
	# What a second leader would do again, it does at once.
	sleep 5
	check "and was written once for each namespace" expect $((namespaces + 1)) $(($(patches secrets) - secrets)) # and once by us
	check "no service account was written" expect 0 $(($(patches serviceaccounts) - accounts))
	check "another pod leads" differ "$old_leader" "$(leader)"
	echo "$(written_by_new_pods) of $namespaces namespaces were served by the new pods"
	echo "end to end: rolling passed"
}

differ() { [[ $1 != "$2" ]] || { echo "still $1"; return 1; }; }

in_sandbox "$here/rolling.sh" "$@"
