# For the adapters to kind and minikube, which have registries: Traefik from its public image as ingress controller and
# Gateway API implementation, and a way to it from this machine. They set $here, $runtime and KUBECONFIG.

install_traefik() {
  local version
  version=$(awk '$1 == "github.com/traefik/traefik/v3" {print $2}' "$here/source/traefik/go.mod")
  kubectl apply --server-side -f "$("$here/lib/gateway-crds")"
  sed -e "s|localhost/traefik:dev|docker.io/library/traefik:$version|" -e 's|imagePullPolicy: Never|imagePullPolicy: IfNotPresent|' \
    "$here/addons/gateway.yaml" | kubectl apply --server-side -f -
  kubectl -n kube-system rollout status deployment/traefik --timeout=180s
} >&2

# forward PORT [TO]
forward() {
  mkdir -p "$runtime"
  kubectl -n kube-system port-forward deployment/traefik "$1:${2:-$1}" >"$runtime/forward-$1.log" 2>&1 </dev/null &
  echo $! >"$runtime/forward-$1.pid"
  for _ in $(seq 100); do
    if (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
    sleep 0.1
  done
  cat "$runtime/forward-$1.log" >&2
  return 1
}

stop_forwards() {
  local file
  for file in "$runtime"/forward-*.pid; do
    if [ -e "$file" ]; then kill "$(cat "$file")" 2>/dev/null || true; fi
  done
  rm -rf "$runtime"
}
