# The node: containerd, kubelet, kube-proxy and NetworkPolicies; and what runs on it from the start.

node() {
  write_containerd_config
  write_kubelet_config
  write_proxy_config
  start containerd containerd --config "$state/containerd.toml"
  wait_for 30 containerd ctr -a "$runtime/containerd.sock" version
  load "$(images)"/*.zst
  start kube-scheduler "$bin/kube-scheduler" --kubeconfig "$KUBECONFIG" --leader-elect=false
  start kubelet "$bin/kubelet" --config "$state/kubelet.yaml" --kubeconfig "$KUBECONFIG" --root-dir "$state/kubelet" \
    --hostname-override node --node-ip "$node_ip"
  start policy python3 "$here/policy" "$KUBECONFIG"
  start kube-proxy "$bin/kube-proxy" --config "$state/kube-proxy.yaml"
  wait_for 90 'the node' kubectl wait --for=condition=Ready node/node --timeout=1s
}

# The pods' network namespaces lie under our own folder, so that `down` finds them among those of others.
write_containerd_config() {
  mkdir -p "$state/cni"
  cat >"$state/containerd.toml" <<T
version = 2
root = "$state/containerd"
state = "$runtime/containerd"
[grpc]
  address = "$runtime/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:dev"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
T
  cat >"$state/cni/10-bridge.conflist" <<J
{"cniVersion": "1.0.0", "name": "socialplatform-e2e", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pod_cidr"}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "$runtime/ipam"}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
J
}

# A full disk or a busy machine is no reason to evict the pods of a test.
write_kubelet_config() {
  mkdir -p "$state/kubelet"
  echo 'nameserver 127.0.0.1' >"$state/resolv.conf"
  cat >"$state/kubelet.yaml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
enforceNodeAllocatable: []
evictionHard: {memory.available: "0%", nodefs.available: "0%", imagefs.available: "0%", nodefs.inodesFree: "0%"}
imageGCHighThresholdPercent: 100
clusterDNS: [$dns_ip]
clusterDomain: cluster.local
resolvConf: $state/resolv.conf
containerRuntimeEndpoint: unix://$runtime/containerd.sock
Y
}

# Without conntrack settings: they are the whole machine's, not the namespace's.
write_proxy_config() {
  cat >"$state/kube-proxy.yaml" <<Y
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $KUBECONFIG}
clusterCIDR: $pod_cidr
hostnameOverride: node
mode: iptables
conntrack: {maxPerCore: 0, min: 0, tcpCloseWaitTimeout: 0s, tcpEstablishedTimeout: 0s}
Y
}

addons() {
  local crds file name
  crds=$("$here/lib/gateway-crds")
  kubectl apply --server-side -f "$crds" >/dev/null
  kubectl wait --for=condition=Established -f "$crds" --timeout=60s >/dev/null
  for file in "$here"/addons/*.yaml; do
    sed "s|/var/lib/socialplatform-e2e|$state|" "$file" | kubectl apply --server-side -f - >/dev/null
  done
  for name in coredns traefik local-path; do
    kubectl -n kube-system rollout status "deployment/$name" --timeout=120s >/dev/null
  done
}
