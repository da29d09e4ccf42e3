# shellcheck shell=bash
# Network, etcd and the Kubernetes control plane. Sourced by init; needs
# common.sh, components.sh, and pki.sh to have run.
# shellcheck disable=SC2154 # variables of init and common.sh

network_up() {
	ip link set lo up
	ip address add "$service_address/32" dev lo
	# Without an address of its own a bridge takes that of one of its ports: another one whenever a
	# pod comes or goes, and the other pods' packets get lost until they notice.
	ip link add "$bridge" address "$bridge_mac" type bridge
	ip address add "$node_address/24" dev "$bridge"
	ip link set "$bridge" up
	# The API server and the kubelet look for the address of the default route.
	ip route add default dev "$bridge" src "$node_address"
	echo 1 >/proc/sys/net/ipv4/ip_forward
	# Stands in for kube-proxy: the one service that pods need is the API server.
	local chain
	for chain in OUTPUT PREROUTING; do
		iptables --table nat --append "$chain" --destination "$service_address" --protocol tcp --dport 443 \
			--jump DNAT --to-destination "$node_address:$SANDBOX_API_PORT"
	done
}

# Registry and IAM names lead into the sandbox, everything else nowhere.
names_up() {
	local region
	echo "$node_name" >/proc/sys/kernel/hostname
	{
		echo "127.0.0.1 localhost"
		echo "::1 localhost ip6-localhost"
		echo "$node_address $node_name"
		echo "$service_address kubernetes.default.svc kubernetes.default.svc.cluster.local"
		echo "$node_address iam.cloud.ibm.com private.iam.cloud.ibm.com icr.io private.icr.io cp.icr.io"
		# A stranger, to see that no credential gets there.
		echo "$node_address evil.example"
		for region in "${icr_regions[@]}"; do
			echo "$node_address $region.icr.io private.$region.icr.io"
		done
	} >"$SANDBOX_DIR/run/hosts"
	# Only a node has a name server there. Without one an unknown name still fails
	# at once instead of after a timeout.
	printf 'nameserver %s\noptions timeout:1 attempts:1\n' "$node_address" >"$SANDBOX_DIR/run/resolv.conf"
	mount --bind "$SANDBOX_DIR/run/hosts" /etc/hosts
	mount --bind "$SANDBOX_DIR/run/resolv.conf" /etc/resolv.conf
}

etcd_define() {
	component_define etcd etcd \
		--name sandbox --data-dir "$state/etcd" --unsafe-no-fsync \
		--listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
		--listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
		--initial-cluster sandbox=http://127.0.0.1:2380 \
		--quota-backend-bytes 4294967296 --log-level warn
}

# Without a grace period for watches a server that is told to end waits a minute
# for its clients' connections.
# SANDBOX_AUDIT=1 keeps a line for each request in logs/audit.log,
# SANDBOX_API_ARGS adds arguments.
api_define() {
	local -a audit=() more=()
	read -r -a more <<<"${SANDBOX_API_ARGS:-}"
	if [[ -n ${SANDBOX_AUDIT:-} ]]; then
		cat >"$SANDBOX_DIR/run/audit.yaml" <<-END
			apiVersion: audit.k8s.io/v1
			kind: Policy
			omitStages: [RequestReceived]
			rules: [{level: Metadata}]
		END
		audit=(--audit-policy-file "$SANDBOX_DIR/run/audit.yaml" --audit-log-path "$logs/audit.log")
	fi
	component_define kube-apiserver kube-apiserver \
		--advertise-address "$node_address" --secure-port "$SANDBOX_API_PORT" \
		--etcd-servers http://127.0.0.1:2379 --cert-dir "$state/kube-apiserver" \
		--tls-cert-file "$pki/kube-apiserver.crt" --tls-private-key-file "$pki/kube-apiserver.key" \
		--client-ca-file "$pki/ca.crt" --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
		--service-account-issuer https://kubernetes.default.svc.cluster.local \
		--service-account-key-file "$pki/service-account.pub" --service-account-signing-key-file "$pki/service-account.key" \
		--service-cluster-ip-range "$service_network" --allow-privileged \
		--shutdown-watch-termination-grace-period 1s \
		--kubelet-certificate-authority "$pki/ca.crt" --kubelet-preferred-address-types InternalIP \
		--kubelet-client-certificate "$pki/apiserver-kubelet-client.crt" --kubelet-client-key "$pki/apiserver-kubelet-client.key" \
		"${audit[@]}" "${more[@]}"
}

# The limits on requests are raised: a benchmark measures the operator, not how
# fast this makes service accounts.
controller_manager_define() {
	component_define kube-controller-manager kube-controller-manager \
		--kubeconfig "$pki/kube-controller-manager.kubeconfig" --leader-elect=false \
		--authentication-tolerate-lookup-failure --bind-address 127.0.0.1 --cert-dir "$state/kube-controller-manager" \
		--root-ca-file "$pki/ca.crt" --service-account-private-key-file "$pki/service-account.key" \
		--service-cluster-ip-range "$service_network" --cluster-cidr "$pod_network" \
		--use-service-account-credentials --concurrent-namespace-syncs 20 --kube-api-qps 1000 --kube-api-burst 2000
}

scheduler_define() {
	component_define kube-scheduler kube-scheduler \
		--kubeconfig "$pki/kube-scheduler.kubeconfig" --leader-elect=false \
		--authentication-tolerate-lookup-failure --bind-address 127.0.0.1 --cert-dir "$state/kube-scheduler"
}

default_account_there() { api_get /api/v1/namespaces/default/serviceaccounts/default; }
