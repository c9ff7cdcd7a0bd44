package dev.stitchd.boundary;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Keyset paging: a list is ordered by key, and a cursor names the last key of the page before.
///
/// @param limit at most so many items
/// @param after only keys greater than this; empty for the first page
public record Page(int limit, String after) {

  private static final int DEFAULT = 50;
  private static final int MOST = 200;

  /// Reads `?limit=&cursor=`; mistakes are a [dev.stitchd.kernel.Problem.Malformed].
  public static Page of(ServerRequest request) {
    var errors = new FieldErrors();
    var page = of(request, errors);
    errors.throwIfAny();
    return page;
  }

  /// The same with other mistakes, of which all are told at once.
  public static Page of(ServerRequest request, FieldErrors errors) {
    var limit = request.queryParam("limit").map(text -> limit(text, errors)).orElse(DEFAULT);
    var after = request.queryParam("cursor").map(text -> decode(text, errors)).orElse("");
    return new Page(limit, after);
  }

  /// The answer for a page that was read with one item more than its limit, to learn whether there
  /// is another.
  public <T> ObjectNode answer(
      List<T> items, Function<T, String> key, Function<T, ? extends JsonNode> body) {
    var page = items.subList(0, Math.min(limit, items.size()));
    return answer(page, body, items.size() > limit ? key.apply(page.getLast()) : null);
  }

  /// The answer for a page that goes on behind something else than its last item.
  ///
  /// @param next where the next page begins; null if there is none
  public static <T> ObjectNode answer(
      List<T> items, Function<T, ? extends JsonNode> body, @Nullable String next) {
    var answer = Json.object();
    var list = answer.putArray("items");
    items.forEach(item -> list.add(body.apply(item)));
    return next == null ? answer : answer.put("nextCursor", encode(next));
  }

  /// The same for a list whose newest come first, each with a number that rises: a page goes on
  /// below the number that the one before ended with.
  public long before() {
    try {
      return after.isEmpty() ? Long.MAX_VALUE : Long.parseLong(after);
    } catch (NumberFormatException e) {
      var errors = new FieldErrors();
      errors.addMalformed("cursor", "is not a cursor that this server gave");
      errors.throwIfAny();
      throw e;
    }
  }

  private static int limit(String text, FieldErrors errors) {
    if (text.matches("[0-9]{1,4}")
        && Integer.parseInt(text) >= 1
        && Integer.parseInt(text) <= MOST) {
      return Integer.parseInt(text);
    }
    errors.addMalformed("limit", "must be a number from 1 to " + MOST);
    return DEFAULT;
  }

  private static String encode(String key) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(key.getBytes(StandardCharsets.UTF_8));
  }

  private static String decode(String cursor, FieldErrors errors) {
    try {
      var key = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
      if (Json.isStorable(key)) {
        return key;
      }
    } catch (IllegalArgumentException e) {
      // told below
    }
    errors.addMalformed("cursor", "is not a cursor that this server gave");
    return "";
  }
}
