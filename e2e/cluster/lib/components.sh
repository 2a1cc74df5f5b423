# What the cluster runs, built once from the Go modules that source/ pins. Each function prints the path of a program.

control_plane_packages() { "$scripts/debian" ip=iproute2 socat openssl sysctl=procps; }

node_packages() {
  control_plane_packages
  "$scripts/debian" containerd runc '/usr/lib/cni/bridge=containernetworking-plugins' iptables conntrack zstd python3 \
    busybox=busybox-static curl /etc/ssl/certs/ca-certificates.crt=ca-certificates
}

# One program for the control plane, the kubelet and kubectl, by the name that it is called by.
hyperkube() {
  local program version name
  version=$(awk '$1 == "k8s.io/kubernetes" {print $2}' "$here/source/hyperkube/go.mod")
  program=$("$scripts/go-cached" "$here/source/hyperkube" . "-X k8s.io/component-base/version.gitVersion=$version")
  for name in etcd kubectl kubelet kube-apiserver kube-controller-manager kube-proxy kube-scheduler; do
    ln -sf hyperkube "$(dirname "$program")/$name"
  done
  echo "$program"
}

coredns() { "$scripts/go-cached" "$here/source/coredns"; }
traefik() { "$scripts/go-cached" "$here/source/traefik" github.com/traefik/traefik/v3/cmd/traefik; }
local_path() { "$scripts/go-cached" "$here/source/local-path" github.com/rancher/local-path-provisioner; }
metrics_server() { "$scripts/go-cached" "$here/source/metrics-server" sigs.k8s.io/metrics-server/cmd/metrics-server; }

components() {
  hyperkube
  coredns
  traefik
  local_path
  metrics_server
  "$here/lib/gateway-crds"
} >/dev/null
