# shellcheck shell=bash
# Certificates and kubeconfigs. Sourced by init; needs common.sh.
# shellcheck disable=SC2154 # variables of init and common.sh
#
# Elliptic keys: making an RSA key takes longer than all the rest here.

pki_ca() {
	local name=$1 common_name=$2
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$common_name" \
		-addext 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature' \
		-keyout "$pki/$name.key" -out "$pki/$name.crt" 2>>"$logs/openssl.log"
}

# pki_leaf CA NAME SUBJECT [SAN]
pki_leaf() {
	local ca=$1 name=$2 subject=$3 names=${4:-}
	local -a extensions=(
		-addext 'basicConstraints=critical,CA:FALSE'
		-addext 'keyUsage=critical,digitalSignature'
		-addext 'extendedKeyUsage=serverAuth,clientAuth'
	)
	[[ -z $names ]] || extensions+=(-addext "subjectAltName=$names")
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "$subject" \
		-CA "$pki/$ca.crt" -CAkey "$pki/$ca.key" "${extensions[@]}" \
		-keyout "$pki/$name.key" -out "$pki/$name.crt" 2>>"$logs/openssl.log"
}

# kubeconfig USER SERVER FILE: everything inline, so the file works wherever it is.
kubeconfig() {
	local user=$1 server=$2 file=$3
	cat >"$file.partial" <<-END
		apiVersion: v1
		kind: Config
		clusters:
		- name: sandbox
		  cluster:
		    server: $server
		    certificate-authority-data: $(base64 --wrap=0 "$pki/ca.crt")
		users:
		- name: $user
		  user:
		    client-certificate-data: $(base64 --wrap=0 "$pki/$user.crt")
		    client-key-data: $(base64 --wrap=0 "$pki/$user.key")
		contexts:
		- name: sandbox
		  context: {cluster: sandbox, user: $user}
		current-context: sandbox
	END
	mv "$file.partial" "$file"
}

pki_control_plane() {
	local server=https://127.0.0.1:$SANDBOX_API_PORT
	pki_ca ca sandbox-ca
	local names=DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1,IP:$node_address,IP:$service_address
	names+=,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
	pki_leaf ca kube-apiserver /CN=kube-apiserver "$names"
	pki_leaf ca admin /O=system:masters/CN=admin
	pki_leaf ca kube-controller-manager /CN=system:kube-controller-manager
	pki_leaf ca apiserver-kubelet-client /O=system:masters/CN=apiserver-kubelet-client
	openssl ecparam -name prime256v1 -genkey -noout -out "$pki/service-account.key"
	openssl ec -in "$pki/service-account.key" -pubout -out "$pki/service-account.pub" 2>>"$logs/openssl.log"
	kubeconfig admin "$server" "$SANDBOX_DIR/kubeconfig"
	kubeconfig kube-controller-manager "$server" "$pki/kube-controller-manager.kubeconfig"
}

pki_node() {
	local server=https://127.0.0.1:$SANDBOX_API_PORT
	pki_leaf ca kube-scheduler /CN=system:kube-scheduler
	pki_leaf ca kubelet "/O=system:nodes/CN=system:node:$node_name" "DNS:$node_name,IP:$node_address,IP:127.0.0.1"
	kubeconfig kube-scheduler "$server" "$pki/kube-scheduler.kubeconfig"
	kubeconfig kubelet "$server" "$pki/kubelet.kubeconfig"
}
