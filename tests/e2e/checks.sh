# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of steps.sh
#
# What the end-to-end tests check with. Sourced after steps.sh. Each check is a line with the time
# it took; the first that fails ends the test.

exec 3>&1 # for what a check wants to be seen although it did not fail

# in_sandbox SCRIPT [--inside]: runs the script's `inside`, in the sandbox that is there or else in a
# new one with a node.
in_sandbox() {
	if [[ ${2:-} == --inside ]]; then
		inside
		return
	fi
	[[ -f $image_archive_file ]] || { echo "no $image_archive_file; run make image first" >&2; exit 1; }
	"$root/tests/sandbox/run" --node -- "$1" --inside
}

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

operator_is_confined() {
	local pod spec pid
	for pod in $(operator_pods); do
		spec=$(kubectl get pod --namespace "$operator_namespace" "$pod" --output json)
		expect 0 "$(jq '.status.containerStatuses[0].restartCount' <<<"$spec")"
		expect true "$(jq '.spec.containers[0].securityContext.readOnlyRootFilesystem' <<<"$spec")"
	done
	for pid in $(pgrep --full '^/icr-pull-secrets run'); do
		expect 65532 "$(stat --format %u "/proc/$pid")"
		expect 0000000000000000 "$(sed --quiet 's/^CapEff:\t//p' "/proc/$pid/status")"
		sed --quiet 's/^VmHWM:/peak memory of a replica:/p' "/proc/$pid/status" >&3
	done
}

# What the operator shows to others: its log, Events, its record, the metadata of its copies.
shown_by_operator() {
	operator_logs &&
		kubectl get events,configmaps,namespaces,serviceaccounts --all-namespaces --output json &&
		kubectl get secrets --all-namespaces --selector app.kubernetes.io/managed-by=icr-pull-secrets \
			--output 'jsonpath={.items[*].metadata}' &&
		operator_metrics
}

operator_metrics() {
	local pod
	for pod in $(operator_pods); do
		kubectl get --raw "/api/v1/namespaces/$operator_namespace/pods/$pod:8080/proxy/metrics"
	done
}

# shows_no_credential CREDENTIAL…: keys, passwords and tokens, in none of the forms they travel in.
shows_no_credential() {
	local one text
	text=$(shown_by_operator)
	for one in "$@"; do
		[[ -n $one && $one != null ]] || { echo "an empty credential proves nothing"; return 1; }
		if grep --quiet --fixed-strings -e "$one" -e "$(printf %s "$one" | base64 --wrap 0)" \
			-e "$(printf 'iamapikey:%s' "$one" | base64 --wrap 0)" \
			-e "$(printf 'iambearer:%s' "$one" | base64 --wrap 0)" <<<"$text"; then
			echo "a credential is in what the operator shows"
			return 1
		fi
	done
	if grep --quiet --extended-regexp 'eyJ[A-Za-z0-9_-]{8,}\.' <<<"$text"; then
		echo "a token is in what the operator shows"
		return 1
	fi
}
