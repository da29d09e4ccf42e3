# shellcheck shell=bash
# Starting and stopping the programs of a sandbox. Needs common.sh and SANDBOX_DIR.
#
# run/NAME.cmd   a script that becomes the program
# run/NAME.pid   the process that was started last
# run/NAME.up    there while the program is meant to run
# logs/NAME.log  what it printed, over all its starts

# component_define NAME COMMAND ARGS…
component_define() {
	local name=$1 file=$SANDBOX_DIR/run/$1.cmd
	shift
	{
		echo '#!/bin/bash'
		# A daemon must not keep the caller's files open.
		echo 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-'
		printf 'exec'
		printf ' %q' "$@"
		echo
	} >"$file"
	chmod 755 "$file"
}

component_defined() { [[ -x $SANDBOX_DIR/run/$1.cmd ]]; }

component_pid() { cat "$SANDBOX_DIR/run/$1.pid" 2>/dev/null; }

component_alive() {
	local pid stat tasks
	read -r pid <"$SANDBOX_DIR/run/$1.pid" || return 1
	# One that has ended but was not collected yet is not alive.
	read -r stat <"/proc/$pid/stat" || return 1
	[[ $stat == *') Z '* ]] || return 0
	# Unless other threads are still on their way out: its sockets are open until they are.
	tasks=("/proc/$pid/task/"*)
	((${#tasks[@]} > 1))
} 2>/dev/null

# A session of its own keeps a Ctrl-C on the terminal from reaching it.
component_start() {
	local name=$1
	if component_alive "$name"; then return 0; fi
	setsid "$SANDBOX_DIR/run/$name.cmd" </dev/null >>"$SANDBOX_DIR/logs/$name.log" 2>&1 &
	echo $! >"$SANDBOX_DIR/run/$name.pid"
	# Else the shell reports it when a test kills it.
	disown
	touch "$SANDBOX_DIR/run/$name.up"
}

component_signal() {
	local name=$1 signal=$2 pid
	rm -f "$SANDBOX_DIR/run/$name.up"
	pid=$(component_pid "$name") || return 0
	kill -s "$signal" "$pid" 2>/dev/null || true
}

component_gone() { ! component_alive "$1"; }

# component_stop NAME [SIGNAL]: a program that does not want to go is killed.
component_stop() {
	local name=$1 signal=${2:-TERM}
	component_signal "$name" "$signal"
	wait_for 15 0.02 component_gone "$name" && return
	complain "$name did not end on SIG$signal, killing it"
	component_signal "$name" KILL
	wait_for 5 0.02 component_gone "$name"
}

# What a person needs who sees a component fail.
component_show_failure() {
	local name=$1 log=$SANDBOX_DIR/logs/$1.log
	complain "---- end of $log"
	tail -n "${SANDBOX_TAIL:-30}" "$log" >&2 || true
	complain "----"
}

# component_wait NAME SECONDS COMMAND…: until the command succeeds; fails at
# once when the program ends.
component_wait() {
	local name=$1 seconds=$2
	shift 2
	# shellcheck disable=SC2317 # wait_for calls it
	component_check() { "$@" || ! component_alive "$name"; }
	if wait_for "$seconds" 0.1 component_check "$@" && component_alive "$name"; then return 0; fi
	if component_alive "$name"; then
		complain "$name is not ready after $seconds s"
	else
		complain "$name has ended"
	fi
	component_show_failure "$name"
	return 1
}

# Shows those that should be running and are not. Fails when there is any.
components_check() {
	local file name fine=0
	for file in "$SANDBOX_DIR"/run/*.up; do
		[[ -e $file ]] || continue
		name=${file##*/} name=${name%.up}
		component_alive "$name" && continue
		complain "$name has ended by itself"
		component_show_failure "$name"
		fine=1
	done
	return "$fine"
}

# ---- the API server --------------------------------------------------------

api_get() {
	curl --silent --fail --output /dev/null --max-time 5 --cacert "$SANDBOX_DIR/pki/ca.crt" \
		--cert "$SANDBOX_DIR/pki/admin.crt" --key "$SANDBOX_DIR/pki/admin.key" \
		"https://127.0.0.1:$SANDBOX_API_PORT$1"
}

api_ready() { api_get /readyz; }

api_wait() { component_wait kube-apiserver "${SANDBOX_START_TIMEOUT:-180}" api_ready; }
