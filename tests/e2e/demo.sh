#!/bin/bash
# `make demo`: the main job, to look at. A cluster with a node and private registries that answer
# as us.icr.io and de.icr.io, with an IAM; the operator from its image by its chart; pods that pull,
# by an API key and by tokens of a trusted profile without any key.
#
# Without CI=1 the cluster stays up until Ctrl-C, reachable with the KUBECONFIG that is printed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"

started=$SECONDS
say() { printf '\n\033[1m%3d s  %s\033[0m\n' $((SECONDS - started)) "$*"; }
# Shows a command as a user would type it, and runs it.
show() {
	printf '       $ %s\n' "$*"
	"$@" | sed 's/^/       /'
}

rows=()
row() { rows+=("$(printf '%-10s %-26s %-14s %s' "$@")"); }

result_table() {
	printf '\n%-10s %-26s %-14s %s\n' NAMESPACE 'ASKED FOR' RESULT DETAIL
	printf '%s\n' "${rows[@]}"
}

inside() {
	local first second before start
	first=$(new_key)
	second=$(new_key)
	say "pushing private images to us.icr.io and de.icr.io (stand-ins that check keys like the real ones)"
	for tag in 1 2; do "$registry" push team/app:$tag; done
	"$registry" key iamapikey "$first"
	"$registry" iam profile Profile-demo \
		"{\"subjects\": [\"system:serviceaccount:$operator_namespace:icr-pull-secrets\"]}"

	say "installing the operator"
	load_image
	create_operator_namespace >/dev/null
	printf '       $ kubectl create namespace %s\n' "$operator_namespace"
	set_source "$first"
	printf '       $ kubectl create secret generic icr-api-key -n %s --from-literal=apikey=…\n' "$operator_namespace"
	printf '       $ helm install icr-pull-secrets charts/icr-pull-secrets -n %s --values …\n' "$operator_namespace"
	install_operator --wait --values "$here/demo.values.yaml" >/dev/null

	say "opting three namespaces in"
	for name in shop blog cloud other; do kubectl create namespace "$name" >/dev/null; done
	show kubectl annotate namespace shop icr-pull-secrets/regions=us-south,eu-de
	show kubectl annotate namespace blog icr-pull-secrets/regions=eu-de
	show kubectl annotate namespace cloud icr-pull-secrets/regions=us-south icr-pull-secrets/credentials=keyless
	eventually 60 settled shop
	eventually 60 settled blog
	eventually 60 settled cloud keyless

	say "pods pull"
	pull_pod shop web-us us.icr.io/team/app:1
	pull_pod shop web-de de.icr.io/team/app:1
	pull_pod blog web-de de.icr.io/team/app:1
	pull_pod cloud web-us us.icr.io/team/app:1
	pull_pod other web-us us.icr.io/team/app:1
	pod_running shop web-us
	row shop us-south,eu-de Running "us.icr.io/team/app:1"
	pod_running shop web-de
	row shop us-south,eu-de Running "de.icr.io/team/app:1"
	pod_running blog web-de
	row blog eu-de Running "de.icr.io/team/app:1"
	pod_running cloud web-us
	row cloud 'us-south, keyless' Running "us.icr.io/team/app:1, by a token of the cluster: no API key"
	pod_refused other web-us
	row other '(not opted in)' "$(waiting_reason other web-us)" "us.icr.io/team/app:1, as it should be"

	say "rotating the key at its source; the old key is disabled at the registry"
	before=$(copy_revision shop)
	"$registry" key iamapikey "$second"
	start=$EPOCHREALTIME
	set_source "$second"
	eventually 60 copy_is_newer shop "$before"
	eventually 60 copy_is_newer blog "$before"
	local now=$EPOCHREALTIME
	"$registry" key iamapikey "$first" disabled
	pull_pod shop fresh us.icr.io/team/app:2
	pod_running shop fresh
	row shop us-south,eu-de 'Running' "us.icr.io/team/app:2, pulled with the rotated key"

	show kubectl get secret --all-namespaces --selector app.kubernetes.io/managed-by=icr-pull-secrets
	show kubectl get pods --all-namespaces
	printf '       $ icr-pull-secrets status\n'
	operator_command status | sed 's/^/       /'
	result_table
	printf '\nRotation reached every namespace %d ms after the new key was applied.\n' \
		$(((${now/[.,]/} - ${start/[.,]/}) / 1000))
	[[ -z ${CI:-} ]] || return 0
	cat <<-END

		The cluster stays up until you press Ctrl-C. From another terminal:

		    export KUBECONFIG=$DEMO_KUBECONFIG
		    $(command -v kubectl) get pods -A
		    $(command -v kubectl) create namespace mine
		    $(command -v kubectl) annotate namespace mine icr-pull-secrets/regions=all
		    $(command -v kubectl) get secret,serviceaccount -n mine
	END
	sleep infinity
}

main() {
	if [[ ${1:-} == --inside ]]; then
		inside
		return
	fi
	[[ -f $image_archive_file ]] || { echo "no $image_archive_file; run make image first" >&2; exit 1; }
	local folder status=0
	folder=$(mktemp --directory "${TMPDIR:-/tmp}/icrps-demo.XXXXXX")
	# shellcheck disable=SC2064 # as it is now
	trap "rm -rf '$folder'" EXIT
	export DEMO_KUBECONFIG=$folder/kubeconfig
	say "starting a cluster: API server, controllers, kubelet, containerd, registries"
	"$root/tests/sandbox/run" --node --expose "$DEMO_KUBECONFIG" -- "$here/demo.sh" --inside || status=$?
	# Ctrl-C is how the demo is left.
	((status == 130 || status == 143)) && [[ -z ${CI:-} ]] && status=0
	exit "$status"
}

main "$@"
