#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
#
# The race between a pod and its pull secret, on a real node: namespaces are created already
# annotated, and a pod in each the moment its service account exists. With the chart's admission
# policy every one of them carries the reference and runs. Without it: as many as are lucky, for
# comparison.
#
#   race.sh            starts a sandbox with a node and runs the test in it
#   race.sh --inside   runs it in the sandbox that is there
#
# PODS=N for another number than 100. Needs build/image.tar (make image).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"
# shellcheck source=checks.sh
. "$here/checks.sh"

pods=${PODS:-100}
at_a_time=25 # what a node takes
proxy_port=8001

# A client without TLS loses no time.
start_proxy() {
	kubectl proxy --port "$proxy_port" </dev/null >/dev/null 2>&1 &
	eventually 30 curl --silent --fail --output /dev/null "http://127.0.0.1:$proxy_port/version"
}

# race PREFIX COUNT: the result, as a line of JSON
race() { "$here/race.py" "$proxy_port" "$1" "$2" us.icr.io/team/app:1; }

all_run() {
	kubectl wait --all-namespaces --selector "race=$1" --for condition=Ready pods --timeout 120s >/dev/null
}

remove() {
	local -a names
	mapfile -t names < <(seq --format "$1-%g" "$2")
	kubectl delete namespace "${names[@]}" --wait=false >/dev/null
	eventually 120 no_pod_left "$1"
}
no_pod_left() { [[ -z $(kubectl get pods --all-namespaces --selector "race=$1" --output name) ]]; }

# A new policy comes into force a moment after it is written, and so does its end. A pod with a list
# of its own never gets that of its account, so what it gets is from the policy.
references_of_probe_are() {
	local got own='{"spec": {"imagePullSecrets": [{"name": "own"}]}}'
	got=$(kubectl run probe --namespace probe --image x --overrides "$own" --dry-run=server \
		--output 'jsonpath={.spec.imagePullSecrets[*].name}')
	expect "$1" "$got"
}

make_probe() {
	kubectl create namespace probe
	kubectl annotate namespace probe icr-pull-secrets/regions=us-south
	kubectl wait --for create --namespace probe serviceaccount/default --timeout 30s
}

with_the_policy() {
	local done_so_far=0 carry=0 round=0 count result
	while ((done_so_far < pods)); do
		count=$((pods - done_so_far < at_a_time ? pods - done_so_far : at_a_time))
		round=$((round + 1))
		result=$(race "on$round" "$count")
		echo "      $result"
		carry=$((carry + $(jq .carry <<<"$result")))
		check "those $count pods run" all_run "on$round"
		check "they are removed" remove "on$round" "$count"
		done_so_far=$((done_so_far + count))
	done
	check "policy on: $carry of $pods pods carry the reference" expect "$pods" "$carry"
}

switch_off() {
	helm upgrade icr-pull-secrets "$root/charts/icr-pull-secrets" --namespace "$operator_namespace" \
		--reuse-values --set podAdmission=off --wait --timeout 90s
	eventually 60 references_of_probe_are own
}

without_the_policy() {
	local result
	result=$(race off "$at_a_time")
	echo "      $result"
	echo "      policy off: $(jq .carry <<<"$result") of $at_a_time pods carry the reference"
}

inside() {
	local key
	key=$(new_key)
	check "an image pushed to us.icr.io" "$registry" push team/app:1
	check "the key is valid at the registry" "$registry" key iamapikey "$key"
	check "the operator's image loaded" load_image
	create_operator_namespace >/dev/null
	set_source "$key"
	check "helm install: the operator is ready" install_operator --wait
	check "a proxy to the API server" start_proxy
	check "a namespace to look at" make_probe
	check "the policy is in force" eventually 60 references_of_probe_are 'own icr-default'
	with_the_policy
	check "the policy is switched off" switch_off
	without_the_policy
	echo "end to end: race passed"
}

in_sandbox "$here/race.sh" "$@"
