package dev.stitchd.warehouse;

import dev.stitchd.kernel.TenantId;
import java.util.Optional;
import java.util.function.UnaryOperator;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/// Whose share of ClickHouse a question takes. It travels with the request, in Reactor's context,
/// since every question has one and none depends on it.
public final class Asker {

  private static final Class<Asker> KEY = Asker.class;

  private Asker() {}

  /// For `contextWrite`: what is asked above is asked for this tenant.
  public static UnaryOperator<Context> of(TenantId tenant) {
    return context -> context.put(KEY, tenant);
  }

  /// Who asks. All who do not say share one share.
  public static Optional<TenantId> in(ContextView context) {
    return context.getOrEmpty(KEY);
  }
}
