package dev.stitchd.warehouse.live;

import dev.stitchd.delivery.NodeName;
import dev.stitchd.delivery.RejectionLog;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import dev.stitchd.warehouse.clickhouse.WarehouseHealth;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// A bounded sample of what this node rejects, written to ClickHouse now and then. What does not
/// fit, or cannot be written, is left out and counted.
final class RejectedEvents implements RejectionLog {

  private static final int LONGEST = 500;

  private static final String INSERT =
      "INSERT INTO rejected_events (environment_id, received_at, id, code, detail, node) FORMAT JSONEachRow";

  private final ClickHouseClient clickHouse;
  private final WarehouseHealth health;
  private final NodeName node;
  private final int most;
  private final Clock clock;
  private final Counter leftOut;
  private final Queue<String> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger size = new AtomicInteger();

  RejectedEvents(
      ClickHouseClient clickHouse,
      WarehouseHealth health,
      NodeName node,
      LiveSettings settings,
      Clock clock,
      MeterRegistry meters) {
    this.clickHouse = clickHouse;
    this.health = health;
    this.node = node;
    this.most = settings.rejectedWaiting();
    this.clock = clock;
    leftOut =
        Counter.builder("stitchd.live.rejected.left-out")
            .description("Rejected events that are not shown live")
            .register(meters);
  }

  @Override
  public void note(EnvironmentId environment, List<Rejected> rejected) {
    for (var one : rejected) {
      if (size.incrementAndGet() > most) {
        size.decrementAndGet();
        leftOut.increment();
      } else {
        waiting.add(line(environment, one));
      }
    }
  }

  private String line(EnvironmentId environment, Rejected rejected) {
    return Json.write(
        Json.object()
            .put("environment_id", environment.toString())
            .put("received_at", clock.millis())
            .put("id", cut(rejected.id()))
            .put("code", rejected.code())
            .put("detail", cut(rejected.detail()))
            .put("node", node.name()));
  }

  private static String cut(@Nullable String text) {
    return text == null ? "" : text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }

  /// Writes what waits. Fails as the store does; what was to be written is then left out.
  Mono<Void> write() {
    return Mono.defer(() -> {
      var lines = new StringBuilder();
      int taken = 0;
      for (var line = waiting.poll(); line != null; line = waiting.poll()) {
        lines.append(line).append('\n');
        taken++;
      }
      size.addAndGet(-taken);
      return taken == 0 ? Mono.empty() : insert(lines.toString(), taken);
    });
  }

  private Mono<Void> insert(String lines, int count) {
    if (!health.isUp()) {
      leftOut.increment(count);
      return Mono.empty();
    }
    return clickHouse
        .run(
            ClickHouseStatement.of(INSERT)
                .within(LiveRows.LIMITS)
                .with(Map.of("async_insert", "0"))
                .sending(lines.getBytes(StandardCharsets.UTF_8)))
        .doOnError(_ -> leftOut.increment(count));
  }
}
