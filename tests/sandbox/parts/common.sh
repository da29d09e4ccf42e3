# shellcheck shell=bash
# What the scripts of the sandbox share. Sourced, never run.
# shellcheck disable=SC2034 # the values are for those who source this

# Addresses inside the sandbox. Its network is its own, so they may be fixed.
node_address=10.244.0.1
pod_network=10.244.0.0/24
service_network=10.96.0.0/16
service_address=10.96.0.1 # kubernetes.default.svc
bridge=sandbox0
bridge_mac=02:00:0a:f4:00:01
icr_regions=(us uk de au jp jp2 ca ca2 br es in in2 fr2) # each is HOST.icr.io
node_name=node-1

say() { [[ -n ${SANDBOX_QUIET:-} ]] || printf 'sandbox: %s\n' "$*" >&2; }
complain() { printf 'sandbox: %s\n' "$*" >&2; }
die() { complain "$@"; exit 1; }

# Milliseconds since START, which is one of bash's own $EPOCHREALTIME.
since() {
	local start=${1/[.,]/} now=${EPOCHREALTIME/[.,]/}
	echo $(((now - start) / 1000))
}

# step START TEXT: one line with the time since START.
step() {
	local ms
	ms=$(since "$1")
	say "$(printf '%3d.%d s  %s' $((ms / 1000)) $((ms % 1000 / 100)) "$2")"
}

# wait_for SECONDS PERIOD COMMAND…: until the command succeeds.
wait_for() {
	local limit=$(($1 * 1000)) period=$2 start=$EPOCHREALTIME
	shift 2
	until "$@"; do
		(($(since "$start") < limit)) || return 1
		sleep "$period"
	done
}
