#!/usr/bin/env bash
# Measures the packaged server beside its ceilings on this machine and prints Markdown tables of medians. Everything listens on
# 127.0.0.1, everything started here is ended here, every measurement has a time limit.
#
#   load-tests/run-all.sh                                   the sizes of README.md, about 25 minutes
#   ROUNDS=1 CLIENTS=500 SECONDS_EACH=3 load-tests/run-all.sh     a quick look
#
# ROUNDS (3) rounds, server and ceilings taking turns; CLIENTS (10000) streams; CHANGES (20) per fan-out; FRAMES ("300 20000") bytes;
# SECONDS_EACH (10) and WARMUP (5) seconds of polling and evaluating; EVENTS (300000) posted, ROWS (2000000) inserted directly;
# MEMBERS (5000000) on 50 lists of 1000000 users. STALLED (0) percent more streams that take nothing, during fan-out; SOAK (1800) seconds of the soak;
# ONLY="stalled" is the fan-out with one stream in a hundred that takes nothing (CLIENTS in all); mvn verify -Pfull measures all that streams promise;
# ONLY="ofrepstreams" holds SOAK_CLIENTS of OFREP's event streams;
# ONLY="grpc" asks flagd's protocols beside OFREP, and holds GRPC_STREAMS (1000) streams of flag sets beside as many of SSE;
# ONLY="storm" kills the server with SIGKILL and starts it again under CLIENTS streams; ONLY="soak" has SOAK_CLIENTS (5000) come and go;
# ONLY="rolling" restarts one of two nodes under SOAK_CLIENTS streams;
# ONLY="outage" kills ClickHouse for OUTAGE (300) seconds and the server in the middle of that, under RATE events per second (half of what the same
# run ingested); ONLY="export" exports EXPORTED (1000000) rows in every format (HEAP=256m is what README.md measures); WARM (1000000) events before ingest.
# ONLY="replace" asks about lists while nothing else happens, while a list of REPLACED (1000000) is replaced, and while the old one is removed;
# ONLY="adds" adds single keys at RATE (1000) per second; ONLY="import" replaces a list of IMPORTED (5000000) once; all on a PostgreSQL with its own defaults.
# ONLY="start" stops the server and starts it again, and asks it from the moment it is ready (for SECONDS_EACH seconds, three times);
# ONLY="questions" puts QUESTIONED (100000000) events into ClickHouse, needs about 5 GB of disk and half an hour for them, and asks every question of docs/analytics.md;
# TRANSPORT (plain; tls, h2) is how fan-out's streams are held, by server, ceiling and clients; with the last two only fan-out is measured.
# BEFORE=<jar> measures an older server in turns with this one (fanout, polling, evaluate, start, ingest, membership): a second node on the same stores.
# GATLING (yes; no, or the names of some) runs the simulations at the end; ONLY ("fanout polling evaluate ingest membership") measurements; HEAP (1g) of the measured JVMs.
set -euo pipefail
cd "$(dirname "$0")"

rounds=${ROUNDS:-3}
clients=${CLIENTS:-10000}
changes=${CHANGES:-20}
frames=${FRAMES:-300 20000}
seconds=${SECONDS_EACH:-10}
warmup=${WARMUP:-5}
events=${EVENTS:-300000}
rows=${ROWS:-2000000}
gatling=${GATLING:-yes}
members=${MEMBERS:-5000000}
stalled=${STALLED:-0}
soak=${SOAK:-1800}
soak_clients=${SOAK_CLIENTS:-5000}
grpc_streams=${GRPC_STREAMS:-1000}
outage=${OUTAGE:-300}
exported=${EXPORTED:-1000000}
warm=${WARM:-1000000}
questioned=${QUESTIONED:-100000000}
only=${ONLY:-fanout polling evaluate ingest membership}
replaced=${REPLACED:-1000000}
imported=${IMPORTED:-5000000}
rate=${RATE:-1000}
heap=${HEAP:-1g}
before_jar=${BEFORE:-}
transport=${TRANSPORT:-plain}
scheme=http
[ "$transport" = plain ] || { scheme=https only=fanout gatling=no; }

work=$(mktemp -d "${TMPDIR:-/tmp}/stitchd-load-XXXXXX")
results=target/results.ndjson
pids=()

