#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
#
# Credentials that live, end to end, on a real node: pods pull with tokens of a trusted profile
# (no key anywhere), with tokens that are refreshed, and with a service ID's key all through its
# rotations.
#
#   credentials.sh            starts a sandbox with a node and runs the test in it
#   credentials.sh --inside   runs it in the sandbox that is there
#
# Needs build/image.tar (make image).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"
# shellcheck source=checks.sh
. "$here/checks.sh"

account=0123456789abcdef0123456789abcdef
service_id=iam-ServiceId-e2e
# The operator gives a token to nobody new in its last 60 seconds: a quarter of a minute is left.
token_seconds=75
verifications=2
lanes=(a b c)
tags_per_lane=40

# ---- what there is at IBM and in the cluster --------------------------------

prepare_iam() {
	"$registry" key iamapikey "$1"
	"$registry" iam account "$account"
	"$registry" iam identity "$service_id" "{\"account\": \"$account\"}"
	"$registry" iam identity iam-ServiceId-manager "{\"account\": \"$account\"}"
	"$registry" iam manager "$2" iam-ServiceId-manager "$account"
	"$registry" iam profile Profile-e2e \
		"{\"account\": \"$account\", \"subjects\": [\"system:serviceaccount:$operator_namespace:icr-pull-secrets\"]}"
	"$registry" set tokenSeconds "$token_seconds"
	# A new key is not known everywhere at once.
	"$registry" set propagationMs 1500
}

push_images() {
	local lane number
	local -a tags=(keyless-1 keyless-2 short-1 short-2 stranger)
	for lane in "${lanes[@]}"; do
		for ((number = 1; number <= tags_per_lane; number++)); do tags+=("$lane-$number"); done
	done
	"$registry" push team/app:first
	"$registry" retag team/app:first "${tags[@]}"
}

# namespace NAME CREDENTIAL
namespace() {
	kubectl create namespace "$1" >/dev/null
	kubectl annotate namespace "$1" icr-pull-secrets/regions=us-south "icr-pull-secrets/credentials=$2" >/dev/null
}

keys_at_iam() { "$registry" state | jq --raw-output "[.keys[] | select(.iamId == \"$service_id\")] | $1"; }

key_states() { keys_at_iam 'map(.state) | sort | join(" ")'; }

states_are() { expect "$1" "$(key_states)"; }

# The status of the registry's token endpoint; the secret is in no argument.
login_status() {
	curl --silent --output /dev/null --write-out '%{http_code}' --cacert "$SANDBOX_REGISTRY_CA" --config - \
		"https://us.icr.io/oauth/token?service=registry&scope=repository:team/app:pull" <<<"user = \"$1:$2\""
}

# count_requests JQ-CONDITION: of the requests that the stand-ins have answered.
count_requests() { "$registry" requests | jq --slurp "[.[] | if type == \"array\" then .[] else . end | select($1)] | length"; }

# ---- pulls all the time -----------------------------------------------------

# One pod after the other, each with a tag of its own.
pull_lane() {
	local lane=$1 number pod
	for ((number = 1; number <= tags_per_lane; number++)); do
		[[ ! -e $work/enough ]] || return 0
		pod=$lane-$number
		pull_pod shop "$pod" "us.icr.io/team/app:$pod"
		if pod_running shop "$pod"; then echo "$pod" >>"$work/pulled"; else echo "$pod" >>"$work/failed"; fi
		kubectl delete pod --namespace shop "$pod" --wait=false >/dev/null
	done
	echo "$lane" >>"$work/used-up"
}

start_pulling() {
	local lane
	: >"$work/pulled"
	: >"$work/failed"
	for lane in "${lanes[@]}"; do pull_lane "$lane" >"$work/lane-$lane" 2>&1 & done
}

pulled() { wc --lines <"$work/pulled"; }
pulled_more_than() { (($(pulled) > $1)); }

stop_pulling() {
	touch "$work/enough"
	wait
}

# A pull that failed at first and was repeated counts as a failure too.
failures() {
	local events
	events=$(kubectl get events --namespace shop --output json |
		jq '[.items[] | select(.reason == "Failed" or .reason == "BackOff" or .reason == "FailedToRetrieveImagePullSecret")] | length')
	echo $((events + $(wc --lines <"$work/failed")))
}

