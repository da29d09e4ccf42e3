# shellcheck shell=bash
# Container images made of a folder. Sourced; needs common.sh.

# image_archive OUTPUT NAME:TAG FOLDER ENTRYPOINT [CMD]: a docker-archive with one
# layer. ENTRYPOINT and CMD are JSON lists. The same folder gives the same image.
image_archive() {
	local output=$1 name=$2 folder=$3 entrypoint=$4 cmd=${5:-null} work architecture digest
	work=$(mktemp --directory "${output%/*}/image.XXXXXX")
	architecture=$(uname --machine)
	case $architecture in
	x86_64) architecture=amd64 ;;
	aarch64) architecture=arm64 ;;
	esac
	tar --create --file "$work/layer.tar" --directory "$folder" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner .
	digest=$(sha256sum "$work/layer.tar" | cut --delimiter=' ' --fields=1)
	cat >"$work/config.json" <<-END
		{"architecture": "$architecture", "os": "linux", "created": "1970-01-01T00:00:00Z",
		 "config": {"Entrypoint": $entrypoint, "Cmd": $cmd, "Env": ["PATH=/bin"], "WorkingDir": "/"},
		 "rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]},
		 "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "sandbox"}]}
	END
	printf '[{"Config": "config.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]\n' "$name" >"$work/manifest.json"
	tar --create --file "$output" --directory "$work" manifest.json config.json layer.tar
	rm -r "$work"
}
