#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
#
# The commands for people with real clients: docker's code, podman, buildah, skopeo, crane and helm pull
# from the sandbox's registries with the files that `login` wrote, and through the helper.
#
#   run.sh PROGRAM            starts a sandbox with registries and runs the test in it
#   run.sh --inside PROGRAM CLIENTS   runs it in the sandbox that is there; the folder has docker-client and crane
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sandbox=$here/../sandbox
if [[ $1 != --inside ]]; then
	# They are made here, as there is no network in the sandbox.
	made=$(mktemp --directory)
	trap 'rm -rf "$made"' EXIT
	(cd "$here/programs" && "$sandbox/install-tools" --go build -mod=readonly -trimpath -buildvcs=false -o "$made/" \
		./docker-client github.com/google/go-containerregistry/cmd/crane)
	PATH=$("$sandbox/install-tools" helm):$PATH "$sandbox/run" --registry -- \
		"${BASH_SOURCE[0]}" --inside "$(realpath "$1")" "$made"
	exit
fi
program=$(realpath "$2") docker_client=$3/docker-client crane=$3/crane
registry=$sandbox/registry
key=abcdefghijklmnopqrstuvwxyz0123456789
image=us.icr.io/team/app:1 chart=us.icr.io/team/chart

work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
export HOME=$work/home XDG_RUNTIME_DIR=$work/session SSL_CERT_FILE=$SANDBOX_REGISTRY_CA
export ICR_PULL_SECRETS_CA_FILE=$SANDBOX_REGISTRY_CA
unset XDG_CONFIG_HOME DOCKER_CONFIG REGISTRY_AUTH_FILE DOCKER_AUTH_CONFIG IBMCLOUD_API_KEY
mkdir -p "$HOME" "$XDG_RUNTIME_DIR" "$work/bin"
ln -s "$program" "$work/bin/icr-pull-secrets"
ln -s "$program" "$work/bin/docker-credential-icr"
ln -s "$program" "$work/bin/kubectl-icr_pull"
PATH=$work/bin:$PATH
docker=$HOME/.docker/config.json podman=$HOME/.config/containers/auth.json
echo "$key" >"$work/key"

failures=0
step() { echo "== $*"; }
fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}
# expect CODE TEXT COMMAND…: the exit code, and that the output has the text.
expect() {
	local code=$1 text=$2 got=0 output
	shift 2
	output=$("$@" 2>&1) || got=$?
	((got == code)) || fail "$*: exit code $got, not $code: $output"
	[[ $output == *"$text"* ]] || fail "$*: no '$text' in: $output"
	# Whatever it says, it never says the key.
	[[ $output != *"$key"* || $1 == docker-credential-icr ]] || fail "$* shows the key"
}
login() { icr-pull-secrets login --apikey-file "$work/key" "$@"; }
helper() { printf '%s' "$2" | docker-credential-icr "$1"; }
requests() { "$registry" state | jq '.tokenCalls.apikey // 0'; }

# stored PROGRAM COMMAND…: podman and buildah keep what they pull, here in a folder of their own.
stored() {
	local program=$1
	shift
	"$program" --root "$work/storage" --runroot "$work/storage-run" --storage-driver vfs "$@"
}

# everybody_pulls WITH: every client pulls the image, or the chart.
everybody_pulls() {
	local client
	skopeo inspect "docker://$image" >/dev/null || fail "skopeo: $1"
	for client in podman buildah; do
		stored "$client" pull --quiet "$image" >/dev/null || fail "$client: $1"
		stored "$client" rmi --force "$image" >/dev/null || fail "$client: the image was not there: $1"
	done
	[[ $("$docker_client" get us.icr.io) == iam* ]] || fail "docker: $1"
	[[ $(podman login --get-login us.icr.io) == iam* ]] || fail "podman login: $1"
	"$crane" manifest "$image" >/dev/null || fail "crane: $1"
	helm show chart "oci://$chart" --version 1.0.0 >/dev/null || fail "helm: $1"
}

# nobody_pulls WHY: they all need a login, so that everybody_pulls can fail.
nobody_pulls() {
	if skopeo inspect "docker://$image" >/dev/null 2>&1; then fail "skopeo pulls $1"; fi
	if stored podman pull --quiet "$image" >/dev/null 2>&1; then fail "podman pulls $1"; fi
	if stored buildah pull --quiet "$image" >/dev/null 2>&1; then fail "buildah pulls $1"; fi
	if "$crane" manifest "$image" >/dev/null 2>&1; then fail "crane pulls $1"; fi
	if helm show chart "oci://$chart" --version 1.0.0 >/dev/null 2>&1; then fail "helm pulls $1"; fi
}

