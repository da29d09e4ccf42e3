# shellcheck shell=bash
# Functions for commands that run in a sandbox: . "$SANDBOX_LIB"

sandbox_home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=parts/common.sh
. "$sandbox_home/parts/common.sh"
# shellcheck source=parts/components.sh
. "$sandbox_home/parts/components.sh"

# A progress line with the seconds since the sandbox was started.
sandbox_step() { step "$SANDBOX_STARTED" "$*"; }

# sandbox_api_stop [SIGNAL]: returns when the API server is gone.
sandbox_api_stop() { component_stop kube-apiserver "${1:-TERM}"; }

# Returns when the API server is ready.
sandbox_api_start() {
	component_start kube-apiserver
	api_wait
}
