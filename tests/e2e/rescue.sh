#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
#
# Pods that were too early, end to end, on a real node: created before their namespace opts in, or
# in the moment of a namespace that has opted in. Those of controllers run in the end, of others it
# is said what to do.
#
#   rescue.sh            starts a sandbox with a node and runs the test in it
#   rescue.sh --inside   runs it in the sandbox that is there
#
# Needs build/image.tar (make image).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"
# shellcheck source=checks.sh
. "$here/checks.sh"
# shellcheck source=broken-pods.sh
. "$here/broken-pods.sh"

races=10

# deploy NAMESPACE IMAGE: one pod, of a Deployment.
deploy() {
	kubectl create --filename - >/dev/null <<-END
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web, namespace: $1}
		spec:
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers:
		      - {name: web, image: "$2", imagePullPolicy: Always}
	END
}

# The pod of the Deployment in a namespace: "name uid".
deployed() {
	local pod
	pod=$(kubectl get pods --namespace "$1" --selector app=web \
		--output 'jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}')
	[[ $pod == *' '?* ]] && echo "$pod"
}

runs() {
	kubectl wait --namespace "$1" --for condition=Available deployment/web --timeout "${2:-60}s" >/dev/null
}

# Whether a pod was too early or just in time is chance.
all_run() {
	local i
	for ((i = 1; i <= races; i++)); do runs "race-$i" 90; done
}

race() {
	local i
	for ((i = 1; i <= races; i++)); do
		kubectl create --filename - >/dev/null <<-END
			apiVersion: v1
			kind: Namespace
			metadata: {name: race-$i, annotations: {icr-pull-secrets/regions: us-south}}
		END
		deploy "race-$i" us.icr.io/team/app:1
	done
}

# metric SERIES: its value over all replicas, 0 when there is none.
metric() {
	operator_metrics | awk -v series="$1" 'index($0, series " ") == 1 { value += $NF } END { print value + 0 }'
}

looks_are_few() {
	local looks
	looks=$(metric 'icr_pull_secrets_rescue_looks_total{outcome="done"}')
	echo "looks: $looks, evicted: $(metric 'icr_pull_secrets_rescue_pods_total{outcome="evicted"}')" >&3
	# One for shop, one for each race; an account that comes later may make it two.
	((looks >= 1 && looks <= 2 * races + 2))
}

may_not() {
	expect no "$(kubectl auth can-i "$@" --as "system:serviceaccount:$operator_namespace:icr-pull-secrets" || true)"
}

inside() {
	local key early uid off=()
	key=$(new_key)
	# Nothing else is to help.
	if grep --quiet '^podAdmission:' "$root/charts/icr-pull-secrets/values.yaml"; then
		off=(--set podAdmission=off)
	fi
	check "an image pushed to us.icr.io" "$registry" push team/app:1
	check "the key is valid at the registry" "$registry" key iamapikey "$key"
	check "the operator's image loaded" load_image
	create_operator_namespace >/dev/null
	set_source "$key"
	check "helm install, with rescue" install_operator --wait --set rescue.enabled=true "${off[@]}"
	check "the operator may not delete pods" may_not delete pods --namespace default

	kubectl create namespace shop >/dev/null
	eventually 30 kubectl get serviceaccount --namespace shop default >/dev/null
	deploy shop us.icr.io/team/app:1
	pull_pod shop bare us.icr.io/team/app:1
	eventually 30 deployed shop
	read -r early uid < <(deployed shop)
	check "not opted in: us.icr.io refuses the Deployment's pod" pod_refused shop "$early"
	check "and the bare one" pod_refused shop bare
	kubectl annotate namespace shop icr-pull-secrets/regions=us-south >/dev/null
	check "opted in: the Deployment runs" runs shop
	check "an Event says why its pod went" eventually 10 event_about shop "$early" PodRescued
	check "it was evicted" test "$(deployed shop)" != "$early $uid"
	check "an Event on the bare pod says what to do" eventually 10 event_about shop bare PodNeedsRestart
	check "the bare pod is still there" expect bare \
		"$(kubectl get pod --namespace shop bare --output 'jsonpath={.metadata.name}')"
	kubectl delete pod --namespace shop bare --wait >/dev/null
	pull_pod shop bare us.icr.io/team/app:1
	check "created again it runs" pod_running shop bare

	check "$races times: a namespace that has opted in, and a Deployment in the same moment" race
	check "all of them run in the end" all_run
	check "few looks" looks_are_few
	check "ten pods that don't get their image, for ten reasons" ten_broken_pods
	check "doctor says which, ten times" ten_verdicts
	check "no key in log, Events, metrics and metadata" shows_no_credential "$key"
	check "the operator never restarted" operator_is_confined
	echo "rescue: all passed"
}

in_sandbox "$here/rescue.sh" "$@"
