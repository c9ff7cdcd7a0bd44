package dev.stitchd.stream.sdk;

import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.kernel.Problem;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.OlderRemovals;
import dev.stitchd.snapshot.Snapshot;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a poll asks.
///
/// @param since what the client has, if it wants to hear only what changed
/// @param ifNoneMatch what the client has, if it wants to hear nothing while that is current
/// @param patience how long to hold the answer while there is nothing new
/// @param acceptEncoding how the client likes its answer
/// @param older what snapshots do not remember, if the client may lack that
record Poll(
    @Nullable Cursor since,
    List<String> ifNoneMatch,
    Duration patience,
    List<String> acceptEncoding,
    OlderRemovals older) {

  /// Reads `?since=`, `?wait=`, `If-None-Match` and `Accept-Encoding`.
  ///
  /// @throws Problem.Malformed if `wait` is no duration
  static Poll of(SdkRequest request, Duration longestWait) {
    return new Poll(
        Cursor.parse(request.parameter("since")),
        request.headers(HttpHeaderNames.IF_NONE_MATCH),
        patience(request.parameter("wait"), longestWait),
        request.headers(HttpHeaderNames.ACCEPT_ENCODING),
        OlderRemovals.NONE);
  }

  /// The same with what snapshots do not remember.
  Poll with(OlderRemovals known) {
    return new Poll(since, ifNoneMatch, patience, acceptEncoding, known);
  }

  /// The coding to answer in.
  Coding coding() {
    return acceptEncoding.isEmpty() ? Coding.IDENTITY : Coding.of(acceptEncoding);
  }

  /// What the client says it has, in one of the two ways; null if it says nothing.
  @Nullable String applied() {
    if (since != null) {
      return since.text();
    }
    return ifNoneMatch.isEmpty() ? null : ifNoneMatch.getFirst();
  }

  /// Whether the client has this snapshot already.
  boolean hasAlready(Snapshot snapshot) {
    return snapshot.cursor().equals(since) || names(snapshot.cursor());
  }

  /// The newest place of a snapshot's history that the client names, if the snapshot is older; null
  /// if it is not.
  @Nullable Cursor ahead(Snapshot snapshot) {
    var newest = since;
    for (var header : ifNoneMatch) {
      for (var entry : header.split(",")) {
        var named = Cursor.parseEtag(entry.trim());
        if (named != null && snapshot.isBefore(named)) {
          newest = later(newest, named);
        }
      }
    }
    return newest != null && snapshot.isBefore(newest) ? newest : null;
  }

  private static Cursor later(@Nullable Cursor one, Cursor other) {
    return one != null && one.isOfHistory(other) && one.revision() > other.revision() ? one : other;
  }

  /// Whether `If-None-Match` is exactly this tag, as it mostly is.
  boolean names(AsciiString etag) {
    return ifNoneMatch.size() == 1 && etag.contentEquals(ifNoneMatch.getFirst());
  }

  /// Whether `If-None-Match` names a cursor, as it was given or weakened by a proxy.
  private boolean names(Cursor cursor) {
    for (var header : ifNoneMatch) {
      for (var entry : header.split(",")) {
        var tag = entry.trim();
        var strong = tag.startsWith("W/") ? tag.substring(2) : tag;
        if (strong.equals("*") || strong.equals(cursor.etag())) {
          return true;
        }
      }
    }
    return false;
  }

  private static Duration patience(@Nullable String text, Duration longest) {
    if (text == null) {
      return Duration.ZERO;
    }
    try {
      var wait = Duration.parse(text.toUpperCase(Locale.ROOT));
      if (!wait.isNegative()) {
        return wait.compareTo(longest) > 0 ? longest : wait;
      }
    } catch (DateTimeParseException _) {
      // told below
    }
    throw new Problem.Malformed("wait must be an ISO-8601 duration, as in PT30S");
  }
}
