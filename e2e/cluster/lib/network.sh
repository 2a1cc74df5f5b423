# The cluster's network: a namespace of its own whose default route leads to a wire with nothing at its end, so that
# no packet of a pod leaves this machine; and relays from this machine's loopback into it.

inside() { nsenter --net="/run/netns/$netns" "$@"; }

network() {
  [ -e "/run/netns/$netns" ] || ip netns add "$netns"
  if inside ip link show node >/dev/null 2>&1; then return; fi
  inside ip link set lo up
  inside ip link add node type veth peer name nowhere
  inside ip link set nowhere up
  inside ip addr add "$node_ip/24" dev node
  inside ip link set node up
  inside ip route add default via 10.200.0.2 dev node
  inside sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.route_localnet=1
}

# forward PORT [TO]
forward() {
  local port=$1 to=${2:-$1} name=forward-$1
  if running "$name"; then return; fi
  if listening "$port"; then die "port $port of this machine is in use"; fi
  background "$name" socat "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" \
    "EXEC:nsenter --net=/run/netns/$netns socat STDIO TCP\:127.0.0.1\:$to"
  wait_for 10 "the relay from port $port" listening "$port"
}

listening() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
