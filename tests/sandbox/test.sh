#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
# shellcheck disable=SC2016 # texts for eval
#
# Tests the sandbox itself: that the cluster in it is a real one, that its
# registries let in who they should and nobody else, and that nothing of it stays
# behind, however it ends. Needs root; takes about a minute.
#
#   test.sh             everything
#   test.sh NAME…       only some of: node plain killed terminated doubles
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
self=$here/${BASH_SOURCE[0]##*/}
began=$EPOCHREALTIME
# shellcheck source=parts/common.sh
. "$here/parts/common.sh"

# check TEXT COMMAND…: one line with the time it took; the first failure ends the part.
check() {
	local text=$1 start=$EPOCHREALTIME output status=0 ms
	shift
	# In a condition the shell would not stop at the first error in COMMAND.
	set +e
	output=$(set -e; "$@" 2>&1)
	status=$?
	set -e
	if ((status == 0)); then
		ms=$(since "$start")
		printf '%-11s ok    %3d.%d s  %s\n' "$part" $((ms / 1000)) $((ms % 1000 / 100)) "$text"
	else
		printf '%-11s FAIL           %s\n' "$part" "$text"
		printf '    %s\n' "${output//$'\n'/$'\n'    }"
		exit 1
	fi
}

expect() {
	local wanted=$1 got=$2
	[[ $got == "$wanted" ]] || { echo "expected: $wanted"; echo "got:      $got"; return 1; }
}

# ---- in a sandbox with a node ----------------------------------------------

pod() {
	local name=$1 host=$2 secret=${3:-} policy=${4:-IfNotPresent}
	kubectl create --filename - <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $name}
		spec:
		  terminationGracePeriodSeconds: 0
		  imagePullSecrets: [${secret:+{name: $secret\}}]
		  containers:
		  - name: web
		    image: $host/team/app:1
		    imagePullPolicy: $policy
		    readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}
	END
}

pull_secret() {
	kubectl create secret docker-registry "$1" --docker-server "$2" --docker-username iamapikey --docker-password "$3"
}

pod_ready() { kubectl wait --for condition=Ready "pod/$1" --timeout 40s; }

pod_refused() {
	local reason
	for _ in {1..100}; do
		reason=$(kubectl get pod "$1" --output 'jsonpath={.status.containerStatuses[0].state.waiting.reason}')
		[[ $reason != *ImagePull* ]] || return 0
		sleep 0.2
	done
	kubectl describe pod "$1"
	return 1
}

# The refusals must come from the registry, not from a broken sandbox.
refused_because() {
	local events
	events=$(kubectl get events --field-selector "involvedObject.name=$1,reason=Failed" --output 'jsonpath={.items[*].message}')
	[[ $events == *"$2"* ]] || { echo "no '$2' in: $events"; return 1; }
}

no_secret_in_log() {
	grep --quiet '"user":"iamapikey"' "$SANDBOX_LOGS/registry-access.log" || { echo "no use in the log"; return 1; }
	if grep --fixed-strings right-key "$SANDBOX_LOGS/registry-access.log" "$SANDBOX_LOGS/icrfront.log"; then return 1; fi
}

api_restarted() {
	local before after
	before=$("$here/ctl" api pid)
	"$here/ctl" api restart
	after=$("$here/ctl" api pid)
	[[ $before != "$after" ]] || { echo "still process $before"; return 1; }
	kubectl get pod good
}

api_killed() {
	"$here/ctl" api kill
	if kubectl get --raw /readyz; then
		echo "answers after its death"
		return 1
	fi
	"$here/ctl" api start
	kubectl get --raw /readyz
}

recovers_in_place() {
	kubectl create secret docker-registry wrong --docker-server de.icr.io --docker-username iamapikey \
		--docker-password right-key --dry-run=client --output yaml | kubectl apply --server-side --force-conflicts --filename -
	kubectl delete pod wrong --now
	pod wrong de.icr.io wrong
	pod_ready wrong
}

key_disabled() {
	"$here/registry" key iamapikey right-key disabled
	pod late us.icr.io right Always
	pod_refused late
	refused_because late "401 Unauthorized"
}

iam_call() { curl --silent --show-error --cacert "$SANDBOX_REGISTRY_CA" "$@"; }

# keyless SERVICE-ACCOUNT: what IAM says to a token of the cluster.
keyless() {
	iam_call https://iam.cloud.ibm.com/identity/token --data-urlencode profile_id=Profile-test \
		--data-urlencode grant_type=urn:ibm:params:oauth:grant-type:cr-token \
		--data-urlencode "cr_token=$(kubectl create token "$1" --audience "${2:-iam}")"
}