# end <process>: and wait for it, for it writes to its folder until then
end() {
  kill "$1" 2>/dev/null || return 0
  for _ in $(seq 300); do kill -0 "$1" 2>/dev/null || return 0; sleep 0.1; done
}

cleanup() {
  local pid
  for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
  for pid in "$work"/*.pid; do [ ! -f "$pid" ] || end "$(cat "$pid")"; done
  exec 7>&- || true # the stores live as long as this pipe
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

is_new_jdk() {
  [ -x "$1/bin/javac" ] && [ -f "$1/release" ] &&
    [ "$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")" -ge 25 ]
}

find_jdk() {
  local candidate on_path
  on_path=$(command -v javac || true)
  [ -z "$on_path" ] || on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
  for candidate in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* \
    /opt/java/* /opt/jdk*; do
    if [ -n "$candidate" ] && is_new_jdk "$candidate"; then
      echo "$candidate"
      return
    fi
  done
}

free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); do # below the ephemeral range, which the streams use up
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

# wait_for <seconds> <what> <command…>
wait_for() {
  local deadline=$(($(date +%s) + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$deadline" ] || { echo "$what: gave up; logs:" >&2; tail -n 20 "$work"/*.log >&2; exit 1; }
    sleep 0.2
  done
}

jdk=$(find_jdk)
[ -n "$jdk" ] || { echo "JDK 25 or newer is missing: install one (for example Temurin 25) and run this again." >&2; exit 1; }
files=$(ulimit -Hn)
[ "$files" = unlimited ] || [ "$files" -ge $((clients + 500)) ] ||
  { echo "$clients streams need more open files than the $files that a process may have here; set CLIENTS lower." >&2; exit 1; }
ulimit -n "$files"

# --- build: the server's jar and its test classes (they bring the stores), and this project

echo "building" >&2
(cd .. && mvn -q -B -DskipTests package </dev/null &&
  mvn -q -B dependency:build-classpath -DincludeScope=test -Dmdep.outputFile="$work/classpath" </dev/null)
mvn -q -B test-compile </dev/null
jar=$(find ../target -maxdepth 1 -name 'stitchd-server-*.jar' | head -1)

# --- start

quiet_flags="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
measured_flags="-Xms$heap -Xmx$heap -XX:+UseCompactObjectHeaders $quiet_flags"
bench_path="target/classes:target/lib/*"
token="sat_$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')"
export STITCHD_BOOTSTRAP_TOKEN=$token
case " $only " in *" outage "*) export STITCHD_SPOOL_SIZE=${STITCHD_SPOOL_SIZE:-40GB} ;; esac

encryption="" # what ceilings are given
if [ "$scheme" = https ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
  "$jdk/bin/keytool" -importcert -noprompt -alias own -file "$work/certificate.pem" -keystore "$work/trust.p12" -storepass changeit 2>/dev/null
  export STITCHD_TLS_CERTIFICATE="$work/certificate.pem" STITCHD_TLS_PRIVATE_KEY="$work/key.pem"
  quiet_flags="$quiet_flags -Djavax.net.ssl.trustStore=$work/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit"
  encryption="--transport=$transport --certificate=$work/certificate.pem --key=$work/key.pem"
fi

durable=""
case " $only " in *" replace "* | *" adds "* | *" import "*) durable=durable ;; esac
echo "starting the stores" >&2
mkfifo "$work/hold"
# shellcheck disable=SC2086
"$jdk/bin/java" $quiet_flags -cp "../target/test-classes:../target/classes:$(cat "$work/classpath")" \
  dev.stitchd.dev.StoresOnly $durable <"$work/hold" >"$work/stores" 2>"$work/stores.log" &
exec 7>"$work/hold"
wait_for 300 stores grep -q STITCHD_CLICKHOUSE_URL "$work/stores"
set -a
# shellcheck disable=SC1091
. "$work/stores"
set +a

port=$(free_port)
grpc_port=$(free_port)
# start_again <port> <data> [drain] [jar] [gRPC port]: a command that starts a node in the background and prints its process
start_again() {
  cat <<EOF
STITCHD_HTTP_PORT=$1 STITCHD_HTTP_ADDRESS=127.0.0.1 STITCHD_GRPC_PORT=${5:-0} STITCHD_GRPC_ADDRESS=127.0.0.1 STITCHD_DATA_DIR="$work/$2" STITCHD_DRAIN=${3:-PT1S} \\
  "$jdk/bin/java" $measured_flags -jar "${4:-$jar}" >>"$work/$2.log" 2>&1 </dev/null 7>&- &
echo \$! | tee "$work/$2.pid"
EOF
}
start_again "$port" data "" "" "$grpc_port" >"$work/restart"
server_pid=$(bash "$work/restart")
server="--target=server --url=$scheme://127.0.0.1:$port --pid=$server_pid"
wait_for 60 server curl -kfsS "$scheme://127.0.0.1:$port/health/ready"
servers=("$server")
if [ -n "$before_jar" ]; then
  before_port=$(free_port)
  start_again "$before_port" before PT1S "$before_jar" >"$work/restart-before"
  before_pid=$(bash "$work/restart-before")
  wait_for 60 "the older server" curl -kfsS "$scheme://127.0.0.1:$before_port/health/ready"
  servers+=("--target=before --url=$scheme://127.0.0.1:$before_port --pid=$before_pid")
fi

# ceiling <variable> <class> <label>
ceiling() {
  local at
  at=$(free_port)
  # shellcheck disable=SC2086
  "$jdk/bin/java" $measured_flags -cp "$bench_path" "dev.stitchd.load.$2" --port="$at" ${4:-} >"$work/$3.log" 2>&1 7>&- &
  pids+=("$!")
  printf -v "$1" '%s' "--target=$3 --url=${5:-http}://127.0.0.1:$at --pid=$!"
  wait_for 20 "$3" grep -q listens "$work/$3.log"
}
ceiling plain PlainNettyServer plain-netty "$encryption" "$scheme"
ceiling reactor RawReactorNettyServer reactor-netty

# --- measure

failed=0
# bench <subcommand> <options…>
bench() {
  # shellcheck disable=SC2086
  timeout "${limit:-400}" "$jdk/bin/java" $quiet_flags -XX:+UseCompactObjectHeaders -Xmx2g -cp "$bench_path" dev.stitchd.load.Bench \
    "$@" --results="$results" 7>&- >&2 || { failed=$((failed + 1)); echo "FAILED: $*" >&2; }
}

chosen() {
  case " $only " in *" $1 "*) true ;; *) false ;; esac
}

# ask_about_lists <name> <options…>: at a pace that leaves the machine room
ask_about_lists() {
  local name=$1
  shift
  # shellcheck disable=SC2086
  bench membership $server --name="$name" --lists=50 --connections=4 --pause=2 --seconds=25 --warmup=5 "$@"
}

# no_list_is_left_over: nothing is left of lists that were replaced
no_list_is_left_over() {
  [ "$("${pgbench%pgbench}psql" -qAtX "$STITCHD_POSTGRES_URL" -c 'SELECT count(*) FROM segment_generations g WHERE NOT EXISTS (SELECT FROM segment_lists l WHERE l.generation = g.generation)')" = 0 ]
}

# ask_with_pgbench <name> <condition on l.segment_key>: the server's statement, asked by pgbench
ask_with_pgbench() {
  local said
  cat >"$work/membership.sql" <<SQL
\set user random(0, 999999)
\set list random(0, 49)
SELECT l.segment_key, m.context_key, m.included FROM segment_lists l JOIN segment_list_members m ON m.generation = l.generation
 WHERE l.environment_id = :environment AND l.segment_key = ANY ($2) AND m.context_key = ANY (ARRAY['user-' || :user::text]);
SQL
  said=$(PGOPTIONS="-c role=stitchd_reader -c plan_cache_mode=force_generic_plan -c enable_seqscan=off" "$pgbench" -n -M prepared -c 4 -j 2 -T "$seconds" -f "$work/membership.sql" \
    -D environment="$LISTS_ENVIRONMENT" -D lists="{$(seq -s, -f 'list-%g' 0 49)}" "$STITCHD_POSTGRES_URL" 2>"$work/pgbench.log") ||
    { failed=$((failed + 1)); echo "FAILED: pgbench" >&2; tail -n 5 "$work/pgbench.log" >&2; return; }
  sed -n "s/^tps = \([0-9.]*\).*/{\"name\":\"$1\",\"target\":\"pgbench\",\"per_second\":\1}/p" <<<"$said" | tee -a "$results" >&2
}

# half_of_ingest: half of the events per second that the last run of ingest measured
half_of_ingest() {
  sed -n 's/^{"name":"ingest","target":"server".*"per_second":\([0-9]*\).*/\1/p' "$results" | tail -1 | awk '{ print int($1 / 2) }'
}

over=""
[ "$transport" = plain ] || over=", $transport"
rm -f "$results"
mkdir -p target
if chosen membership || chosen replace; then
  pgbench=$(command -v pgbench || find /usr/lib/postgresql/*/bin -name pgbench 2>/dev/null | sort -V | tail -1)
  [ -n "$pgbench" ] || { echo "pgbench is missing: on Debian, apt-get install postgresql." >&2; exit 1; }
  echo "writing $members members" >&2
  # shellcheck disable=SC2086
  "$jdk/bin/java" $quiet_flags -cp "$bench_path" dev.stitchd.load.Bench lists ${server#--target=server } --members="$members" >"$work/lists" 2>"$work/lists.log" 7>&- ||
    { tail -n 5 "$work/lists.log" >&2; exit 1; }
  set -a
  # shellcheck disable=SC1091
  . "$work/lists"
  set +a
fi
# shellcheck disable=SC2086
for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  if chosen fanout; then
    for frame in $frames; do
      for target in "${servers[@]}" "$plain"; do
        bench fanout $target --name="fan-out, $clients streams, $frame B$over" --clients="$clients" --changes="$changes" --frame="$frame" --stalled="$stalled" --transport="$transport"
      done
    done
  fi
  if chosen stalled; then
    for frame in $frames; do
      for target in "$server" "$plain"; do
        bench fanout $target --name="fan-out, $clients streams of which 1 % take nothing, $frame B" --clients=$((clients * 99 / 100)) --changes="$changes" --frame="$frame" --stalled=1
      done
    done
  fi
  if chosen polling; then
    for target in "${servers[@]}" "$reactor" "$plain"; do
      bench polling $target --seconds="$seconds" --warmup="$warmup"
    done
  fi
  if chosen evaluate; then
    for target in "${servers[@]}" "$reactor" "$plain"; do
      bench evaluate $target --seconds="$seconds" --warmup="$warmup"
    done
  fi
  if chosen ingest; then
    for target in "${servers[@]}"; do
      bench ingest $target --events="$events" --warmup="$warm"
    done
    bench rowbinary --target=rowbinary --events="$rows"
    half=$(half_of_ingest)
    if [ -n "$half" ]; then
      bench ingest $server --name="ingest at half of that rate" --rate="$half" --events=$((half * seconds)) --warmup="$half"
      bench ingest $server --name="ingest at half of that rate, 5 live tails" --live=5 --rate="$half" --events=$((half * seconds)) --warmup="$half"
    fi
    bench ingest $server --name="ingest, 5 live tails" --live=5 --events="$events" --warmup=50000
  fi
  if chosen export; then
    for format in ndjson csv parquet; do
      limit=900 bench export $server --rows="$exported" --format="$format" --warmup=8 --rounds=7
    done
  fi
  if chosen questions; then
    limit=7200 bench questions $server --events="$questioned"
  fi
  if chosen replace; then
    ask_about_lists "membership, nothing else"
    ask_about_lists "membership, a list of $replaced is being replaced" --replace="$replaced"
    ask_about_lists "membership, the old lists are being removed"
    wait_for 600 "removing old lists" no_list_is_left_over
  fi
  if chosen adds; then
    bench adds $server --rate="$rate" --seconds="$seconds" --warmup="$warmup"
  fi
  if chosen membership; then
    for target in "${servers[@]}"; do
      bench membership $target --name="membership, one list" --lists=1 --seconds="$seconds" --warmup="$warmup"
    done
    bench membershipsql --target=r2dbc --name="membership, one list" --lists=1 --seconds="$seconds" --warmup="$warmup"
    bench membershipsql --target=r2dbc-together --together=8 --inflight=8 --name="membership, one list" --lists=1 --seconds="$seconds" --warmup="$warmup"
    ask_with_pgbench "membership, one list" "ARRAY['list-' || :list::text]"
    for target in "${servers[@]}"; do
      bench membership $target --name="membership, any of 50 lists" --lists=50 --seconds="$seconds" --warmup="$warmup"
    done
    bench membershipsql --target=r2dbc --name="membership, any of 50 lists" --lists=50 --seconds="$seconds" --warmup="$warmup"
    bench membershipsql --target=r2dbc-together --together=8 --inflight=8 --name="membership, any of 50 lists" --lists=50 --seconds="$seconds" --warmup="$warmup"
    ask_with_pgbench "membership, any of 50 lists" ":lists"
  fi
done

# shellcheck disable=SC2086
if chosen start; then # the servers are other processes afterwards
  for round in $(seq "$rounds"); do
    bench start $server --seconds="$seconds" --warmup="$warmup" --restart="bash $work/restart"
    server="--target=server --url=http://127.0.0.1:$port --pid=$(cat "$work/data.pid")"
    if [ -n "$before_jar" ]; then
      bench start --target=before --url="http://127.0.0.1:$before_port" --pid="$(cat "$work/before.pid")" --seconds="$seconds" --warmup="$warmup" --restart="bash $work/restart-before"
    fi
  done
fi
# shellcheck disable=SC2086
if chosen import; then # on its own: the table must hold nothing else
  limit=900 bench import $server --members="$imported" --rounds=1
fi
# shellcheck disable=SC2086
if chosen ofrepstreams; then
  bench ofrepstreams $server --clients="$soak_clients"
fi
# shellcheck disable=SC2086
if chosen grpc; then
  bench grpc $server --grpc="http://127.0.0.1:$grpc_port" --streams="$grpc_streams" --changes="$changes" --seconds="$seconds" --warmup="$warmup" --rounds="$rounds"
fi
# shellcheck disable=SC2086
if chosen soak; then
  limit=$((soak + 300)) bench soak $server --clients="$soak_clients" --seconds="$soak"
fi
# shellcheck disable=SC2086
if chosen rolling; then # a second node on the same stores
  other_port=$(free_port)
  start_again "$other_port" other PT10S >"$work/restart-other"
  other_pid=$(bash "$work/restart-other")
  wait_for 60 "the second node" curl -fsS "http://127.0.0.1:$other_port/health/ready"
  bench rolling $server --clients="$soak_clients" --other="http://127.0.0.1:$other_port" --otherpid="$other_pid" --restart="bash $work/restart-other"
  end "$(cat "$work/other.pid")"
fi
# shellcheck disable=SC2086
if chosen outage; then # the server is another process afterwards
  chosen ingest || [ -n "${RATE:-}" ] || bench ingest $server --events="$events" --warmup="$warm"
  limit=$((outage * 4 + 2400)) bench outage $server --restart="bash $work/restart" --stores="$work/hold" --outage="$outage" --rate="${RATE:-$(half_of_ingest)}"
  tail -n 5 "$work/stores.log" >&2
  server="--target=server --url=http://127.0.0.1:$port --pid=$(cat "$work/data.pid")"
fi
# shellcheck disable=SC2086
if chosen storm; then # last: the server is another process afterwards
  bench storm $server --clients="$clients" --restart="bash $work/restart"
fi

echo
echo "Medians of $rounds rounds. $("$jdk/bin/java" -version 2>&1 | sed -n 2p), $(nproc) cores, $(uname -sr), heap $heap."
[ ! -f "$results" ] || "$jdk/bin/java" -cp "$bench_path" dev.stitchd.load.Bench table --results="$results"

if [ "$gatling" != no ]; then
  [ "$gatling" != yes ] || gatling="FanOutSimulation PollingSimulation StormSimulation"
  for simulation in $gatling; do
    timeout 300 mvn -q -B gatling:test -Dgatling.simulationClass="dev.stitchd.load.$simulation" \
      -Durl="http://127.0.0.1:$port" -Dtoken="$token" </dev/null >"$work/$simulation.log" 2>&1 7>&- ||
      { failed=$((failed + 1)); echo "FAILED: $simulation"; tail -n 30 "$work/$simulation.log"; }
    echo
    echo "$simulation:"
    sed -n '/Global Information/,/std deviation/p; /response time [0-9]*th/p; /Reports generated/s/.*file:/file:/p' "$work/$simulation.log"
  done
fi

[ "$failed" -eq 0 ]