push_chart() {
	local secret
	mkdir -p "$work/chart"
	printf 'apiVersion: v2\nname: chart\nversion: 1.0.0\n' >"$work/chart/Chart.yaml"
	helm package "$work/chart" --destination "$work" >/dev/null
	secret=$(jq --raw-output 'first(.keys[] | select(.push)).secret' "$SANDBOX_KEYS")
	helm push "$work/chart-1.0.0.tgz" oci://us.icr.io/team --username sandbox-push --password "$secret" >/dev/null 2>&1
}

with_login() {
	step "login: proved, written, used by clients"
	expect 0 'us.icr.io' login
	[[ $(jq '.auths | length' "$docker") == 14 ]] || fail "docker's file: $(jq --compact-output '.auths | keys' "$docker")"
	[[ $(jq --raw-output '.auths["us.icr.io"].auth' "$docker" | base64 --decode) == "iamapikey:$key" ]] || fail "docker's entry"
	cmp --silent "$docker" "$podman" || fail "podman's file is another"
	[[ $(stat --format %a "$docker") == 600 ]] || fail "the file's mode"
	everybody_pulls "with login's file"
	expect 0 unchanged login
	expect 0 '"result": "unchanged"' login -o json --dry-run

	step "logout: exactly ours"
	printf '{\n  "auths": {\n    "quay.io": {"auth": "dTpw", "email": "a@b"}\n  },\n  "psFormat": "x", "detachKeys" : "ctrl-q"\n}\n' >"$docker"
	cp "$docker" "$work/before"
	expect 0 new login --for docker
	skopeo inspect --authfile "$docker" "docker://$image" >/dev/null || fail "skopeo with docker's file"
	expect 0 removed icr-pull-secrets logout
	cmp "$docker" "$work/before" || fail "logout left something"
	rm -f "$podman"
	nobody_pulls "without a login"
	expect 0 'the token ends at' login us.icr.io --token
	everybody_pulls "with a token"
	rm -f "$docker" "$podman"
}

with_refusals() {
	step "a host that is silent, a key that is refused"
	"$registry" fault '{"name": "quiet", "host": "uk\\.icr\\.io", "action": "hang"}'
	local begin=$SECONDS
	expect 3 'uk.icr.io does not answer' login --for docker
	((SECONDS - begin < 9)) || fail "a silent host took $((SECONDS - begin)) s"
	[[ $(jq '.auths | length' "$docker") == 13 ]] || fail "the others were not written"
	"$registry" fault clear
	rm -f "$docker"
	echo "not-$key" >"$work/wrong"
	expect 3 'nothing was changed' icr-pull-secrets login --apikey-file "$work/wrong"
	[[ ! -e $docker ]] || fail "a refused key made a file"
	expect 2 'there is no API key' setsid --wait icr-pull-secrets login </dev/null
}

with_bad_files() {
	step "auth files that make no sense"
	local name
	mkdir -p "$work/bad/folder"
	printf '{"auths": {' >"$work/bad/cut"
	printf '\xef\xbb\xbf{}' >"$work/bad/bom"
	printf '{"auths": {}, "auths": {}}' >"$work/bad/twice"
	truncate --size 50M "$work/bad/large"
	echo '{}' >"$work/bad/read-only"
	chmod 444 "$work/bad/read-only"
	ln -s nowhere/file "$work/bad/dangling"
	for name in cut bom twice large read-only folder dangling; do
		[[ $name == folder || $name == dangling || $name == large ]] || cp --preserve "$work/bad/$name" "$work/copy"
		expect 1 "$name" login us.icr.io --for docker --authfile "$work/bad/$name"
		[[ $name == folder || $name == dangling || $name == large ]] || cmp "$work/bad/$name" "$work/copy" || fail "$name was changed"
	done
	: >"$work/bad/empty"
	expect 0 new login us.icr.io --for docker --authfile "$work/bad/empty"
	expect 3 'line 1, column 12' icr-pull-secrets inspect "$work/bad/cut"
	expect 1 'is larger than' icr-pull-secrets inspect "$work/bad/large"
	expect 2 'is no image name' icr-pull-secrets inspect "$work/bad/empty" --image 'us.icr.io//x'
	expect 0 'iamapikey' kubectl-icr_pull inspect "$work/bad/empty" --image us.icr.io/team/app:1
	expect 0 '"kubelet": [' icr-pull-secrets inspect "$work/bad/empty" --image us.icr.io/team/app:1 -o json
}

