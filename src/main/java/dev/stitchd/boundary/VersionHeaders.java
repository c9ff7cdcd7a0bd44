package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;

/// `If-Match` and `ETag`: the version that a write was made against.
public final class VersionHeaders {

  /// What `If-Match: *` and an optional, absent `If-Match` mean: whatever the version is.
  public static final long ANY = -1;

  private VersionHeaders() {}

  /// The version a write names, or [#ANY]; null if it names none.
  ///
  /// @throws Problem.Malformed if it is not a version
  public static @Nullable Long named(ServerRequest request) {
    List<String> headers = request.headers().header("If-Match");
    if (headers.isEmpty()) {
      return null;
    }
    var value = headers.getFirst().trim();
    if (value.equals("*")) {
      return ANY;
    }
    var digits =
        value.length() > 2 && value.startsWith("\"") && value.endsWith("\"")
            ? value.substring(1, value.length() - 1)
            : value;
    if (headers.size() > 1 || !digits.matches("[0-9]{1,18}")) {
      throw new Problem.Malformed("If-Match must be one version, as in \"7\", or *");
    }
    return Long.parseLong(digits);
  }

  /// The same for a write that needs one and has no body that might be refused before that.
  ///
  /// @throws Problem.VersionRequired if there is none
  /// @throws Problem.Malformed if it is not a version
  public static long required(ServerRequest request) {
    var version = named(request);
    if (version == null) {
      throw new Problem.VersionRequired();
    }
    return version;
  }

  /// The version a write names, or [#ANY].
  public static long optional(ServerRequest request) {
    var version = named(request);
    return version == null ? ANY : version;
  }

  /// A version as an `ETag`.
  public static String etag(long version) {
    return "\"" + version + "\"";
  }
}
