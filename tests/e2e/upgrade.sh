#!/bin/bash
#
# helm upgrade from the chart of an earlier commit to this one, on a real node: the operator
# restarts with what is new, and not one Secret or service account is written.
#
#   upgrade.sh            starts a sandbox with a node and runs the test in it
#   upgrade.sh --inside   runs it in the sandbox that is there
#
# BASE=COMMIT names the earlier commit; without it, it is the one before this one.
# Needs build/image.tar (make image).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"
# shellcheck source=checks.sh
. "$here/checks.sh"

namespaces=20

# The first commit of a history has none before it, and a clone may have no more than one.
base_commit() {
	git -C "$root" rev-parse --verify --quiet "${BASE:-HEAD~1}^{commit}" || git -C "$root" rev-parse HEAD
}

earlier_chart() { # earlier_chart COMMIT DIR
	git -C "$root" archive "$1" charts/icr-pull-secrets | tar --extract --directory "$2"
}

# Of everything that the operator may write in namespaces: an unchanged version is no write.
versions() {
	local ns
	for ns in $(seq --format 'team-%g' "$namespaces"); do
		kubectl get secrets,serviceaccounts --namespace "$ns" --output \
			'jsonpath={range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name} {.metadata.resourceVersion}{"\n"}{end}'
	done
}

all_settled() {
	local ns
	for ns in $(seq --format 'team-%g' "$namespaces"); do settled "$ns" || return 1; done
}

opt_in() { # opt_in NAMESPACE
	kubectl create --filename - >/dev/null <<-END
		apiVersion: v1
		kind: Namespace
		metadata: {name: $1, annotations: {icr-pull-secrets/regions: "us-south,eu-de"}}
	END
}

upgrade_operator() {
	helm upgrade icr-pull-secrets "$root/charts/icr-pull-secrets" --reset-then-reuse-values \
		--namespace "$operator_namespace" --timeout 90s --wait
	kubectl rollout restart --namespace "$operator_namespace" deployment/icr-pull-secrets
	kubectl rollout status --namespace "$operator_namespace" deployment/icr-pull-secrets --timeout 90s
}

inside() {
	local key base chart before ns
	key=$(new_key)
	base=$(base_commit)
	chart=$(mktemp --directory)
	earlier_chart "$base" "$chart"
	"$registry" key iamapikey "$key"
	check "the operator's image loaded" load_image
	create_operator_namespace >/dev/null
	set_source "$key"
	chart=$chart/charts/icr-pull-secrets
	check "helm install of the chart of $(git -C "$root" log -1 --format=%h "$base")" install_operator --wait
	for ns in $(seq --format 'team-%g' "$namespaces"); do opt_in "$ns"; done
	check "copies there and attached in $namespaces namespaces" eventually 60 all_settled
	before=$(versions)
	chart=$root/charts/icr-pull-secrets
	check "helm upgrade to this chart, and a restart of the operator" upgrade_operator
	# What a start would write comes before what it does for a newcomer.
	opt_in newcomer
	check "the upgraded operator serves a new namespace" eventually 60 settled newcomer
	check "no Secret and no service account was written" expect "$before" "$(versions)"
	check "the operator runs without a restart of its own" operator_is_confined
	echo "end to end: upgrade passed"
}

in_sandbox "$here/upgrade.sh" "$@"
