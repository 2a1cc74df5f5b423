# The cluster's processes: each in the background, with its pid and its command line in $runtime and
# its log in $state/log.

# The folder that `down` removes has to be ours, whatever KUBE_STATE was set to.
claim_state() {
  if [ ! -e "$state/made-by-e2e-cluster" ]; then
    if [ -d "$state" ] && [ -n "$(ls -A "$state")" ]; then
      die "$state holds something else; set KUBE_STATE to another folder"
    fi
    mkdir -p "$state"
    touch "$state/made-by-e2e-cluster"
  fi
  mkdir -p "$state/log" "$runtime"
}

running() {
  local pid began
  [ -f "$runtime/$1.pid" ] || return 1
  read -r pid began <"$runtime/$1.pid"
  [ -n "$began" ] && [ "$(began "$pid")" = "$began" ]
}

# When a process began, in clock ticks since boot, and nothing if it has ended: a pid alone may be another's by now.
began() { awk '$3 != "Z" {print $22}' "/proc/$1/stat" 2>/dev/null || true; }

# background NAME CMD…
background() {
  local name=$1
  shift
  setsid "$@" >>"$state/log/$name" 2>&1 </dev/null &
  echo "$! $(began $!)" >"$runtime/$name.pid"
}

# start NAME CMD…: in the cluster's network, unless it runs already
start() {
  local name=$1
  if running "$name"; then return; fi
  shift
  printf '%q ' "$@" >"$runtime/$name.cmd"
  background "$name" nsenter --net="/run/netns/$netns" "$@"
}

start_again() {
  local command
  command=$(cat "$runtime/$1.cmd")
  eval "start $1 $command"
}

# A name that was never started is a mistake of the caller's.
known() {
  local file names=()
  if [ -f "$runtime/$1.cmd" ]; then return; fi
  for file in "$runtime"/*.cmd; do
    if [ -e "$file" ]; then names+=("$(basename "$file" .cmd)"); fi
  done
  die "no component is called $1; there are: ${names[*]:-none}"
}

stop() {
  local pid
  running "$1" || return 0
  read -r pid _ <"$runtime/$1.pid"
  kill "$pid"
  for _ in $(seq 100); do
    running "$1" || return 0
    sleep 0.1
  done
  kill -9 "$pid"
}

# wait_for SECONDS WHAT CMD…
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2 seconds=$1
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || die "$what did not come up in $seconds s; the logs are in $state/log"
    sleep 0.2
  done
}
