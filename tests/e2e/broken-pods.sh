# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of steps.sh
#
# Ten pods that don't get their image, each for another reason, on a real node; and what `doctor` says
# of each. Sourced after checks.sh; the operator runs, with a good key.

doctor() { "$root/build/icr-pull-secrets" doctor --ca-file "$SANDBOX_REGISTRY_CA" "$@"; }

# verdict NAMESPACE WORD: of the one pod there, as soon as the kubelet has said something.
has_verdict() {
	local said
	said=$(doctor "$1/web" -o json || true)
	expect "$2" "$(jq --raw-output '.results[0].verdict' <<<"$said")" || { echo "$said"; return 1; }
}
verdict() { eventually 40 has_verdict "$1" "$2"; }

# namespace_of NAME [REGIONS]: with its account.
namespace_of() {
	kubectl create namespace "$1" >/dev/null
	eventually 30 kubectl get serviceaccount --namespace "$1" default >/dev/null
	[[ -z ${2:-} ]] || kubectl annotate namespace "$1" "icr-pull-secrets/regions=$2" >/dev/null
}

# broken_pod NAMESPACE IMAGE [PULL-SECRET [ACCOUNT]]
broken_pod() {
	local secrets=''
	[[ -z ${3:-} ]] || secrets="imagePullSecrets: [{name: $3}]"
	kubectl create --filename - >/dev/null <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: web, namespace: $1}
		spec:
		  terminationGracePeriodSeconds: 0
		  serviceAccountName: ${4:-default}
		  $secrets
		  containers:
		  - {name: web, image: "$2", imagePullPolicy: Always}
	END
}

# pull_secret NAMESPACE AUTH: called "mine", for us.icr.io.
pull_secret() {
	kubectl create secret generic mine --namespace "$1" --type kubernetes.io/dockerconfigjson \
		--from-literal=.dockerconfigjson='{"auths":{"us.icr.io":{"auth":"'"$2"'"}}}' >/dev/null
}

ten_broken_pods() {
	local image=us.icr.io/team/app:1 ns
	namespace_of ill-plain
	namespace_of ill-region eu-de
	namespace_of ill-mistake us-sooth
	namespace_of ill-early
	namespace_of ill-broken us-south
	namespace_of ill-refused us-south
	namespace_of ill-missing us-south
	namespace_of ill-list us-south
	namespace_of ill-account us-south
	namespace_of ill-conflict
	kubectl create secret generic icr-default --namespace ill-conflict >/dev/null
	kubectl annotate namespace ill-conflict icr-pull-secrets/regions=us-south >/dev/null
	kubectl create serviceaccount --namespace ill-account builder >/dev/null
	pull_secret ill-broken "$(printf nocolon | base64)"
	pull_secret ill-refused "$(printf iamapikey:no-such-key-anywhere | base64)"
	for ns in ill-missing ill-list ill-account; do eventually 30 settled "$ns"; done

	broken_pod ill-plain "$image"
	broken_pod ill-region "$image"
	broken_pod ill-mistake "$image"
	broken_pod ill-early "$image"
	broken_pod ill-broken "$image" mine
	broken_pod ill-refused "$image" mine
	broken_pod ill-missing us.icr.io/team/no-such-image:1
	broken_pod ill-list "$image" nowhere
	broken_pod ill-account "$image" '' builder
	broken_pod ill-conflict "$image"
	pod_refused ill-early web
	kubectl annotate namespace ill-early icr-pull-secrets/regions=us-south >/dev/null
	eventually 30 settled ill-early
}

ten_verdicts() {
	verdict ill-plain not_opted_in
	verdict ill-region region_not_asked_for
	verdict ill-mistake annotation_mistake
	verdict ill-early pod_too_old
	verdict ill-broken broken_secret
	verdict ill-refused login_refused
	verdict ill-missing image_not_found
	verdict ill-list pod_has_own_list
	verdict ill-account account_not_served
	verdict ill-conflict secret_conflict
}
