#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
#
# Whom the kubelet restarts, end to end, on a real node: an operator of which a worker hangs, and
# one whose process stands still; not one that can't reach IAM and the registries.
#
#   liveness.sh            starts a sandbox with a node and runs the test in it
#   liveness.sh --inside   runs it in the sandbox that is there
#
# Needs build/image.tar (make image).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"
# shellcheck source=checks.sh
. "$here/checks.sh"

# A kubelet that asks more often, so that 3 failures in 6 s are enough; short limits; and a volume in which
# a file makes a worker hang (operator/cli/run/stall.hpp). A container
# that is started again finds the file gone.
install() {
	install_operator --wait --values - <<-END
		config: {liveness: {watch: 10s, queue: 10s, worker: 10s}}
		podAdmission: "off"
		livenessProbe: {periodSeconds: 2}
		extraEnv: [{name: ICRPS_STALL, value: "worker:/stall/now"}]
		extraVolumes: [{name: icr-ca, configMap: {name: icr-ca}}, {name: stall, emptyDir: {}}]
		extraVolumeMounts:
		- {name: icr-ca, mountPath: /etc/icr-ca, readOnly: true}
		- {name: stall, mountPath: /stall}
	END
}

leader() {
	local holder
	holder=$(kubectl get lease icr-pull-secrets --namespace "$operator_namespace" --output 'jsonpath={.spec.holderIdentity}')
	[[ $holder == *_* ]] && echo "${holder%_*}"
}

# process_of POD: a container's host name is its pod's.
process_of() {
	local pid
	for pid in $(pgrep --full '^/icr-pull-secrets run'); do
		if tr '\0' '\n' <"/proc/$pid/environ" | grep --quiet --line-regexp "HOSTNAME=$1"; then
			echo "$pid"
			return
		fi
	done
	echo "no process of $1" >&2
	return 1
}

restarts_of() {
	kubectl get pod --namespace "$operator_namespace" "$1" --output 'jsonpath={.status.containerStatuses[0].restartCount}'
}
restarted() { (($(restarts_of "$1") > 0)); }
nobody_restarted() {
	local pod
	for pod in $(operator_pods); do expect 0 "$(restarts_of "$pod")"; done
}

asked_in_vain() { operator_logs | grep --quiet 'credential not proved'; }

# without_ibm SECONDS KEY: far longer than limits and probes take, with a new key in the source
# that nobody can prove; in the end it has this one again.
without_ibm() {
	"$root/tests/sandbox/ctl" icrfront stop
	set_source "$(new_key)"
	eventually "$1" asked_in_vain
	sleep "$1"
	nobody_restarted
	kubectl wait --namespace "$operator_namespace" --for condition=Ready pods \
		--selector app.kubernetes.io/name=icr-pull-secrets --timeout 1s
	set_source "$2"
	"$root/tests/sandbox/ctl" icrfront start
}

opt_in() {
	kubectl create namespace "$1" >/dev/null
	kubectl annotate namespace "$1" icr-pull-secrets/regions=us-south >/dev/null
}

was_not_live() {
	kubectl logs --namespace "$operator_namespace" "$1" --previous | grep "not live, a new process is needed.*$2" ||
		{ echo "the log of the process before says nothing of it"; return 1; }
}

inside() {
	local key first second
	key=$(new_key)
	"$registry" key iamapikey "$key"
	check "the operator's image loaded" load_image
	create_operator_namespace >/dev/null
	set_source "$key"
	check "helm install, with short limits" install
	opt_in shop
	check "a namespace is served" eventually 30 settled shop
	check "25 s without IAM and registries restart nobody" without_ibm 25 "$key"

	check "one leads" eventually 10 leader
	first=$(leader)
	second=$(operator_pods | tr ' ' '\n' | grep --invert-match "$first")
	touch "/proc/$(process_of "$first")/root/stall/now"
	opt_in late
	kill -STOP "$(process_of "$second")"
	check "a worker of the leader hangs, and the kubelet restarts it" eventually 60 restarted "$first"
	check "its log says why" was_not_live "$first" "worker [0-9]* is stuck"
	check "the other one stands still, and the kubelet restarts it" eventually 60 restarted "$second"
	check "the namespace that was waited for is served" eventually 60 settled late
	check "once is enough" expect "1 1" "$(restarts_of "$first") $(restarts_of "$second")"
	echo "liveness: all passed"
}

in_sandbox "$here/liveness.sh" "$@"
