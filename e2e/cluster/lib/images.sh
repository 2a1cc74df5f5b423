# The images of the cluster's own pods, packed from its components and from programs of this machine.

images() {
  local made_from
  made_from=$(coredns && traefik && local_path && metrics_server && cat "$here/image" "$here/source/pause/pause.c" "$here/lib/images.sh")
  echo "$cache/images-$(sha256sum <<<"$made_from" | cut -c1-16)"
}

build_images() {
  local folder new name applet links=()
  folder=$(images)
  if [ -d "$folder" ]; then return; fi
  new=$folder.new
  rm -rf "$new"
  mkdir -p "$new"

  cc -static -Os -o "$new/pause" "$here/source/pause/pause.c"
  pack pause --entrypoint /pause "$new/pause:/pause"
  rm "$new/pause"
  for applet in $(busybox --list); do
    if [ "$applet" != busybox ]; then links+=(--link "/bin/$applet=busybox"); fi
  done
  pack busybox --entrypoint /bin/busybox "${links[@]}" "$(command -v busybox):/bin/busybox" "$(command -v curl):/usr/bin/curl"
  pack coredns --entrypoint /coredns "$(coredns):/coredns"
  pack traefik --entrypoint /traefik "$(traefik):/traefik" /etc/ssl/certs/ca-certificates.crt
  pack local-path --entrypoint /local-path-provisioner "$(local_path):/local-path-provisioner"
  pack metrics-server --entrypoint /metrics-server "$(metrics_server):/metrics-server"
  mv "$new" "$folder"
}

# pack NAME ARGUMENTS-OF-image…: called by build_images, into its folder
pack() {
  local name=$1
  shift
  "$here/image" "localhost/$name:dev" "$new/$name.tar" "$@"
  zstd -q --rm "$new/$name.tar"
}

# With -f, zstd hands on what it did not compress as it is.
load() {
  local tar
  for tar in "$@"; do
    zstd -q -d -c -f "$tar" | ctr -a "$runtime/containerd.sock" -n k8s.io images import - >/dev/null
  done
}
