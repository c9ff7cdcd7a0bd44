package dev.stitchd.flagd.sync;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stitchd.flagd.compile.ListedKeys;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.ruleset.Dependencies;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Segment;
import dev.stitchd.segment.Member;
import dev.stitchd.segment.MemberSide;
import dev.stitchd.segment.ShortLists;
import dev.stitchd.segment.ShortLists.ShortList;
import dev.stitchd.segment.ShortLists.Version;
import dev.stitchd.snapshot.Snapshot;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Who is on the lists that an environment's flags ask for, of those short enough for a flag set.
/// They are read when the snapshot names a state of a list that is not known here, all in one
/// statement, and only what has changed. Safe from any thread.
@Component
final class ListedMembers {

  /// What a list takes besides its members.
  private static final int PER_LIST = 200;

  /// @param keys null if the list is too long
  private record Held(Version version, @Nullable ListedKeys keys) {

    /// Whether this is the state that a snapshot names, or a later one.
    boolean isAtLeast(Version named) {
      return version.generation() == named.generation()
          ? version.version() >= named.version()
          : version.generation() > named.generation();
    }

    long bytes() {
      return keys == null ? PER_LIST : PER_LIST + keys.bytes();
    }
  }

  /// The lists of an environment as they were at one moment.
  ///
  /// @param tag of the history whose versions these are
  private record Lists(String tag, Map<String, Held> bySegment) {

    boolean have(Map<String, Version> named) {
      return named.entrySet().stream()
          .allMatch(list -> {
            var held = bySegment.get(list.getKey());
            return held != null && held.isAtLeast(list.getValue());
          });
    }

    Set<Version> versions() {
      return bySegment.values().stream()
          .filter(held -> held.keys != null)
          .map(Held::version)
          .collect(Collectors.toSet());
    }

    @Nullable ListedKeys keys(Version version) {
      return bySegment.values().stream()
          .filter(held -> held.version.equals(version))
          .map(Held::keys)
          .filter(Objects::nonNull)
          .findFirst()
          .orElse(null);
    }

    Map<String, ListedKeys> keys() {
      var keys = new HashMap<String, ListedKeys>();
      bySegment.forEach((segment, held) -> {
        if (held.keys != null) {
          keys.put(segment, held.keys);
        }
      });
      return keys;
    }

    /// At most what the cache can count, which is more than it may hold.
    int bytes() {
      long bytes = bySegment.values().stream().mapToLong(Held::bytes).sum();
      return (int) Math.min(Integer.MAX_VALUE, bytes);
    }
  }

  private final ShortLists lists;
  private final SyncSettings settings;
  private final Cache<EnvironmentId, Lists> held;

  ListedMembers(ShortLists lists, SyncSettings settings, MeterRegistry meters) {
    this.lists = lists;
    this.settings = settings;
    this.held =
        Caffeine.newBuilder()
            .maximumWeight(settings.membersKept().toBytes())
            .weigher((EnvironmentId _, Lists known) -> known.bytes())
            .executor(Runnable::run)
            .build();
    Gauge.builder("stitchd.flagd.sync.members", held, ListedMembers::weight)
        .baseUnit("bytes")
        .description("Heap that members of lists take, kept so as not to read them again")
        .register(meters);
  }

  private static long weight(Cache<EnvironmentId, Lists> held) {
    return held.policy().eviction().orElseThrow().weightedSize().orElse(0);
  }

  /// By the key of the segment, as they were when the snapshot was published or later; without
  /// those that are too long. Fails as the store does if they have to be read and cannot be.
  Mono<Map<String, ListedKeys>> of(Snapshot snapshot) {
    return Mono.defer(() -> {
      var named = named(snapshot);
      if (named.isEmpty() || settings.listMembers() == 0) {
        return Mono.just(Map.of());
      }
      var known = held.getIfPresent(snapshot.environment());
      var ours =
          known == null || !known.tag.equals(snapshot.tag())
              ? new Lists(snapshot.tag(), Map.of())
              : known;
      return ours.have(named) ? Mono.just(ours.keys()) : read(snapshot, named, ours);
    });
  }

  /// The lists that any flag asks for, in the state that the snapshot names.
  private static Map<String, Version> named(Snapshot snapshot) {
    var ruleset = snapshot.ruleset();
    var named = new HashMap<String, Version>();
    if (ruleset.segments().values().stream().allMatch(segment -> segment.list() == null)) {
      return named;
    }
    for (var item : Dependencies.of(ruleset, _ -> true)) {
      var segment = item.kind() == ItemName.Kind.SEGMENT ? ruleset.segment(item.key()) : null;
      if (segment != null && segment.list() != null) {
        named.put(item.key(), version(segment.list()));
      }
    }
    return named;
  }

  private static Version version(Segment.ListVersion list) {
    return new Version(list.generation(), list.version());
  }

  private Mono<Map<String, ListedKeys>> read(
      Snapshot snapshot, Map<String, Version> named, Lists known) {
    return lists
        .read(
            new ShortLists.Question(
                snapshot.tenant(),
                snapshot.environment(),
                named.keySet(),
                known.versions(),
                settings.listMembers(),
                settings.allMembers()))
        .map(found -> {
          var now = new HashMap<String, Held>();
          named.forEach(
              (segment, version) -> now.put(segment, held(found.get(segment), version, known)));
          var read = new Lists(snapshot.tag(), now);
          held.put(snapshot.environment(), read);
          return read.keys();
        });
  }

  /// @param named what a list that is too long, or gone, counts as
  private static Held held(@Nullable ShortList found, Version named, Lists known) {
    if (found == null) {
      return new Held(named, null);
    }
    var members = found.members();
    return new Held(found.version(), members == null ? known.keys(found.version()) : keys(members));
  }

  private static ListedKeys keys(List<Member> members) {
    return new ListedKeys(keys(members, MemberSide.INCLUDED), keys(members, MemberSide.EXCLUDED));
  }

  private static Set<String> keys(List<Member> members, MemberSide side) {
    return members.stream()
        .filter(member -> member.side() == side)
        .map(Member::key)
        .collect(Collectors.toSet());
  }
}