no_pull_failed() {
	expect 0 "$(failures)"
	[[ ! -e $work/used-up ]] || { echo "the tags were used up before the end"; return 1; }
	((rotation_pulls >= 10)) || { echo "only $rotation_pulls pulls"; return 1; }
}

# ---- one rotation -----------------------------------------------------------

# The operator is asked for it; everything but the end is its own doing.
rotation_is_complete() {
	local before=$1 states=$2
	operator_command rotate --credential rotating
	eventually 30 copy_is_newer shop "$before" rotating
	eventually 30 states_are "$states"
	eventually 10 pulled_more_than $(($(pulled) + ${#lanes[@]}))
}

old_key_is_refused() {
	expect 401 "$(login_status iamapikey "$1")"
	expect BXNIM0462E "$(curl --silent --cacert "$SANDBOX_REGISTRY_CA" --data @- https://iam.cloud.ibm.com/identity/token \
		<<<"grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=$1" | jq --raw-output .errorCode)"
	expect 200 "$(login_status iamapikey "$(copy_password shop us.icr.io rotating)")"
}

# ---- the other checks ---------------------------------------------------------

opted_in() {
	eventually 30 settled cloud keyless
	eventually 30 settled hourly short-lived
	eventually 30 settled shop rotating
}

user_is() {
	expect "$1" "$(kubectl get secret --namespace "$2" "icr-$3" --output json |
		jq --raw-output '.data[".dockerconfigjson"] | @base64d | fromjson | .auths["us.icr.io"].username')"
}

pulls_as() {
	pod_running "$1" "$2"
	user_is "$3" "$1" "$4"
}

not_allowed() {
	eventually 30 event_about stranger stranger CredentialNotAllowed
	has_no_copy stranger keyless
	detached stranger keyless
	pull_pod stranger web us.icr.io/team/app:stranger
	pod_refused stranger web
}

refreshed() {
	eventually 60 copy_is_newer hourly "$1" short-lived
	eventually 60 copy_is_newer cloud "$2" keyless
}

# Half of a token's life is the earliest time to fetch the next one. `verify` fetches some of its own.
fetched_when_due() {
	local most=$(((SECONDS - installed) / (token_seconds / 2) + 1)) credential count
	for credential in keyless short-lived; do
		count=$(operator_logs | jq --raw-output --arg name "$credential" \
			'select(.msg == "credential ready" and .credential == $name) | .revision' | wc --lines)
		((count >= 2 && count <= most)) || { echo "$credential: $count tokens; expected 2 to $most"; return 1; }
	done
	count=$(count_requests '.grant == "cr-token"')
	((count <= most + verifications)) || { echo "IAM was asked $count times; expected at most $((most + verifications))"; return 1; }
}

# In the log as people see it; fails when the exit code is another one than CODE.
shown_command() {
	local code=$1 status=0
	shift
	printf '     $ icr-pull-secrets %s\n' "$*" >&3
	operator_command "$@" >"$work/out" 2>"$work/err" || status=$?
	sed 's/^/       /' "$work/out" >&3
	expect "$code" "$status" || { cat "$work/err"; return 1; }
}

status_is_good() {
	shown_command 0 status
	operator_command status --output json >"$work/status.json"
	expect 'keyless 1/1, short-lived 1/1, rotating 1/1' "$(jq --raw-output \
		'[.credentials[] | "\(.name) \(.namespaces.current)/\(.namespaces.wanted)"] | join(", ")' "$work/status.json")"
	expect "$(copy_revision shop rotating)" "$(jq --raw-output '.credentials[2].revision' "$work/status.json")"
}

verify_says() {
	shown_command "$1" verify --image "$2"
	expect "$3" "$(awk 'NR > 1 && $4 == "ok"' "$work/out" | wc --lines)"
}

token_expired() { [[ $(date +%s) -gt $1 ]]; }

pulls_after_expiry() {
	eventually 90 token_expired "$(date --date "$1" +%s)"
	expect 401 "$(login_status iambearer "$2")"
	pull_pod hourly second us.icr.io/team/app:short-2
	pull_pod cloud second us.icr.io/team/app:keyless-2
	pulls_as hourly second iambearer short-lived
	pulls_as cloud second iambearer keyless
}

summary() {
	local tokens
	tokens=$("$registry" state | jq --raw-output '.tokensIssued | to_entries | map("\(.key) \(.value)") | join(", ")')
	cat <<-END

		pulls all through two rotations: $rotation_pulls, failures: $(failures)
		keys of the service ID at IAM: $(key_states)
		tokens that IAM issued: $tokens
		logins at registries: $(count_requests '.path == "/oauth/token" and .status == 200'), refused: $(count_requests '.path == "/oauth/token" and .status >= 400')
	END
}

# ---- all of it --------------------------------------------------------------

inside() {
	local key manager one two short_token keyless_token short_revision keyless_revision expires rotation_pulls installed
	work=$(mktemp --directory "$SANDBOX_DIR/e2e.XXXXXX")
	key=$(new_key)
	manager=$(new_key)
	check "service IDs, a trusted profile and keys are there" prepare_iam "$key" "$manager"
	check "images pushed" push_images
	check "the operator's image loaded" load_image
	create_operator_namespace >/dev/null
	set_source "$key"
	set_source "$manager" icr-manager
	namespace cloud keyless
	namespace hourly short-lived
	namespace shop rotating
	namespace stranger keyless
	installed=$SECONDS
	check "helm install: the operator is ready" install_operator --wait --values "$here/credentials.values.yaml"
	check "copies there and attached" opted_in
	short_token=$(copy_password hourly us.icr.io short-lived)
	keyless_token=$(copy_password cloud us.icr.io keyless)
	short_revision=$(copy_revision hourly short-lived)
	keyless_revision=$(copy_revision cloud keyless)
	expires=$(copy_field hourly .metadata.annotations.icr-pull-secrets/expires-at short-lived)

	pull_pod cloud first us.icr.io/team/app:keyless-1
	pull_pod hourly first us.icr.io/team/app:short-1
	start_pulling
	check "keyless: a pod pulls with a token of the trusted profile" pulls_as cloud first iambearer keyless
	check "short-lived: a pod pulls with an access token" pulls_as hourly first iambearer short-lived
	check "a namespace that may not use a credential: an Event, no Secret" not_allowed

	one=$(copy_password shop us.icr.io rotating)
	check "one key, made by the operator" states_are active
	check "rotation: new key everywhere, old one disabled, pulls go on" \
		rotation_is_complete "$(copy_revision shop rotating)" "active disabled"
	check "the first key is refused, by IAM too" old_key_is_refused "$one"
	two=$(copy_password shop us.icr.io rotating)
	check "another rotation: the key before the last is deleted" \
		rotation_is_complete "$(copy_revision shop rotating)" "active deleted disabled"
	check "the second key is refused, by IAM too" old_key_is_refused "$two"
	stop_pulling
	rotation_pulls=$(pulled)
	check "no pull failed in all that time ($rotation_pulls pulls)" no_pull_failed

	check "tokens are refreshed, in place" refreshed "$short_revision" "$keyless_revision"
	check "status: everything is rolled out, exit code 0" status_is_good
	check "verify: the right to pull, exit code 0" verify_says 0 us.icr.io/team/app:first 7
	check "verify: no such image, exit code 3" verify_says 3 us.icr.io/team/app:missing 4
	check "when the first tokens have expired, pods still pull" pulls_after_expiry "$expires" "$short_token"
	check "tokens were fetched when they were due, and not more often" fetched_when_due
	check "no key and no token in log, Events, metrics and metadata" shows_no_credential "$key" "$manager" "$one" "$two" \
		"$short_token" "$keyless_token" "$(copy_password shop us.icr.io rotating)" \
		"$(copy_password hourly us.icr.io short-lived)" "$(copy_password cloud us.icr.io keyless)"
	check "the operator never restarted" operator_is_confined
	summary
	echo "credentials, end to end: all passed"
}

in_sandbox "$here/credentials.sh" "$@"
