# The end of the cluster: every process that it started, its pods, its mounts, its network and its files.

down() {
  local name file
  stop kubelet
  kill_pods
  for name in policy kube-proxy kube-scheduler kube-controller-manager kube-apiserver etcd; do stop "$name"; done
  for file in "$runtime"/*.pid; do
    if [ -e "$file" ]; then stop "$(basename "$file" .pid)"; fi
  done
  unmount
  if [ -e "/run/netns/$netns" ]; then ip netns del "$netns"; fi
  rm -rf --one-file-system "$runtime"
  if [ -e "$state/made-by-e2e-cluster" ]; then rm -rf --one-file-system "$state"; fi
}

# A pod's processes are children of its shim, which outlives containerd and is told by the path of our socket.
kill_pods() {
  local task shim
  if running containerd; then
    for task in $(ctr -a "$runtime/containerd.sock" -n k8s.io tasks ls -q 2>/dev/null || true); do
      ctr -a "$runtime/containerd.sock" -n k8s.io tasks kill -s SIGKILL "$task" 2>/dev/null || true
    done
  fi
  stop containerd
  for shim in $(pgrep -f "^[^ ]*containerd-shim-runc-v2 .*-address $runtime/containerd.sock" || true); do
    pgrep -P "$shim" | xargs -r kill -9 2>/dev/null || true
    kill -9 "$shim" 2>/dev/null || true
  done
}

unmount() {
  local mount
  awk '{print $2}' /proc/mounts | sort -r | while read -r mount; do
    case $mount in "$state"/* | "$runtime"/*) umount -l "$mount" || true ;; esac
  done
}
