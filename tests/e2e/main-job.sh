#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
#
# The main job, end to end, on a real node: the operator from its image by its chart, private
# images of two regions, two namespaces, a wrong key, a rotated key, opt-out, uninstall.
#
#   main-job.sh            starts a sandbox with a node and runs the test in it
#   main-job.sh --inside   runs it in the sandbox that is there
#
# Needs build/image.tar (make image).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"
# shellcheck source=checks.sh
. "$here/checks.sh"

push_images() {
	local tag
	for tag in 1 2 3 4; do "$registry" push "team/app:$tag"; done
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

# A key that IAM does not know: told in an Event, and nothing else happens.
wrong_key_is_refused() {
	local revision
	revision=$(copy_revision shop)
	set_source "$1"
	eventually 30 event_about "$operator_namespace" icr-api-key SourceRefused
	expect "$revision" "$(copy_revision shop)"
	expect "$revision" "$(copy_revision blog)"
}

helm_test_left_nothing() { ! kubectl get namespaces --output name | grep --quiet icr-pull-secrets-test; }

nothing_of_the_release_left() {
	local left
	left=$(kubectl get deployment,poddisruptionbudget,configmap,serviceaccount,role,rolebinding,job,networkpolicy --namespace "$operator_namespace" \
		--selector app.kubernetes.io/instance=icr-pull-secrets --output name
	kubectl get clusterrole,clusterrolebinding,mutatingadmissionpolicy,mutatingadmissionpolicybinding --selector app.kubernetes.io/instance=icr-pull-secrets --output name)
	expect '' "$left"
}

# What the operator wrote, wherever; and whatever judges what others write.
nothing_of_ours_left() {
	expect '' "$(kubectl get secrets --all-namespaces --selector app.kubernetes.io/managed-by=icr-pull-secrets --output name)"
	expect '' "$(kubectl get secrets --all-namespaces --selector icr-pull-secrets/credential --output name)"
	expect '' "$(kubectl get serviceaccounts --all-namespaces --output json |
		jq --raw-output '.items[] | select(any(.imagePullSecrets[]?; .name | startswith("icr-"))) | .metadata.namespace')"
	expect '' "$(kubectl get configmap icr-pull-secrets-status --namespace "$operator_namespace" --ignore-not-found --output name)"
	expect '' "$(kubectl get lease --namespace "$operator_namespace" --output name)"
	expect '' "$(kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings --output name)"
	# A server without them is clean.
	expect '' "$(kubectl get mutatingadmissionpolicies,mutatingadmissionpolicybindings --output name 2>/dev/null || true)"
}

inside() {
	local first second wrong before uid
	first=$(new_key)
	second=$(new_key)
	wrong=$(new_key)
	check "images pushed to us.icr.io and de.icr.io" push_images
	check "the first key is valid at the registry" "$registry" key iamapikey "$first"
	check "the operator's image loaded" load_image
	create_operator_namespace >/dev/null
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
	check "a wrong key at the source: an Event, and no namespace gets it" wrong_key_is_refused "$wrong"
	pull_pod shop meanwhile us.icr.io/team/app:2
	check "meanwhile pods still pull" pod_running shop meanwhile
	check "the second key is valid at the registry" "$registry" key iamapikey "$second"
	set_source "$second"
	check "rotation: every copy is updated" rotated "$before"
	check "in place: same UID" expect "$uid" "$(copy_uid shop)"
	check "the first key is disabled" "$registry" key iamapikey "$first" disabled
	pull_pod shop fresh us.icr.io/team/app:3
	check "a fresh image is pulled with the second key" pod_running shop fresh
	check "helm test: a namespace that did not exist gets its pull secret" \
		helm test icr-pull-secrets --namespace "$operator_namespace" --timeout 120s
	check "helm test leaves nothing" eventually 60 helm_test_left_nothing
	check "no key in log, Events, metrics and metadata" shows_no_credential "$first" "$second" "$wrong"

	kubectl annotate namespace shop icr-pull-secrets/regions- >/dev/null
	check "opt-out: detached and deleted" opted_out shop
	pull_pod shop late us.icr.io/team/app:4
	check "opted out: us.icr.io refuses it" pod_refused shop late
	check "the operator never restarted" operator_is_confined
	check "helm uninstall: the hook cleans up" helm uninstall icr-pull-secrets --namespace "$operator_namespace" --wait --timeout 120s
	check "nothing of the release is left, nor of the hook" nothing_of_the_release_left
	check "no Secret, reference, Lease, record or policy of ours is left" nothing_of_ours_left
	check "a pod that ran goes on running" pod_running blog de
	pull_pod blog later de.icr.io/team/app:4
	check "blog's copy is gone: de.icr.io refuses it" pod_refused blog later
	echo "end to end: all passed"
}

in_sandbox "$here/main-job.sh" "$@"
