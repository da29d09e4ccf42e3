#!/bin/bash
# Tests build/image.tar (see image/build): what is in it, how the binary was linked, and that it
# runs as a pod would run it: read-only root, no capabilities, user 65532, 64 MB. Needs root for
# the containers.
#
#   run.sh [ARCHIVE]
# shellcheck disable=SC2317 # functions that are called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
archive=${1:-$root/build/image.tar}
work=
rootfs=
max_bytes=20000000
max_rss_kb=13500 # before it has talked to a cluster, with 148 authorities; 12,800 here when this was written

# check TEXT COMMAND…: one line with the time it took; the first failure ends the test.
check() {
	local text=$1 start=${EPOCHREALTIME/[.,]/} output status=0 ms
	shift
	# In a condition the shell would not stop at the first error in COMMAND.
	set +e
	output=$(set -e; "$@" 2>&1)
	status=$?
	set -e
	if ((status != 0)); then
		printf 'FAIL           %s\n    %s\n' "$text" "${output//$'\n'/$'\n'    }"
		exit 1
	fi
	ms=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
	printf 'ok  %3d.%d s  %s%s\n' $((ms / 1000)) $((ms % 1000 / 100)) "$text" "${output:+: $output}"
}

fail() {
	printf '%s\n' "$@"
	exit 1
}

expect() {
	[[ $2 == "$1" ]] || fail "expected: $1" "got:      $2"
}

contains() {
	[[ $2 == *"$1"* ]] || fail "expected something with: $1" "got: $2"
}

wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

image_config() { jq --raw-output "$1" "$work/archive/$(jq --raw-output '.[0].Config' "$work/archive/manifest.json")"; }

# --- what is in it

unpack() {
	local layer bytes=0
	mkdir "$work/archive" "$rootfs"
	tar --extract --file "$archive" --directory "$work/archive"
	while read -r layer; do
		tar --extract --file "$work/archive/$layer" --directory "$rootfs" --preserve-permissions --same-owner
		((bytes += $(stat --dereference --format=%s "$work/archive/$layer")))
	done < <(jq --raw-output '.[0].Layers[]' "$work/archive/manifest.json")
	((bytes > 1000000 && bytes < max_bytes)) || fail "$bytes bytes; accepted: less than $max_bytes"
	echo "$((bytes / 1000)) kB, of which the binary $(($(stat --format=%s "$rootfs/icr-pull-secrets") / 1000)) kB"
}

named() {
	expect docker.io/library/icr-pull-secrets:dev "$(jq --raw-output '.[0].RepoTags | join(" ")' "$work/archive/manifest.json" | sed 's/^icr/docker.io\/library\/icr/')"
}

# Type, mode and path of everything but the licenses, which are read-only files of any name.
content() {
	local found
	found=$(find "$rootfs" -mindepth 1 -not -path '*/usr/share/licenses/*' -printf '%y %m %U:%G /%P %l\n' | sort --key=4 | sed 's/ *$//')
	diff --unified=0 --label expected --label found - <(echo "$found") <<-'END' || exit 1
		d 755 0:0 /etc
		f 644 0:0 /etc/group
		f 644 0:0 /etc/nsswitch.conf
		f 644 0:0 /etc/passwd
		d 755 0:0 /etc/ssl
		d 755 0:0 /etc/ssl/certs
		f 644 0:0 /etc/ssl/certs/ca-certificates.crt
		f 755 0:0 /icr-pull-secrets
		d 1777 0:0 /tmp
		d 755 0:0 /usr
		d 755 0:0 /usr/lib
		d 755 0:0 /usr/lib/ssl
		l 777 0:0 /usr/lib/ssl/cert.pem /etc/ssl/certs/ca-certificates.crt
		l 777 0:0 /usr/lib/ssl/certs /etc/ssl/certs
		d 755 0:0 /usr/share
		d 755 0:0 /usr/share/licenses
	END
	found=$(find "$rootfs/usr/share/licenses" -mindepth 1 -not \( -type f -perm 644 -user 0 \))
	expect '' "$found"
}

licenses() {
	local name
	for name in icr-pull-secrets libc6 libc-ares-dev libssl-dev cpprest prometheus-cpp libyaml-cpp-dev; do
		[[ -s $rootfs/usr/share/licenses/$name ]] || fail "no license of $name"
	done
}

