package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.revisionlog.PublishedItems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Published items in memory: what a test commits is there for the next read. Counts reads, and can
/// be out, slow, or restored from a backup.
public final class MemoryItems implements PublishedItems {

  public static final TenantId TENANT = new TenantId(UUID.randomUUID());

  public final AtomicInteger loads = new AtomicInteger();
  public final AtomicInteger removalReads = new AtomicInteger();
  public final AtomicInteger changeReads = new AtomicInteger();
  public final AtomicInteger atOnce = new AtomicInteger();
  public final AtomicInteger mostAtOnce = new AtomicInteger();

  /// How long each read takes, by the default parallel scheduler (which tests make virtual).
  public Duration latency = Duration.ZERO;

  private final AtomicInteger identities = new AtomicInteger();

  public boolean out;

  /// Whether a server in recovery answers.
  public boolean standby;

  /// What a replica answers, from a time when it was asked for; null for no replica.
  private State replica;

  private final Map<EnvironmentId, Stored> environments = new LinkedHashMap<>();

  private static final class Stored {
    private long revision;
    private long accessVersion = 1;
    private long pruned;
    private UUID epoch = UUID.randomUUID();
    private final Map<Long, Long> identities = new HashMap<>();
    private JsonNode settings = Json.object();

    private long identity(long of) {
      return identities.getOrDefault(of, 0L);
    }

    private final List<Item> log = new ArrayList<>();
  }

  public EnvironmentId create() {
    var id = new EnvironmentId(UUID.randomUUID());
    environments.put(id, new Stored());
    return id;
  }

  public void delete(EnvironmentId environment) {
    environments.remove(environment);
  }

  /// Publishes the new state of one flag; the revision that it made.
  public long publishFlag(EnvironmentId environment, String key, JsonNode state) {
    return publish(environment, Kind.FLAG, key, state);
  }

  /// Publishes the new state of one item, null to remove it; the revision that it made.
  public long publish(EnvironmentId environment, Kind kind, String key, JsonNode state) {
    var stored = environments.get(environment);
    stored.revision++;
    stored.identities.put(stored.revision, 1 + (long) identities.incrementAndGet());
    stored.log.add(new Item(kind, key, stored.revision, state));
    return stored.revision;
  }

  public long publishFlag(EnvironmentId environment, String key) {
    return publishFlag(environment, key, flag("on"));
  }

  public long removeFlag(EnvironmentId environment, String key) {
    return publishFlag(environment, key, null);
  }

  public void changeSettings(EnvironmentId environment, JsonNode settings) {
    var stored = environments.get(environment);
    stored.settings = settings;
    stored.accessVersion++;
  }

  /// Goes back to an earlier revision, as a restored backup does.
  public void restore(EnvironmentId environment, long revision) {
    var stored = environments.get(environment);
    stored.revision = revision;
    stored.identities.keySet().removeIf(later -> later > revision);
    stored.log.removeIf(item -> item.revision() > revision);
  }

  /// Forgets removals up to a revision, as a log does that is shortened.
  public void prune(EnvironmentId environment, long until) {
    var stored = environments.get(environment);
    stored.pruned = until;
    var newest = newest(stored.log);
    stored.log.removeIf(
        item -> item.revision() <= until && (item.state() == null || !newest.contains(item)));
  }

  public UUID epoch(EnvironmentId environment) {
    return environments.get(environment).epoch;
  }

  /// A boolean flag that gives everybody the same variant.
  public static JsonNode flag(String variant) {
    return Json.parseOwn(
        """
        {"type":"boolean","variants":{"on":true,"off":false},"clientVisible":false,"enabled":true,
         "offVariant":"off","targets":[],"prerequisites":[],"rules":[],"default":{"variant":"%s"}}
        """
            .formatted(variant));
  }

