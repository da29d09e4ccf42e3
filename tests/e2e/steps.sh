# shellcheck shell=bash
# What the end-to-end test and the demo do to a cluster. Sourced by both, inside a sandbox with a
# node; needs kubectl and helm on the PATH.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # for those who source this
registry=$root/tests/sandbox/registry
operator_namespace=icr-pull-secrets
image_archive_file=$root/build/image.tar
image_reference=icr-pull-secrets:dev

# eventually SECONDS COMMAND…: until it succeeds; its last output when it never does.
eventually() {
	local limit=$1 output='' deadline
	shift
	deadline=$((SECONDS + limit))
	until output=$("$@" 2>&1); do
		((SECONDS < deadline)) || { echo "not within $limit s: $*"; echo "$output"; return 1; }
		sleep 0.1
	done
}

new_key() { openssl rand -base64 33 | tr '+/' '-_'; } # 44 characters, like IBM Cloud's

# What a user does by hand: the key goes into a Secret of the operator's namespace.
set_source() {
	kubectl create secret generic icr-api-key --namespace "$operator_namespace" \
		--from-literal=apikey="$1" --dry-run=client --output yaml |
		kubectl apply --filename - >/dev/null
}

# Its own output is of interest only when it fails.
load_image() {
	local output
	output=$("$root/tests/sandbox/ctl" load "$image_archive_file" 2>&1) || { echo "$output"; return 1; }
}

# install_operator HELM-ARGS…
install_operator() {
	helm install icr-pull-secrets "$root/charts/icr-pull-secrets" \
		--namespace "$operator_namespace" --timeout 90s \
		--set image.repository="${image_reference%:*}" --set image.tag="${image_reference##*:}" \
		--set image.pullPolicy=Never "$@"
}

operator_pod() {
	kubectl get pods --namespace "$operator_namespace" --selector app.kubernetes.io/name=icr-pull-secrets \
		--output 'jsonpath={.items[0].metadata.name}'
}

operator_logs() { kubectl logs --namespace "$operator_namespace" deployment/icr-pull-secrets; }

# pull_pod NAMESPACE NAME IMAGE: a pod that must pull, whatever the node has already.
pull_pod() {
	kubectl create --filename - >/dev/null <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $2, namespace: $1}
		spec:
		  terminationGracePeriodSeconds: 0
		  containers:
		  - {name: web, image: "$3", imagePullPolicy: Always}
	END
}

pod_running() { kubectl wait --namespace "$1" --for condition=Ready "pod/$2" --timeout 60s >/dev/null; }

waiting_reason() {
	kubectl get pod --namespace "$1" "$2" --output 'jsonpath={.status.containerStatuses[0].state.waiting.reason}'
}

# By the registry, not by a broken network.
refused_now() {
	[[ $(waiting_reason "$1" "$2") == *ImagePull* ]] &&
		kubectl get events --namespace "$1" --field-selector "involvedObject.name=$2" \
			--output 'jsonpath={.items[*].message}' |
		grep --quiet 'authorization failed\|401 Unauthorized\|403 Forbidden'
}
pod_refused() { eventually 40 refused_now "$1" "$2"; }

has_copy() { kubectl get secret --namespace "$1" icr-default --output name >/dev/null; }
has_no_copy() { ! has_copy "$1" 2>/dev/null; }
copy_revision() {
	kubectl get secret --namespace "$1" icr-default \
		--output 'jsonpath={.metadata.annotations.icr-pull-secrets/revision}'
}
copy_uid() { kubectl get secret --namespace "$1" icr-default --output 'jsonpath={.metadata.uid}'; }
attached() {
	kubectl get serviceaccount --namespace "$1" default --output 'jsonpath={.imagePullSecrets[*].name}' |
		grep --quiet --word-regexp icr-default
}
detached() { ! attached "$1"; }

# settled NAMESPACE: the copy is there and attached, so that new pods get it.
settled() { has_copy "$1" && attached "$1"; }
copy_is_newer() { [[ $(copy_revision "$1") != "$2" ]]; }