iam_takes_cluster_tokens() {
	local token
	"$here/registry" iam profile Profile-test '{"subjects": ["system:serviceaccount:default:default"]}'
	token=$(keyless default | jq --exit-status --raw-output .access_token)
	iam_call --fail --user "iambearer:$token" "https://us.icr.io/oauth/token?service=registry" | jq --exit-status .token
	expect BXNIM0400E "$(keyless default somebody-else | jq --raw-output .errorCode)"
	kubectl create serviceaccount other
	expect BXNIM0400E "$(keyless other | jq --raw-output .errorCode)"
	"$here/registry" state | jq --exit-status '.tokensIssued["cr-token"] == 1'
}

iam_fails_on_request() {
	"$here/registry" fault '{"name": "busy", "path": "/identity/", "times": 1, "action": "status", "status": 429, "retry_after": "1"}'
	expect 429 "$(iam_call --output /dev/null --write-out '%{http_code}' --data x=y https://private.iam.cloud.ibm.com/identity/token)"
	expect 1 "$("$here/registry" fault count busy)"
	"$here/registry" fault clear busy
	expect 0 "$("$here/registry" fault count busy)"
}

inside_node() {
	part=node
	echo "$SANDBOX_CGROUP" >"$TEST_WORK/cgroup"
	check "image pushed to us.icr.io and de.icr.io" "$here/registry" push team/app:1
	check "key made valid" "$here/registry" key iamapikey right-key
	check "pull secrets written" eval '
		pull_secret right us.icr.io right-key
		pull_secret wrong de.icr.io wrong-key
		pull_secret elsewhere de.icr.io right-key'
	check "pods created" eval '
		pod good us.icr.io right
		pod without us.icr.io
		pod wrong de.icr.io wrong
		pod other-host us.icr.io elsewhere'
	check "pod with the right secret is ready" pod_ready good
	check "pod without a secret is refused" pod_refused without
	check "pod with a wrong key is refused" pod_refused wrong
	check "pod with a secret for another host is refused" pod_refused other-host
	check "the registry refused them" eval '
		refused_because without "authorization failed"
		refused_because wrong "401 Unauthorized"
		refused_because other-host "authorization failed"'
	check "pod logs, exec and the network between pods work" eval '
		kubectl logs good
		expect "hello from team/app:1" "$(kubectl exec good -- wget -q -O - "http://$(kubectl get pod good --output "jsonpath={.status.podIP}"):8080/")"'
	check "pods resolve the registry" eval '
		kubectl exec good -- nslookup us.icr.io | grep "Address.*10.244.0.1$"
		if kubectl exec good -- nslookup example.org; then return 1; fi'
	check "pods reach the API server" eval '
		kubectl exec good -- sh -c "nc -h 2>/dev/null; wget -q -O - http://\$KUBERNETES_SERVICE_HOST:443/ 2>&1 || true" | grep "HTTP request to an HTTPS server\|400 Bad Request"'
	check "pod with a repaired secret runs" recovers_in_place
	check "a disabled key is refused" key_disabled
	check "IAM takes tokens of the cluster's service accounts" iam_takes_cluster_tokens
	check "IAM fails on request" iam_fails_on_request
	check "no credentials in the log" no_secret_in_log
	check "API server restarted" api_restarted
	check "API server killed and started" api_killed
}

# ---- what stays behind -----------------------------------------------------

# Whatever a sandbox starts has the folder of its test in its environment; this
# script has not.
left_processes() {
	local process
	for process in /proc/[0-9]*; do
		grep --quiet --fixed-strings --text "$1" "$process/environ" 2>/dev/null || continue
		tr '\0' ' ' <"$process/cmdline"
		echo
	done
}

left_behind() {
	local folder=$1 group=$2
	left_processes "$folder"
	grep --fixed-strings "$folder" /proc/self/mounts || true
	[[ -z $group ]] || find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -name "$group"
	find "$folder" -mindepth 1 -maxdepth 1 -name 'icrps-*'
}

# The kernel and the janitor may need a moment.
nothing_left() {
	local left=''
	for _ in {1..50}; do
		left=$(left_behind "$@")
		[[ -n $left ]] || return 0
		sleep 0.1
	done
	echo "left behind:"
	echo "$left"
	return 1
}

test_doubles() {
	check "the stand-ins pass their tests" env --chdir "$here/../doubles" "$here/install-tools" --go test ./...
	check "the stand-ins are fine with vet" env --chdir "$here/../doubles" "$here/install-tools" --go vet ./...
}

