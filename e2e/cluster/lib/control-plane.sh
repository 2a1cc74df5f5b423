# etcd, kube-apiserver and kube-controller-manager.

control_plane() {
  ln -sfn "$(dirname "$(hyperkube)")" "$bin"
  network
  certificates
  start_etcd
  start_apiserver
  forward "$api_port" "$api_port"
  wait_for 90 kube-apiserver kubectl get --raw /readyz
  start_controller_manager
  wait_for 60 'the default service account' kubectl get serviceaccount default
}

# Without fsync: what a crash of the machine loses is a test cluster.
start_etcd() {
  start etcd "$bin/etcd" --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380
}

start_apiserver() {
  audit_policy >"$state/audit-policy.yaml"
  start kube-apiserver "$bin/kube-apiserver" --etcd-servers http://127.0.0.1:2379 \
    --bind-address 0.0.0.0 --secure-port "$api_port" --advertise-address "$node_ip" \
    --service-cluster-ip-range "$service_cidr" --allow-privileged --authorization-mode Node,RBAC \
    --client-ca-file "$pki/ca.crt" --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --kubelet-client-certificate "$pki/admin.crt" --kubelet-client-key "$pki/admin.key" \
    --kubelet-certificate-authority "$pki/ca.crt" --kubelet-preferred-address-types InternalIP \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$pki/sa.pub" --service-account-signing-key-file "$pki/sa.key" \
    --requestheader-client-ca-file "$pki/ca.crt" --requestheader-allowed-names admin \
    --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
    --requestheader-extra-headers-prefix X-Remote-Extra- \
    --proxy-client-cert-file "$pki/admin.crt" --proxy-client-key-file "$pki/admin.key" \
    --audit-policy-file "$state/audit-policy.yaml" --audit-log-path "$state/log/audit.json" --audit-log-maxsize 4096
}

# The tests count an operator's writes and the rights it uses: every request but the administrator's reads and the
# control plane's own leases.
audit_policy() {
  cat <<'Y'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, users: [admin], verbs: [get, list, watch]}
- {level: None, users: [admin, "system:apiserver"], resources: [{group: coordination.k8s.io}]}
- {level: Metadata}
Y
}

start_controller_manager() {
  start kube-controller-manager "$bin/kube-controller-manager" --kubeconfig "$KUBECONFIG" --leader-elect=false \
    --use-service-account-credentials --root-ca-file "$pki/ca.crt" --service-account-private-key-file "$pki/sa.key" \
    --cluster-cidr "$pod_cidr" --service-cluster-ip-range "$service_cidr" \
    --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key"
}
