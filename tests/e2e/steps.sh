# shellcheck shell=bash
# What the end-to-end tests and the demo do to a cluster. Sourced by them, inside a sandbox with a
# node; needs kubectl and helm on the PATH.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # for those who source this
registry=$root/tests/sandbox/registry
operator_namespace=icr-pull-secrets
image_archive_file=$root/build/image.tar
image_reference=icr-pull-secrets:dev
chart=$root/charts/icr-pull-secrets # what install_operator installs

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

# set_source KEY [SECRET]: what a user does by hand: the key goes into a Secret of the operator's
# namespace.
set_source() {
	kubectl create secret generic "${2:-icr-api-key}" --namespace "$operator_namespace" \
		--from-literal=apikey="$1" --dry-run=client --output yaml |
		kubectl apply --filename - >/dev/null
}

# The operator's namespace, with the authority that signed the stand-ins of IAM and the registries;
# values.yaml mounts it.
create_operator_namespace() {
	kubectl create namespace "$operator_namespace"
	kubectl create configmap icr-ca --namespace "$operator_namespace" --from-file=ca.crt="$SANDBOX_REGISTRY_CA" >/dev/null
}

# Its own output is of interest only when it fails.
load_image() {
	local output
	output=$("$root/tests/sandbox/ctl" load "$image_archive_file" 2>&1) || { echo "$output"; return 1; }
}

# install_operator HELM-ARGS…
install_operator() {
	helm install icr-pull-secrets "$chart" \
		--namespace "$operator_namespace" --timeout 90s --values "$root/tests/e2e/values.yaml" \
		--set image.repository="${image_reference%:*}" --set image.tag="${image_reference##*:}" \
		--set image.pullPolicy=Never "$@"
}

operator_pods() {
	kubectl get pods --namespace "$operator_namespace" --selector app.kubernetes.io/name=icr-pull-secrets \
		--output 'jsonpath={.items[*].metadata.name}'
}

# operator_command ARGS…: a subcommand of the binary, in one of the operator's pods.
operator_command() {
	kubectl exec --namespace "$operator_namespace" deployment/icr-pull-secrets -- \
		/icr-pull-secrets "$@" --config /etc/icr-pull-secrets/config.yaml
}

# Of all replicas, one after the other.
operator_logs() { kubectl logs --namespace "$operator_namespace" --selector app.kubernetes.io/name=icr-pull-secrets --tail=-1; }

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

# Of a credential's copy in a namespace; the credential is called "default" when none is named.
has_copy() { kubectl get secret --namespace "$1" "icr-${2:-default}" --output name >/dev/null; }
has_no_copy() { ! has_copy "$@" 2>/dev/null; }
copy_field() { kubectl get secret --namespace "$1" "icr-${3:-default}" --output "jsonpath={$2}"; }
copy_revision() { copy_field "$1" .metadata.annotations.icr-pull-secrets/revision "${2:-}"; }
copy_uid() { copy_field "$1" .metadata.uid "${2:-}"; }
# copy_password NAMESPACE HOST CREDENTIAL
copy_password() {
	kubectl get secret --namespace "$1" "icr-$3" --output json |
		jq --raw-output --arg host "$2" '.data[".dockerconfigjson"] | @base64d | fromjson | .auths[$host].password'
}
attached() {
	kubectl get serviceaccount --namespace "$1" default --output 'jsonpath={.imagePullSecrets[*].name}' |
		grep --quiet --word-regexp "icr-${2:-default}"
}
detached() { ! attached "$@"; }

# settled NAMESPACE [CREDENTIAL]: the copy is there and attached, so that new pods get it.
settled() { has_copy "$@" && attached "$@"; }
# copy_is_newer NAMESPACE REVISION [CREDENTIAL]
copy_is_newer() { [[ $(copy_revision "$1" "${3:-}") != "$2" ]]; }

# event_about NAMESPACE OBJECT REASON
event_about() {
	[[ -n $(kubectl get events --namespace "$1" --field-selector "involvedObject.name=$2,reason=$3" --output name) ]] ||
		{ echo "no Event $3 about $2"; return 1; }
}