with_kills() {
	step "kill -9 in each write, and foreign writers beside"
	local i pid other
	printf '{"auths": {"quay.io": {"auth": "dTpw"}}}' >"$docker"
	for i in $(seq 30); do
		icr-pull-secrets login us.icr.io de.icr.io --for docker --apikey-file "$work/key" >/dev/null 2>&1 &
		pid=$!
		sleep "0.0$((i % 10))$((i / 10))"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		jq --exit-status '.auths["quay.io"].auth == "dTpw"' "$docker" >/dev/null || fail "killed: $(cat "$docker")"
		icr-pull-secrets logout --for docker >/dev/null || fail "logout after a kill"
	done
	for i in $(seq 10); do
		"$docker_client" store "h$i.example" u 1
		login us.icr.io --for docker >/dev/null || fail "login after docker's"
	done
	[[ $(jq '.auths | length' "$docker") == 12 ]] || fail "something was lost: $(jq --compact-output '.auths | keys' "$docker")"
	# docker takes no lock, so that of two that write at the same moment its newest entry may be lost. What was there
	# before stays, the file is whole at each moment, and ours is there in the end or the command says why not.
	"$docker_client" store c.example u 40 &
	other=$!
	for i in $(seq 10); do
		login us.icr.io --for docker >/dev/null 2>"$work/beside" || grep --quiet 'somebody changes it all the time' "$work/beside" ||
			fail "login beside a writer: $(cat "$work/beside")"
		jq --exit-status '.auths["quay.io"].auth == "dTpw"' "$docker" >/dev/null || fail "beside a writer: $(cat "$docker")"
	done
	wait "$other"
	login us.icr.io --for docker >/dev/null
	jq --exit-status '.auths | has("us.icr.io") and has("quay.io") and has("h1.example") and has("h10.example")' "$docker" >/dev/null ||
		fail "something was lost: $(jq --compact-output '.auths | keys' "$docker")"
	[[ -z $(find "$HOME/.docker" -name '.config.json.icr-*') ]] || fail "something was left behind"
	rm -f "$docker"

	step "podman login and logout beside ours"
	for i in $(seq 5); do
		podman login --authfile "$podman" --username iamapikey --password-stdin de.icr.io <"$work/key" >/dev/null || fail "podman login"
		login us.icr.io --for podman >/dev/null || fail "login after podman's"
		jq --exit-status '.auths | keys == ["de.icr.io", "us.icr.io"]' "$podman" >/dev/null || fail "something was lost: $(jq --compact-output '.auths | keys' "$podman")"
		podman logout --authfile "$podman" de.icr.io >/dev/null || fail "podman logout"
		[[ $(podman login --authfile "$podman" --get-login us.icr.io) == iamapikey ]] || fail "podman's logout took ours"
		icr-pull-secrets logout us.icr.io --for podman >/dev/null || fail "logout after podman's"
	done
	rm -f "$podman"
}

