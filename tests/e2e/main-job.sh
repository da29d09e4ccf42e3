#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
#
# The main job, end to end, on a real node: the operator from its image by its chart, private
# images of two regions, two namespaces, a rotated key, opt-out, uninstall.
#
#   main-job.sh            starts a sandbox with a node and runs the test in it
#   main-job.sh --inside   runs it in the sandbox that is there
#
# Needs build/image.tar (make image). Each line is a check with the time it took; the first that
# fails ends the test.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"

# The command runs with errexit in force, which it would not inside a condition: a function with
# several steps fails at the first that does.
check() {
	local text=$1 start=$EPOCHREALTIME output status ms now
	shift
	set +e
	output=$(set -e; "$@" 2>&1)
	status=$?
	set -e
	if ((status == 0)); then
		now=$EPOCHREALTIME
		ms=$(((${now/[.,]/} - ${start/[.,]/}) / 1000))
		printf 'ok   %3d.%d s  %s\n' $((ms / 1000)) $((ms % 1000 / 100)) "$text"
		return
	fi
	printf 'FAIL          %s\n%s\n' "$text" "$output"
	kubectl get pods,events --all-namespaces || true
	echo '--- the operator:'
	operator_logs 2>&1 | tail -n 40 || true
	exit 1
}

expect() {
	[[ $2 == "$1" ]] || { echo "expected: $1"; echo "got:      $2"; return 1; }
}

push_images() {
	local tag
	for tag in 1 2 3; do "$registry" push "team/app:$tag"; done
}

opted_in() {
	local ns
	for ns in "$@"; do eventually 60 settled "$ns"; done
}

rotated() {
	local ns
	for ns in shop blog; do eventually 60 copy_is_newer "$ns" "$1"; done
}

opted_out() {
	eventually 60 has_no_copy "$1"
	eventually 60 detached "$1"
}

operator_is_confined() {
	local pod spec
	pod=$(operator_pod)
	spec=$(kubectl get pod --namespace "$operator_namespace" "$pod" --output json)
	expect 0 "$(jq '.status.containerStatuses[0].restartCount' <<<"$spec")"
	expect true "$(jq '.spec.containers[0].securityContext.readOnlyRootFilesystem' <<<"$spec")"
	local pid
	pid=$(pgrep --oldest --full '^/icr-pull-secrets run')
	expect 65532 "$(stat --format %u "/proc/$pid")"
	expect 0000000000000000 "$(sed --quiet 's/^CapEff:\t//p' "/proc/$pid/status")"
	sed --quiet 's/^VmHWM:/peak memory of the operator:/p' "/proc/$pid/status" >&3
}

# The account may read its copies and its source, and no other Secret of the cluster.
cannot_read_other_secrets() {
	local token
	kubectl create secret generic private --namespace shop --from-literal=x=y
	token=$(kubectl create token icr-pull-secrets --namespace "$operator_namespace")
	code() {
		curl --silent --output /dev/null --write-out '%{http_code}' --cacert "$SANDBOX_CA" \
			--header "Authorization: Bearer $token" "https://10.244.0.1:6443/api/v1/namespaces/$1/secrets/$2"
	}
	expect 403 "$(code shop private)"
	expect 403 "$(code shop '')"
	expect 200 "$(code shop icr-default)"
	expect 200 "$(code "$operator_namespace" icr-api-key)"
}

no_key_in_logs_and_events() {
	local key text
	text=$(operator_logs; kubectl get events --all-namespaces --output json)
	for key in "$@"; do
		if grep --quiet --fixed-strings -e "$key" -e "$(printf %s "$key" | base64 --wrap 0)" \
			-e "$(printf 'iamapikey:%s' "$key" | base64 --wrap 0)" <<<"$text"; then
			echo "a key is in the operator's log or in an Event"
			return 1
		fi
	done
}

nothing_of_the_release_left() {
	local left
	left=$(kubectl get deployment,configmap,serviceaccount,role,rolebinding --namespace "$operator_namespace" \
		--selector app.kubernetes.io/instance=icr-pull-secrets --output name
	kubectl get clusterrole,clusterrolebinding --selector app.kubernetes.io/instance=icr-pull-secrets --output name)
	expect '' "$left"
}

inside() {
	local first second before uid
	exec 3>&1
	first=$(new_key)
	second=$(new_key)
	check "images pushed to us.icr.io and de.icr.io" push_images
	check "the first key is valid at the registry" "$registry" key iamapikey "$first"
	check "the operator's image loaded" load_image
	kubectl create namespace "$operator_namespace" >/dev/null
	set_source "$first"
	check "helm install: the operator is ready" install_operator --wait
	check "it runs unprivileged, read-only, without restart" operator_is_confined

	kubectl create namespace shop >/dev/null
	kubectl create namespace blog >/dev/null
	kubectl create namespace other >/dev/null
	kubectl annotate namespace shop icr-pull-secrets/regions=us-south,eu-de >/dev/null
	kubectl annotate namespace blog icr-pull-secrets/regions=de.icr.io >/dev/null
	check "copies there and attached" opted_in shop blog
	pull_pod shop us us.icr.io/team/app:1
	pull_pod shop de de.icr.io/team/app:1
	pull_pod blog de de.icr.io/team/app:1
	pull_pod blog us us.icr.io/team/app:1
	pull_pod other us us.icr.io/team/app:1
	check "shop pulls from us.icr.io" pod_running shop us
	check "shop pulls from de.icr.io" pod_running shop de
	check "blog pulls from de.icr.io" pod_running blog de
	check "blog asked for eu-de only: us.icr.io refuses it" pod_refused blog us
	check "other did not opt in: us.icr.io refuses it" pod_refused other us
	check "the operator can't read other Secrets" cannot_read_other_secrets

	before=$(copy_revision shop)
	uid=$(copy_uid shop)
	check "the second key is valid at the registry" "$registry" key iamapikey "$second"
	set_source "$second"
	check "rotation: every copy is updated" rotated "$before"
	check "in place: same UID" expect "$uid" "$(copy_uid shop)"
	check "the first key is disabled" "$registry" key iamapikey "$first" disabled
	pull_pod shop fresh us.icr.io/team/app:2
	check "a fresh image is pulled with the second key" pod_running shop fresh
	check "no key in logs and Events" no_key_in_logs_and_events "$first" "$second"

	kubectl annotate namespace shop icr-pull-secrets/regions- >/dev/null
	check "opt-out: detached and deleted" opted_out shop
	pull_pod shop late us.icr.io/team/app:3
	check "opted out: us.icr.io refuses it" pod_refused shop late
	check "the operator never restarted" operator_is_confined
	check "helm uninstall" helm uninstall icr-pull-secrets --namespace "$operator_namespace" --wait --timeout 60s
	check "nothing of the release is left" nothing_of_the_release_left
	pull_pod blog later de.icr.io/team/app:3
	check "blog's copy outlives the operator and still pulls" pod_running blog later
	echo "end to end: all passed"
}

main() {
	if [[ ${1:-} == --inside ]]; then
		inside
		return
	fi
	[[ -f $image_archive_file ]] || { echo "no $image_archive_file; run make image first" >&2; exit 1; }
	"$root/tests/sandbox/run" --node -- "$here/main-job.sh" --inside
}

main "$@"
