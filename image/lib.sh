# shellcheck shell=bash
# What the scripts of the image share. Sourced, never run.
# shellcheck disable=SC2034 # the values are for those who source this

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${ICRPS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/icr-pull-secrets}/containers
started=${IMAGE_STARTED:-$EPOCHREALTIME}
base_name=localhost/debian:bookworm-slim
base_id_file=$cache/base.id

# A line with the time since the first script was started.
say() {
	local ms=$(((${EPOCHREALTIME/[.,]/} - ${started/[.,]/}) / 1000))
	printf 'image: %3d.%d s  %s\n' $((ms / 1000)) $((ms % 1000 / 100)) "$*" >&2
}

die() {
	say "$@"
	exit 1
}

# overlay, where the kernel lets us; vfs copies every layer but works anywhere.
storage_driver() {
	local driver=vfs
	[[ ! -e $cache/driver ]] || { cat "$cache/driver"; return; }
	mkdir -p "$cache/probe"/{lower,upper,work,merged}
	if mount -t overlay overlay -o "lowerdir=$cache/probe/lower,upperdir=$cache/probe/upper,workdir=$cache/probe/work" "$cache/probe/merged" 2>/dev/null; then
		umount "$cache/probe/merged"
		driver=overlay
	fi
	rm -rf "$cache/probe"
	echo "$driver" | tee "$cache/driver"
}

# buildah with storage and settings of our own; those of the machine play no part.
prepare_buildah() {
	mkdir -p "$cache"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$cache/policy.json"
	echo 'unqualified-search-registries = []' >"$cache/registries.conf"
	: >"$cache/containers.conf"
	printf '[storage]\ndriver = "%s"\nrunroot = "%s"\ngraphroot = "%s"\n' \
		"$(storage_driver)" "$cache/run" "$cache/storage" >"$cache/storage.conf"
	export CONTAINERS_STORAGE_CONF=$cache/storage.conf CONTAINERS_CONF=$cache/containers.conf
	export CONTAINERS_REGISTRIES_CONF=$cache/registries.conf BUILDAH_ISOLATION=chroot
	unset STORAGE_DRIVER STORAGE_OPTS BUILDAH_LAYERS
}

# Every 20 seconds, how far a log has come.
report_progress() {
	local now seen=
	local steps='^(\[[0-9]+/[0-9]+\] (Building|Linking)|(\[[0-9]+/[0-9]+\] )?STEP [0-9/]+: [A-Z]+|Get:[0-9]+ |Unpacking [^ ]+|Setting up [^ ]+)'
	while sleep 20 >/dev/null 2>&1 9>&-; do
		now=$(tail --bytes=8192 "$1" | grep --only-matching --extended-regexp "$steps" | tail --lines=1) || continue
		[[ $now == "$seen" ]] || say "  $now"
		seen=$now
	done
}

# logged NAME COMMAND…: runs it with its output in a file, of which the end is shown if it fails.
logged() {
	local log=$cache/$1.log status=0 reporter
	shift
	: >"$log"
	report_progress "$log" 9>&- &
	reporter=$!
	"$@" </dev/null >"$log" 2>&1 || status=$?
	kill "$reporter" 2>/dev/null || true
	wait "$reporter" 2>/dev/null || true
	((status == 0)) || {
		tail --lines=40 "$log" >&2
		die "failed: $*; the whole log: $log"
	}
}
