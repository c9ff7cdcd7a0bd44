package dev.stitchd.propagation;

import dev.stitchd.boundary.BodyReader;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.HttpAnswer;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshot;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// `POST /sdk/v1/receipts`: an instance says what it has applied.
final class ReceiptEndpoint implements Endpoint {

  private static final int MAX_BODY = 4_096;

  private record Receipt(String instance, Cursor cursor) {}

  private final Tracker tracker;

  ReceiptEndpoint(Tracker tracker) {
    this.tracker = tracker;
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.RECEIPTS;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    BodyReader.checkJson(
        request.header(HttpHeaderNames.CONTENT_TYPE),
        request.header(HttpHeaderNames.CONTENT_ENCODING));
    return new Reply.AfterBody(MAX_BODY, body -> received(body, client.snapshot()));
  }

  private Reply received(byte[] body, Snapshot snapshot) {
    var receipt = receipt(snapshot, Json.parse(body));
    tracker.applied(snapshot.environment(), receipt.instance(), receipt.cursor());
    return new Reply.Now(HttpAnswer.empty(HttpResponseStatus.NO_CONTENT));
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
    var cursor = text.isBlank() ? null : checked(Cursor.parseEither(text), snapshot, fields);
    errors.throwIfAny();
    return new Receipt(instance, cursor == null ? new Cursor("", Instance.NOTHING) : cursor);
  }

  private static @Nullable Cursor checked(
      @Nullable Cursor cursor, Snapshot snapshot, JsonFields fields) {
    if (cursor == null || !cursor.isOfHistory(snapshot.cursor())) {
      fields.error(
          "cursor",
          "is not one that this environment's stream or configuration carries now: send back the id or ETag unchanged");
    }
    return cursor;
  }
}