  @Override
  public Mono<State> load(EnvironmentId environment) {
    return read(() -> {
      loads.incrementAndGet();
      var stored = environments.get(environment);
      return stored == null
          ? Mono.empty()
          : Mono.just(
              new State(
                  environment,
                  TENANT,
                  "production",
                  stored.settings,
                  stored.revision,
                  stored.accessVersion,
                  stored.identity(stored.revision),
                  stored.epoch,
                  newest(stored.log).stream().filter(item -> item.state() != null).toList(),
                  standby));
    });
  }

  /// A replica stays where this environment is now.
  public void replicate(EnvironmentId environment) {
    replica = load(environment).block();
    loads.set(0);
  }

  @Override
  public Mono<State> loadFromReplica(EnvironmentId environment, Duration within) {
    return Mono.justOrEmpty(replica);
  }

  @Override
  public Mono<Changes> changesSince(EnvironmentId environment, long revision) {
    return read(() -> {
      changeReads.incrementAndGet();
      var stored = environments.get(environment);
      return stored == null
          ? Mono.empty()
          : Mono.just(
              new Changes(
                  revision,
                  stored.identity(revision),
                  stored.revision,
                  stored.identity(stored.revision),
                  stored.accessVersion,
                  stored.pruned,
                  newest(stored.log).stream().filter(item -> item.revision() > revision).toList(),
                  Duration.ZERO,
                  standby));
    });
  }

  @Override
  public Mono<Removals> removals(EnvironmentId environment, long revision, int most) {
    return read(() -> {
      removalReads.incrementAndGet();
      var stored = environments.get(environment);
      var known =
          newest(stored.log.stream().filter(item -> item.revision() <= revision).toList()).stream()
              .filter(item -> item.state() == null && item.revision() > stored.pruned)
              .sorted(Comparator.comparingLong(Item::revision).reversed())
              .limit(most)
              .toList();
      return Mono.just(
          new Removals(
              known.size() < most ? stored.pruned : known.getLast().revision(),
              stored.revision,
              stored.identity(revision),
              stored.epoch,
              known));
    });
  }

  @Override
  public Flux<Position> positions(Map<EnvironmentId, Long> wanted) {
    return Flux.defer(() ->
        out
            ? Flux.error(unavailable())
            : Flux.fromIterable(environments.entrySet())
                .filter(entry -> wanted.containsKey(entry.getKey()))
                .map(entry ->
                    new Position(
                        entry.getKey(),
                        entry.getValue().revision,
                        entry.getValue().accessVersion,
                        entry.getValue().identity(wanted.get(entry.getKey())),
                        entry.getValue().epoch,
                        standby)));
  }

  @Override
  public Mono<Long> identity(EnvironmentId environment, long revision) {
    return Mono.fromSupplier(() -> environments.get(environment).identity(revision));
  }

  @Override
  public Mono<UUID> replaceEpoch(EnvironmentId environment, UUID seen) {
    return Mono.fromSupplier(() -> {
      var stored = environments.get(environment);
      stored.epoch = seen.equals(stored.epoch) ? UUID.randomUUID() : stored.epoch;
      return stored.epoch;
    });
  }

  /// The answer is as of the time when the read began.
  private <T> Mono<T> read(java.util.function.Supplier<Mono<T>> answer) {
    return Mono.defer(() -> {
      mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
      var answered = out ? Mono.<T>error(unavailable()) : answer.get();
      return (latency.isZero() ? answered : Mono.delay(latency).then(answered))
          .doOnTerminate(atOnce::decrementAndGet) // before whoever waits for it goes on
          .doOnCancel(atOnce::decrementAndGet);
    });
  }

  private static List<Item> newest(List<Item> log) {
    var newest = new LinkedHashMap<String, Item>();
    log.forEach(item -> newest.put(item.kind() + item.key(), item));
    return newest.values().stream().sorted(Comparator.comparingLong(Item::revision)).toList();
  }

  private static Problem unavailable() {
    return new Problem.Unavailable("out", Duration.ofSeconds(1));
  }
}
