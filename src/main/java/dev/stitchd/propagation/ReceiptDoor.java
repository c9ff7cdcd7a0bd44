package dev.stitchd.propagation;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.boundary.Bodies;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// `POST /sdk/v1/receipts`: an instance says what it has applied.
final class ReceiptDoor {

  private static final int MAX_BODY = 4_096;

  private record Receipt(String instance, Applied cursor) {}

  private final Access access;
  private final Snapshots snapshots;
  private final Tracker tracker;

  ReceiptDoor(Access access, Snapshots snapshots, Tracker tracker) {
    this.access = access;
    this.snapshots = snapshots;
    this.tracker = tracker;
  }

  Mono<ServerResponse> post(ServerRequest request) {
    request
        .exchange()
        .getResponse()
        .getHeaders()
        .set(HttpHeaders.VARY, "Authorization, X-API-Key, Accept-Encoding");
    return access
        .serverSdk(request.exchange().getRequest())
        .flatMap(caller -> post(request, caller))
        .then(
            ServerResponse.noContent()
                .header(HttpHeaders.CACHE_CONTROL, "private, no-cache")
                .build());
  }

  private Mono<Void> post(ServerRequest request, SdkCaller caller) {
    return snapshots
        .current(caller.environment())
        .zipWith(Bodies.json(request, MAX_BODY), ReceiptDoor::receipt)
        .doOnNext(
            receipt -> tracker.applied(caller.environment(), receipt.instance(), receipt.cursor()))
        .then();
  }

  private static Receipt receipt(Snapshot snapshot, JsonNode body) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var instance = fields.requiredText("instance", 100);
    var text = fields.requiredText("cursor", 100);
    fields.refuseOthers(Set.of());
    if (!instance.isBlank() && !InstanceHeader.NAME.matcher(instance).matches()) {
      fields.error("instance", "must match " + InstanceHeader.NAME.pattern());
    }
    var cursor = text.isBlank() ? null : checked(Applied.parse(text), snapshot, fields);
    errors.throwIfAny();
    return new Receipt(instance, cursor == null ? new Applied("", Instance.NOTHING) : cursor);
  }

  private static @Nullable Applied checked(
      @Nullable Applied cursor, Snapshot snapshot, JsonFields fields) {
    if (cursor == null || !cursor.tag().equals(snapshot.tag())) {
      fields.error(
          "cursor",
          "is not one that this environment's stream or configuration carries now: send back the id or ETag unchanged");
    }
    return cursor;
  }
}
