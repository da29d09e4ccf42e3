# shellcheck shell=bash
# A node that runs pods: containerd, kubelet, scheduler. Sourced by init; needs
# common.sh, components.sh, pki.sh and images.sh.
# shellcheck disable=SC2154 # variables of init and common.sh

containerd_socket=/run/containerd/containerd.sock # the shims expect this folder
pause_image=localhost/pause:sandbox

# Paths that programs of the node insist on are replaced by empty ones; what
# they leave there is gone with the sandbox.
node_hide_host() {
	mkdir -p "$state"/{run,var-lib-upper,var-lib-work,var-log}
	mount --bind "$state/run" /run
	mount --bind "$state/var-log" /var/log
	mount -t overlay -o "lowerdir=/var/lib,upperdir=$state/var-lib-upper,workdir=$state/var-lib-work" overlay /var/lib
}

# kubelet makes its groups below one that must be there, with all controllers.
node_control_groups() {
	local tree controller
	if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
		for controller in cpuset cpu io memory hugetlb pids; do
			echo "+$controller" 2>/dev/null >/sys/fs/cgroup/cgroup.subtree_control || true
		done
		for controller in cpu memory pids; do
			grep --quiet --word-regexp "$controller" /sys/fs/cgroup/cgroup.subtree_control ||
				die "the control group tree does not hand out '$controller'; in a container, its processes must leave the root group first"
		done
		mkdir "/sys/fs/cgroup/$SANDBOX_CGROUP"
		return
	fi
	for tree in /sys/fs/cgroup/*/; do
		# cpu and cpuacct may be one tree with two names.
		[[ -L ${tree%/} ]] || mkdir "$tree$SANDBOX_CGROUP"
	done
	# A cpuset group without processors and memory accepts no process.
	tree=/sys/fs/cgroup/cpuset
	if [[ -d $tree/$SANDBOX_CGROUP ]]; then
		cat "$tree/cpuset.cpus" >"$tree/$SANDBOX_CGROUP/cpuset.cpus"
		cat "$tree/cpuset.mems" >"$tree/$SANDBOX_CGROUP/cpuset.mems"
	fi
}

node_network_plugins() {
	mkdir -p "$state/cni"
	cat >"$state/cni/10-sandbox.conflist" <<-END
		{
		  "cniVersion": "0.4.0",
		  "name": "sandbox",
		  "plugins": [{
		    "type": "bridge", "bridge": "$bridge", "isGateway": true, "hairpinMode": true,
		    "ipam": {
		      "type": "host-local", "dataDir": "/run/cni",
		      "ranges": [[{"subnet": "$pod_network", "gateway": "$node_address"}]],
		      "routes": [{"dst": "0.0.0.0/0"}]
		    }
		  }]
		}
	END
}

# Overlays need a file system that can carry them; else layers are copied.
node_snapshotter() {
	local test=$state/overlay-test
	mkdir -p "$test"/{lower,upper,work,merged}
	if mount -t overlay -o "lowerdir=$test/lower,upperdir=$test/upper,workdir=$test/work" overlay "$test/merged" 2>/dev/null; then
		umount "$test/merged"
		echo overlayfs
	else
		echo native
	fi
}

containerd_define() {
	cat >"$state/containerd.toml" <<-END
		version = 3
		root = "$state/containerd"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.nri.v1.nri"]
		[grpc]
		  address = "$containerd_socket"
		[plugins."io.containerd.internal.v1.opt"]
		  path = "$state/opt"
		[plugins."io.containerd.cri.v1.images"]
		  snapshotter = "$(node_snapshotter)"
		  [plugins."io.containerd.cri.v1.images".pinned_images]
		    sandbox = "$pause_image"
		  [plugins."io.containerd.cri.v1.images".registry]
		    config_path = "$state/certs.d"
		[plugins."io.containerd.cri.v1.runtime"]
		  # A machine without CAP_SYS_RESOURCE may not lower the score.
		  restrict_oom_score_adj = true
		  disable_apparmor = true
		  [plugins."io.containerd.cri.v1.runtime".cni]
		    bin_dirs = ["/usr/lib/cni"]
		    conf_dir = "$state/cni"
		  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
		    runtime_type = "io.containerd.runc.v2"
		    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
		      SystemdCgroup = false
	END
	# All registries are the stand-in.
	mkdir -p "$state/certs.d/_default"
	echo "ca = \"$pki/registry-ca.crt\"" >"$state/certs.d/_default/hosts.toml"
	component_define containerd containerd --config "$state/containerd.toml" --log-level info
}

kubelet_define() {
	cat >"$state/kubelet.yaml" <<-END
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		authentication:
		  anonymous: {enabled: false}
		  webhook: {enabled: true}
		  x509: {clientCAFile: $pki/ca.crt}
		authorization: {mode: Webhook}
		tlsCertFile: $pki/kubelet.crt
		tlsPrivateKeyFile: $pki/kubelet.key
		containerRuntimeEndpoint: unix://$containerd_socket
		cgroupDriver: cgroupfs
		cgroupRoot: /$SANDBOX_CGROUP
		failCgroupV1: false
		failSwapOn: false
		enforceNodeAllocatable: []
		localStorageCapacityIsolation: false
		# A full disk of the machine is not the business of a test.
		evictionHard: {memory.available: 0%, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0%, imagefs.inodesFree: 0%}
		imageGCHighThresholdPercent: 100
		imageGCLowThresholdPercent: 99
		clusterDNS: ["$node_address"]
		clusterDomain: cluster.local
		resolvConf: $SANDBOX_DIR/run/resolv.conf
		podLogsDir: $logs/pods
		volumePluginDir: $state/kubelet/volume-plugins
		serializeImagePulls: false
		registryPullQPS: 0
		eventRecordQPS: 0
		nodeStatusUpdateFrequency: 2s
		shutdownGracePeriod: 0s
	END
	component_define kubelet kubelet \
		--config "$state/kubelet.yaml" --root-dir "$state/kubelet" --cert-dir "$state/kubelet/pki" \
		--kubeconfig "$pki/kubelet.kubeconfig" --hostname-override "$node_name" --node-ip "$node_address" --v 2
}

node_prepare() {
	node_hide_host
	node_control_groups
	node_network_plugins
	containerd_define
	component_start containerd
	# Pods resolve names as the machine in the sandbox does.
	component_define names names -listen "$node_address:53" -hosts "$SANDBOX_DIR/run/hosts"
	kubelet_define
	scheduler_define
}

containerd_ready() { ctr --address "$containerd_socket" --namespace k8s.io version >/dev/null 2>&1; }

node_import_pause() {
	local work=$state/pause
	mkdir -p "$work/root"
	cp "$(command -v pause)" "$work/root/pause"
	image_archive "$work/image.tar" "$pause_image" "$work/root" '["/pause"]'
	component_wait containerd 30 containerd_ready
	ctr --address "$containerd_socket" --namespace k8s.io images import "$work/image.tar" >"$logs/import.log" 2>&1 || {
		complain "importing the pause image failed: $(cat "$logs/import.log")"
		return 1
	}
}

# Called when the API server answers: a kubelet that has to retry its
# registration waits longer each time.
node_start() {
	component_start names
	component_start kubelet
	component_start kube-scheduler
}

node_ready() {
	kubectl --kubeconfig "$SANDBOX_DIR/kubeconfig" get node "$node_name" \
		--output 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.spec.taints}' 2>/dev/null | grep --quiet '^True $'
}

node_wait() {
	component_wait kubelet "${SANDBOX_START_TIMEOUT:-180}" node_ready || { component_show_failure containerd; exit 1; }
	step "$start" "node '$node_name' ready"
}