files() {
	local count
	count=$(grep --count 'BEGIN CERTIFICATE' "$rootfs/etc/ssl/certs/ca-certificates.crt")
	((count > 100)) || fail "$count certificate authorities"
	grep --quiet '^nonroot:x:65532:65532:' "$rootfs/etc/passwd" || fail "no user 65532"
	grep --quiet '^nonroot:x:65532:' "$rootfs/etc/group" || fail "no group 65532"
	expect 'hosts: files dns' "$(cat "$rootfs/etc/nsswitch.conf")"
	# Where OpenSSL was told to look for certificates.
	grep --quiet --text --fixed-strings /usr/lib/ssl/cert.pem "$rootfs/icr-pull-secrets" || fail "OpenSSL looks elsewhere"
	echo "$count certificate authorities"
}

settings() {
	expect 65532:65532 "$(image_config .config.User)"
	expect '["/icr-pull-secrets"]' "$(image_config '.config.Entrypoint | tojson')"
	expect null "$(image_config '.config.Cmd | tojson')"
	expect null "$(image_config '.config.ExposedPorts | tojson')"
}

label() { image_config ".config.Labels[\"org.opencontainers.image.$1\"]"; }
labels() {
	local version
	version=$(sed --quiet 's/^project(icr-pull-secrets VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
	expect icr-pull-secrets "$(label title)"
	expect Apache-2.0 "$(label licenses)"
	expect "$version" "$(label version)"
	contains 'IBM Cloud Container Registry' "$(label description)"
	[[ $(label revision) =~ ^([0-9a-f]{40}(-dirty)?|unknown)$ ]] || fail "revision: $(label revision)"
	expect '["description","licenses","revision","source","title","version"]' \
		"$(image_config '.config.Labels | keys | map(ltrimstr("org.opencontainers.image.")) | tojson')"
}

# --- how it was linked

static_binary() {
	local headers dynamic
	headers=$(readelf --wide --file-header --program-headers "$rootfs/icr-pull-secrets")
	dynamic=$(readelf --wide --dynamic "$rootfs/icr-pull-secrets")
	[[ $headers != *INTERP* ]] || fail "it wants an interpreter" "$headers"
	[[ $dynamic != *NEEDED* ]] || fail "it wants libraries" "$dynamic"
	[[ $headers =~ Type:\ +DYN ]] || fail "not position independent" "$headers"
	contains PIE "$(grep FLAGS_1 <<<"$dynamic")"
}

hardened() {
	local headers dynamic canaries
	headers=$(readelf --wide --program-headers "$rootfs/icr-pull-secrets")
	dynamic=$(readelf --wide --dynamic "$rootfs/icr-pull-secrets")
	contains GNU_RELRO "$headers"
	contains NOW "$(grep -E 'FLAGS|BIND_NOW' <<<"$dynamic")"
	[[ $(grep GNU_STACK <<<"$headers") =~ RW\ +0x ]] || fail "executable stack" "$headers"
	[[ $headers != *RWE* ]] || fail "a segment that is writable and executable" "$headers"
	grep --quiet --text --fixed-strings 'stack smashing detected' "$rootfs/icr-pull-secrets" || fail "no stack protector"
	grep --quiet --text --fixed-strings 'buffer overflow detected' "$rootfs/icr-pull-secrets" || fail "no fortified calls"
	# glibc and OpenSSL bring some canaries of their own; most are those of C++ code.
	if [[ $(uname --machine) == x86_64 ]]; then
		# mov %fs:0x28,REGISTER, which begins every protected function
		canaries=$(LC_ALL=C grep --only-matching --text --perl-regexp '\x64[\x48\x4c]\x8b.\x25\x28\x00\x00\x00' "$rootfs/icr-pull-secrets" | wc --lines)
		((canaries > min_canaries)) || fail "only $canaries uses of the stack canary"
		echo "$canaries uses of the stack canary"
	fi
}

# --- how it runs

# bundle NAME ARGUMENT…: a container as the chart would have it.
bundle() {
	local bundle=$work/$1
	shift
	mkdir -p "$bundle/etc"
	cp --archive "$rootfs" "$bundle/rootfs"
	printf '127.0.0.1 localhost\n127.0.0.7 api.image.test\n' >"$bundle/hosts"
	printf 'nameserver 127.0.0.53\noptions timeout:1 attempts:1\n' >"$bundle/resolv.conf"
	(cd "$bundle" && runc spec)
	jq --arg bundle "$bundle" '
		.process.terminal = false
		| .process.user = {uid: 65532, gid: 65532}
		| .process.args = $ARGS.positional
		| .process.env = []
		| .process.noNewPrivileges = true
		| .process.capabilities = {}
		| .root = {path: "rootfs", readonly: true}
		| .linux.resources.memory = {limit: 64000000}
		| .mounts |= map(select(.destination != "/sys/fs/cgroup"))
		| .mounts += [["hosts", "/etc/hosts"], ["resolv.conf", "/etc/resolv.conf"], ["etc", "/etc/icr-pull-secrets"]
			| {type: "bind", source: "\($bundle)/\(.[0])", destination: .[1], options: ["bind", "ro"]}]
		' "$bundle/config.json" --args -- /icr-pull-secrets "$@" >"$bundle/new.json"
	mv "$bundle/new.json" "$bundle/config.json"
}

write_configuration() {
	cat >"$work/$1/etc/config.yaml" <<-'END'
		apiVersion: icr-pull-secrets/v1alpha1
		kind: OperatorConfiguration
		credentials:
		- name: default
		  apiKey: {secretRef: {name: icr-api-key, key: apikey}}
	END
	cat >"$work/$1/etc/kubeconfig" <<-END
		apiVersion: v1
		kind: Config
		current-context: here
		clusters:
		- name: here
		  cluster: {server: "https://$2:6443", certificate-authority: ca.crt}
		contexts:
		- name: here
		  context: {cluster: here, user: here, namespace: ops}
		users:
		- name: here
		  user: {token: t0ken}
	END
	cp "$rootfs/etc/ssl/certs/ca-certificates.crt" "$work/$1/etc/ca.crt"
	chmod -R a+rX "$work/$1/etc"
}

container() { runc --root "$work/runc" "$@"; }

# Output and exit code of a container that ends by itself.
run_to_end() {
	local status=0
	timeout 30 runc --root "$work/runc" run --bundle "$work/$1" "icrps-$$-$1" </dev/null >"$work/$1/out" 2>&1 || status=$?
	echo "$status $(cat "$work/$1/out")"
}

container_pid() { container state "icrps-$$-$1" 2>/dev/null | jq --exit-status --raw-output 'select(.status == "running").pid'; }

# run_in_background NAME: returns when /livez answers; sets pid.
run_in_background() {
	timeout 150 runc --root "$work/runc" run --bundle "$work/$1" "icrps-$$-$1" </dev/null >"$work/$1/out" 2>&1 &
	runner=$!
	wait_for 30 container_pid "$1" >/dev/null || fail "didn't start" "$(cat "$work/$1/out")"
	pid=$(container_pid "$1")
	wait_for 30 probe /livez >/dev/null || fail "no answer from /livez" "$(cat "$work/$1/out")"
}

inside() { nsenter --target "$pid" --net "$@"; }
probe() { inside curl --silent --max-time 3 --write-out ' %{http_code}' "http://127.0.0.1:8080$1" | tr '\n' ' '; }

# listen ADDRESS FILE: keeps what anybody sends there; sets listener.
listen() {
	nsenter --target "$pid" --net socat -u "$1" "OPEN:$2,creat,append" >/dev/null 2>&1 &
	listener=$!
}

# stop NAME: asks it to end, expects 0.
stop() {
	local status=0
	container kill "icrps-$$-$1" TERM
	wait "$runner" || status=$?
	expect 0 "$status"
	contains stopped "$(tail -n 1 "$work/$1/out")"
}

prints_version() {
	bundle version version
	expect "0 icr-pull-secrets $(label version) ($(label revision))" "$(run_to_end version)"
	cat "$work/version/out"
}

refuses_configuration() {
	local result
	bundle broken run --config=/etc/icr-pull-secrets/config.yaml --kubeconfig=/etc/icr-pull-secrets/kubeconfig
	write_configuration broken api.image.test
	sed --in-place 's/^kind:.*/kind: Nonsense/' "$work/broken/etc/config.yaml"
	result=$(run_to_end broken)
	[[ $result == "2 "* ]] || fail "exit code: $result"
	contains '/etc/icr-pull-secrets/config.yaml:2:' "$result"
	contains OperatorConfiguration "$result"
}

runs_without_a_server() {
	local rss peak fields
	bundle alone run --config=/etc/icr-pull-secrets/config.yaml --kubeconfig=/etc/icr-pull-secrets/kubeconfig
	write_configuration alone api.image.test
	run_in_background alone
	fields=$(grep -E '^(Uid|Gid|CapEff|CapBnd|NoNewPrivs):' "/proc/$pid/status" | tr -s '\t\n' ' ')
	expect 'Uid: 65532 65532 65532 65532 Gid: 65532 65532 65532 65532 CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 ' "$fields"
	contains 200 "$(probe /livez)"
	contains 503 "$(probe /readyz)"
	contains '# TYPE ' "$(probe /metrics)"
	sleep 2
	rss=$(awk '/^VmRSS/ {print $2}' "/proc/$pid/status")
	peak=$(awk '/^VmHWM/ {print $2}' "/proc/$pid/status")
	((rss < max_rss_kb)) || fail "RSS $rss kB; accepted: less than $max_rss_kb"
	stop alone
	echo "RSS $rss kB, at most $peak kB"
}

# The listener sees a TLS greeting that names the host.
looks_into_hosts() {
	bundle hosts run --config=/etc/icr-pull-secrets/config.yaml --kubeconfig=/etc/icr-pull-secrets/kubeconfig
	write_configuration hosts api.image.test
	run_in_background hosts
	listen TCP-LISTEN:6443,bind=127.0.0.7,reuseaddr,fork "$work/hosts/greeting"
	local seen=0
	wait_for 30 grep --quiet --text --fixed-strings api.image.test "$work/hosts/greeting" 2>/dev/null || seen=1
	kill "$listener"
	((seen == 0)) || fail "nobody connected to the address in /etc/hosts" "$(tail -n 5 "$work/hosts/out")"
	stop hosts
}

# A stand-in for a name server sees the question.
asks_dns() {
	bundle dns run --config=/etc/icr-pull-secrets/config.yaml --kubeconfig=/etc/icr-pull-secrets/kubeconfig
	write_configuration dns elsewhere.image.test
	run_in_background dns
	listen UDP-RECV:53,bind=127.0.0.53 "$work/dns/question"
	local seen=0
	wait_for 30 grep --quiet --text --fixed-strings elsewhere "$work/dns/question" 2>/dev/null || seen=1
	kill "$listener"
	((seen == 0)) || fail "no question to the name server in /etc/resolv.conf" "$(tail -n 5 "$work/dns/out")"
	stop dns
}

clean_up() {
	local name
	for name in version broken alone hosts dns; do
		container delete --force "icrps-$$-$name" 2>/dev/null || true
	done
	rm -rf "$work"
}

main() {
	[[ -f $archive ]] || { echo "no $archive; image/build makes it" >&2; exit 1; }
	((EUID == 0)) || { echo "run as root: the test starts containers" >&2; exit 1; }
	"$root/tests/sandbox/install-packages"
	command -v readelf >/dev/null || { echo "this needs binutils" >&2; exit 1; }
	work=$(mktemp --directory)
	rootfs=$work/rootfs
	chmod 755 "$work"
	trap clean_up EXIT

	check "it is small" unpack
	check "it is called icr-pull-secrets:dev" named
	check "it holds these files and no others, one of them executable" content
	check "the licenses of what is linked in are there" licenses
	check "certificates, user and name resolution are in their places" files
	check "user, entrypoint and nothing else are set" settings
	check "it is labelled" labels
	check "the binary is static and position independent" static_binary
	check "the binary is hardened" hardened
	check "version prints what the labels say" prints_version
	check "run refuses a wrong configuration, exit code 2" refuses_configuration
	check "run without a reachable API server lives, isn't ready, and ends on SIGTERM with 0" runs_without_a_server
	check "names are looked up in /etc/hosts" looks_into_hosts
	check "names are asked of the name server" asks_dns
}

min_canaries=2000
main
