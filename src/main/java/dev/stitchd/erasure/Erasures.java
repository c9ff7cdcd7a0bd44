package dev.stitchd.erasure;

import dev.stitchd.audit.AuditNote;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Lookups;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.warehouse.EventRemoval;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// What is to be erased: asked for in a transaction, carried out later, and told of for as long as
/// it is remembered. Each publisher emits one value or fails with a [dev.stitchd.kernel.Problem],
/// on an R2DBC event loop.
@Component
public final class Erasures {

  /// In bytes of UTF-8, as a list's members may have.
  private static final int LONGEST_KEY = 512;

  private static final int LONGEST_TYPE = 100;

  private final Transactions transactions;
  private final Lookups lookups;
  private final UnitsOfWork units;
  private final EventRemoval removal;

  Erasures(Transactions transactions, Lookups lookups, UnitsOfWork units, EventRemoval removal) {
    this.transactions = transactions;
    this.lookups = lookups;
    this.units = units;
    this.removal = removal;
  }

  /// Has every event of an environment erased that was received until now and is about a context.
  public Mono<Erasure> ofContext(
      Author author, String project, String environment, String type, String key) {
    return lookups
        .inEnvironment(author.tenant(), project, environment, (_, id) -> Mono.just(id))
        .doOnNext(_ -> check(type, key))
        .flatMap(id ->
            units.write(author, unit -> ofContext(unit, project, environment, id, type, key)));
  }

  /// A tenant's erasures with numbers below `before`, the newest first, one more than `limit`.
  ///
  /// @param projects the keys of those that they may lie in; null for all
  public Mono<List<Erasure>> list(
      TenantId tenant, @Nullable List<String> projects, long before, int limit) {
    return transactions.inTenant(
        tenant, session -> ErasureRows.page(session, tenant, projects, before, limit));
  }

  /// One erasure.
  public Mono<Erasure> get(TenantId tenant, UUID id) {
    return transactions.inTenant(tenant, session -> ErasureRows.find(session, tenant, id));
  }

  /// As the API answers it.
  public ObjectNode json(Erasure erasure) {
    return erasure.json(removal.tables());
  }

  /// The audit log names the erasure: it would keep whose data it was for ever.
  private static Mono<Erasure> ofContext(
      UnitOfWork unit,
      String project,
      String environment,
      EnvironmentId id,
      String type,
      String key) {
    return ErasureRows.insert(unit.session(), unit.tenant(), project, environment, id, type, key)
        .delayUntil(made ->
            unit.note(
                new AuditNote(
                    "context.erase",
                    "/erasures/" + made.id(),
                    new AuditNote.Place(project, environment),
                    Map.of(),
                    null,
                    Json.object().put("id", made.id().toString()).put("contextType", type))));
  }

  private static void check(String type, String key) {
    var errors = new FieldErrors();
    if (type.isBlank() || type.length() > LONGEST_TYPE) {
      errors.addMalformed("type", "must have 1 to " + LONGEST_TYPE + " characters");
    }
    if (key.isEmpty() || key.getBytes(StandardCharsets.UTF_8).length > LONGEST_KEY) {
      errors.addMalformed("key", "must have 1 to " + LONGEST_KEY + " bytes of UTF-8");
    }
    errors.throwIfAny();
  }
}