# ---- the parts -------------------------------------------------------------

# Becomes the sandbox, so that a signal to it reaches that: for subshells only.
run_quietly() { SANDBOX_QUIET=1 TMPDIR=$work exec "$here/run" "$@"; }

test_node() {
	local status=0
	TMPDIR=$work TEST_WORK=$work "$here/run" --node -- "$self" --inside-node || status=$?
	check "the tests in the sandbox passed" expect 0 "$status"
	check "nothing left behind" nothing_left "$work" "$(cat "$work/cgroup")"
}

use_exposed() {
	local kubeconfig=$1 kubectl
	wait_for 180 0.1 test -s "$kubeconfig" || { echo "no $kubeconfig"; return 1; }
	kubectl=$("$here/install-tools" kubectl)/kubectl
	"$kubectl" --kubeconfig "$kubeconfig" create namespace from-outside
}

test_plain() {
	local status=0 first
	run_quietly --expose "$work/kubeconfig" -- bash -c "until kubectl get namespace from-outside; do sleep 0.1; done; exit 7" >/dev/null 2>&1 &
	first=$!
	check "standard input and output are passed on" expect "a line" "$(echo "a line" | run_quietly -- cat)"
	check "API server reachable from outside beside another sandbox" use_exposed "$work/kubeconfig"
	wait "$first" || status=$?
	check "exit code is passed on" expect 7 "$status"
	check "exposed kubeconfig removed" test ! -e "$work/kubeconfig"
	status=0
	(run_quietly -- bash -c '
		set -e
		. "$SANDBOX_LIB"
		sandbox_api_stop KILL
		! kubectl get --raw /readyz
		sandbox_api_start
		echo "again $(kubectl get --raw /readyz)"
		kill -KILL $$') >"$work/output" 2>&1 || status=$?
	check "functions stop and start the API server" grep --line-regexp "again ok" "$work/output"
	check "a killed command is a failure" expect 137 "$status"
	check "nothing left behind" nothing_left "$work" ''
}

# A sandbox with a command that does not end; its process is $sleeper.
start_sleeper() {
	run_quietly --expose "$work/kubeconfig" -- bash -c "touch '$work/up'; sleep 1000" >/dev/null 2>&1 &
	sleeper=$!
	check "sandbox is up" wait_for 180 0.1 test -e "$work/up"
	# Else the check for leftovers would be blind.
	check "leftovers are seen while it runs" test "$(left_processes "$work" | wc -l)" -gt 3
}

test_killed() {
	start_sleeper
	kill -KILL "$sleeper"
	wait "$sleeper" 2>/dev/null || true
	check "nothing left behind after kill -9" nothing_left "$work" ''
}

test_terminated() {
	local status=0
	start_sleeper
	kill -TERM "$sleeper"
	wait "$sleeper" || status=$?
	check "exit code tells of the signal" expect 143 "$status"
	check "nothing left behind after SIGTERM" nothing_left "$work" ''
}

# A sandbox that a failed check has left running ends too.
end_part() {
	local -a left
	mapfile -t left < <(jobs -p)
	((${#left[@]} == 0)) || kill "${left[@]}" 2>/dev/null || true
	wait
	rm -rf "$work"
}

# Each part has a folder of its own, so they may run at the same time.
run_part() {
	part=$1
	work=$(mktemp --directory "${TMPDIR:-/tmp}/icrps-test.XXXXXX")
	trap end_part EXIT
	"test_$part"
}

main() {
	local part failed=0 ms
	local -a parts=("$@") waiting=()
	if [[ ${1:-} == --inside-node ]]; then inside_node; return; fi
	((${#parts[@]} > 0)) || parts=(node plain killed terminated doubles)
	for part in "${parts[@]}"; do
		declare -F "test_$part" >/dev/null || die "no part '$part'"
	done
	# Built first: the times below are of the sandbox alone.
	"$here/install-tools" >/dev/null
	"$here/install-tools" --doubles >/dev/null
	for part in "${parts[@]}"; do
		(run_part "$part") &
		waiting+=($!)
		# Two at a time: each needs about one processor while it starts.
		if ((${#waiting[@]} == 2)); then
			wait "${waiting[0]}" || failed=1
			waiting=("${waiting[1]}")
		fi
	done
	for part in "${waiting[@]}"; do wait "$part" || failed=1; done
	ms=$(since "$began")
	if ((failed)); then
		echo "FAILED after $((ms / 1000)) s"
		exit 1
	fi
	echo "all passed in $((ms / 1000)) s"
}

main "$@"