with_helper() {
	step "the helper: protocol"
	local begin count before
	expect 1 'Usage: docker-credential-icr <store|get|erase|list|version>' docker-credential-icr
	expect 0 'Usage:' docker-credential-icr --help
	expect 0 'docker-credential-icr (icr-pull-secrets)' docker-credential-icr version
	expect 1 'docker-credential-icr: unknown action: x' docker-credential-icr x
	expect 1 'no credentials server URL' helper get ''
	expect 1 'no credentials server URL' bash -c 'docker-credential-icr get <&-'
	expect 1 'credentials not found in native keychain' helper get docker.io
	expect 1 'credentials not found in native keychain' helper get us.icr.io
	expect 1 'is larger than 1 MiB' docker-credential-icr get </dev/zero
	expect 1 'no host of IBM' helper store '{"ServerURL":"quay.io","Username":"a","Secret":"b"}'
	expect 0 '' helper erase us.icr.io
	expect 0 '{}' helper list unused
	expect 0 '' helper store "{\"ServerURL\":\"https://us.icr.io\",\"Username\":\"iamapikey\",\"Secret\":\"$key\"}"
	expect 0 '{"us.icr.io":"iambearer"}' helper list unused
	expect 0 '"Username":"iambearer"' helper get https://us.icr.io/v2/
	expect 0 '' helper erase us.icr.io
	expect 1 'not found' helper get us.icr.io

	step "the helper: one token for all, also while IAM is down"
	mkdir -p "$HOME/.config/icr-pull-secrets"
	echo "apiKeyFile: $work/key" >"$HOME/.config/icr-pull-secrets/client.yaml"
	rm -f "$HOME/.config/icr-pull-secrets/helper-token.json"
	before=$(requests)
	for count in $(seq 28); do helper get us.icr.io >"$work/get.$count" & done
	wait
	for count in $(seq 28); do grep --quiet '"Username":"iambearer"' "$work/get.$count" || fail "get $count: $(cut -c 1-80 "$work/get.$count")"; done
	[[ $(($(requests) - before)) == 1 ]] || fail "28 at once: $(($(requests) - before)) requests to IAM"
	jq '.obtained -= 3300 | .expires -= 3300' "$HOME/.config/icr-pull-secrets/helper-token.json" >"$work/aged"
	cp "$work/aged" "$HOME/.config/icr-pull-secrets/helper-token.json"
	"$registry" fault '{"name": "down", "path": "/identity/token", "action": "status", "status": 503}'
	expect 0 'goes on with the token it has' helper get us.icr.io
	"$registry" fault clear

	step "the helper: clients"
	expect 0 new icr-pull-secrets helper install --regions us-south,eu-de
	[[ $(jq --raw-output '.credHelpers["us.icr.io"]' "$docker") == icr ]] || fail "docker's file has no helper"
	everybody_pulls "through the helper"
	skopeo inspect --authfile "$docker" "docker://$image" >/dev/null || fail "skopeo through the helper, docker's file"
	[[ $(podman login --get-login us.icr.io) == iambearer ]] || fail "podman through the helper"
	podman logout --all >/dev/null || fail "podman logout --all"
	[[ $("$docker_client" get us.icr.io) == iambearer ]] || fail "docker through the helper"
	[[ $("$docker_client" helper get us.icr.io) == 'us.icr.io iambearer' ]] || fail "docker's client of helpers: get"
	[[ $("$docker_client" helper list x) == *us.icr.io:iambearer* ]] || fail "docker's client of helpers: list"
	"$docker_client" helper erase us.icr.io || fail "docker's client of helpers: erase"
	expect 1 'credentials not found in native keychain' "$docker_client" helper get quay.io
	"$docker_client" store us.icr.io iamapikey 1 || fail "docker login through the helper"
	"$docker_client" erase us.icr.io || fail "docker logout through the helper"
	expect 0 stored login us.icr.io --for docker
	expect 0 removed icr-pull-secrets helper uninstall

	step "how long a login from the cache takes"
	helper get us.icr.io >/dev/null
	begin=$(date +%s%N)
	for count in $(seq 20); do helper get us.icr.io >/dev/null; done
	echo "get: $((($(date +%s%N) - begin) / 20000)) us, printf and pipe included"
	begin=$(date +%s%N)
	for count in $(seq 20); do icr-pull-secrets login --help >/dev/null; done
	echo "--help: $((($(date +%s%N) - begin) / 20000)) us"
}

with_shells() {
	step "completion and the man page"
	icr-pull-secrets completion bash >"$work/completion"
	bash -n "$work/completion" || fail "bash completion"
	# shellcheck source=/dev/null
	. "$work/completion"
	COMP_WORDS=(icr-pull-secrets helper install --fo) COMP_CWORD=3 COMPREPLY=()
	_icr_pull_secrets
	[[ ${COMPREPLY[*]} == --for ]] || fail "completes to: ${COMPREPLY[*]}"
	COMP_WORDS=(icr-pull-secrets status -o '') COMP_CWORD=3 COMPREPLY=()
	_icr_pull_secrets
	[[ ${COMPREPLY[*]} == 'table json' ]] || fail "completes to: ${COMPREPLY[*]}"
	icr-pull-secrets completion zsh | zsh -n || fail "zsh completion"
	icr-pull-secrets completion fish | fish --no-execute || fail "fish completion"
	icr-pull-secrets manual >"$work/manual"
	[[ -z $(groff -man -Tutf8 -ww -z "$work/manual" 2>&1) ]] || fail "the man page: $(groff -man -Tutf8 -ww -z "$work/manual" 2>&1 | head --lines=3)"
}

"$registry" key iamapikey "$key"
"$registry" push team/app:1
push_chart
with_login
with_refusals
with_bad_files
with_kills
with_helper
with_shells
((failures == 0)) || { echo "$failures failures"; exit 1; }
echo "all is well"
