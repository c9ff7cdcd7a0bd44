package dev.stitchd.access;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/// SDK keys in memory. Checked against the real store by [KeyStoreContract].
final class FakeKeyStore implements KeyStore {

  final Map<EnvironmentId, Long> versions = new LinkedHashMap<>();
  private final Map<KeyHash, SdkCaller> callers = new HashMap<>();
  private final LinkedHashSet<UUID> revoked = new LinkedHashSet<>();
  final List<UUID> used = new ArrayList<>();
  int asked;
  RuntimeException outage;

  EnvironmentId environment() {
    var environment = new EnvironmentId(UUID.randomUUID());
    versions.put(environment, 1L);
    return environment;
  }

  SdkCaller key(EnvironmentId environment, String key, SdkCaller.Kind kind) {
    var caller = new SdkCaller(UUID.randomUUID(), new TenantId(new UUID(0, 1)), environment, kind);
    callers.put(KeyHash.of(key), caller);
    versions.merge(environment, 1L, Long::sum);
    return caller;
  }

  void revoke(SdkCaller caller) {
    revoked.add(caller.keyId());
    versions.merge(caller.environment(), 1L, Long::sum);
  }

  void delete(EnvironmentId environment) {
    versions.remove(environment);
    callers.values().removeIf(caller -> caller.environment().equals(environment));
  }

  @Override
  public Mono<Stored> find(KeyHash hash) {
    return Mono.defer(() -> {
      asked++;
      if (outage != null) {
        return Mono.error(outage);
      }
      return Mono.justOrEmpty(callers.get(hash))
          .filter(caller -> !revoked.contains(caller.keyId()))
          .map(caller -> new Stored(caller, hash, versions.get(caller.environment())));
    });
  }

  @Override
  public Mono<Stored> find(UUID id) {
    return Mono.defer(() ->
        callers.entrySet().stream()
            .filter(entry -> entry.getValue().keyId().equals(id))
            .map(entry -> find(entry.getKey()))
            .findFirst()
            .orElseGet(() -> {
              asked++;
              return outage == null ? Mono.empty() : Mono.error(outage);
            }));
  }

  @Override
  public Mono<Void> used(Collection<UUID> keys) {
    return Mono.defer(() -> {
      if (outage != null) {
        return Mono.error(outage);
      }
      used.addAll(keys);
      return Mono.empty();
    });
  }

  @Override
  public Mono<Map<EnvironmentId, Valid>> valid(Collection<EnvironmentId> environments) {
    return Mono.defer(
        () -> outage == null ? Mono.just(validNow(environments)) : Mono.error(outage));
  }

  private Map<EnvironmentId, Valid> validNow(Collection<EnvironmentId> environments) {
    return environments.stream()
        .filter(versions::containsKey)
        .collect(Collectors.toMap(e -> e, e -> new Valid(versions.get(e), keysOf(e))));
  }

  private java.util.Set<UUID> keysOf(EnvironmentId environment) {
    return callers.values().stream()
        .filter(caller -> caller.environment().equals(environment))
        .map(SdkCaller::keyId)
        .filter(id -> !revoked.contains(id))
        .collect(Collectors.toSet());
  }
}
