# The cluster's certificate authority, what it signed, and the administrator's kubeconfig.

certificates() {
  if [ -f "$KUBECONFIG" ]; then return; fi
  mkdir -p "$pki"
  (
    cd "$pki" || exit
    new_key ca -x509 -days 3650 -subj /CN=socialplatform-e2e -out ca.crt
    issue apiserver /CN=kube-apiserver "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$node_ip,IP:$kubernetes_ip"
    issue kubelet /O=system:nodes/CN=system:node:node "DNS:node,IP:$node_ip"
    issue admin /O=system:masters/CN=admin DNS:admin
    openssl genrsa -out sa.key 2048 2>/dev/null
    openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
  )
  cat >"$KUBECONFIG.new" <<Y
apiVersion: v1
kind: Config
current-context: socialplatform-e2e
clusters: [{name: socialplatform-e2e, cluster: {server: "https://127.0.0.1:$api_port", certificate-authority: $pki/ca.crt}}]
users: [{name: admin, user: {client-certificate: $pki/admin.crt, client-key: $pki/admin.key}}]
contexts: [{name: socialplatform-e2e, context: {cluster: socialplatform-e2e, user: admin}}]
Y
  chmod 600 "$KUBECONFIG.new"
  mv "$KUBECONFIG.new" "$KUBECONFIG"
}

# new_key NAME ARGUMENTS-OF-openssl-req…
new_key() {
  local name=$1
  shift
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$name.key" "$@" 2>/dev/null
}

# issue NAME SUBJECT SUBJECT-ALTERNATIVE-NAMES
issue() {
  new_key "$1" -subj "$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -out "$1.crt" -days 3650 \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3") 2>/dev/null
}
