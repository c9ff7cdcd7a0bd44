package dev.stitchd.kernel;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What can go wrong and is expected to: one sealed family, told to callers by one table in
/// `boundary`. Carries no stack trace, since each case is an answer, not a defect. The message is
/// written for the caller and never holds SQL or secrets.
public abstract sealed class Problem extends RuntimeException {

  private final String code;
  private final List<FieldError> errors;

  private Problem(String code, String detail, List<FieldError> errors, @Nullable Throwable cause) {
    super(detail, cause, false, false);
    this.code = code;
    this.errors = List.copyOf(errors);
  }

  /// The stable, documented name of this kind of problem, for example `stale-version`.
  public final String code() {
    return code;
  }

  /// What to tell the caller.
  public final String detail() {
    var message = getMessage();
    return message == null ? code : message;
  }

  /// All single errors of the request; empty where the detail says it all.
  public final List<FieldError> errors() {
    return errors;
  }

  /// 400: cannot be read.
  public static final class Malformed extends Problem {
    public Malformed(String detail) {
      this(detail, List.of());
    }

    public Malformed(String detail, List<FieldError> errors) {
      super("malformed", detail, errors, null);
    }
  }

  /// 401: no credential, or one that is not known.
  public static final class Unauthenticated extends Problem {
    public Unauthenticated(String detail) {
      this("unauthenticated", detail);
    }

    private Unauthenticated(String code, String detail) {
      super(code, detail, List.of(), null);
    }

    /// The password is right, and the account asks for a code besides.
    public static Unauthenticated secondFactorRequired() {
      return new Unauthenticated(
          "second-factor-required", "this account signs in with a code besides the password");
    }
  }

  /// 403: the credential is known and does not allow this.
  public static final class Forbidden extends Problem {
    public Forbidden(String detail) {
      super("forbidden", detail, List.of(), null);
    }
  }

  /// 404: does not exist, or belongs to another tenant.
  public static final class NotFound extends Problem {
    public NotFound(String detail) {
      this("not-found", detail);
    }

    private NotFound(String code, String detail) {
      super(code, detail, List.of(), null);
    }

    /// A revision that was made, and is older than what is known of the past.
    ///
    /// @param oldest the first revision that is known
    public static NotFound pruned(long revision, long oldest) {
      return new NotFound(
          "history-pruned",
          "revision %d is older than the history that is kept, which begins with revision %d"
              .formatted(revision, oldest));
    }
  }

  /// 405: the route exists with other methods.
  public static final class MethodNotAllowed extends Problem {

    private final List<String> allowed;

    public MethodNotAllowed(String method, List<String> allowed) {
      super(
          "method-not-allowed",
          "there is no " + method + " here, but " + String.join(", ", allowed),
          List.of(),
          null);
      this.allowed = List.copyOf(allowed);
    }

    /// The methods that the route has.
    public List<String> allowed() {
      return allowed;
    }
  }

  /// 409: the resource changed since the version that the request was made against.
  public static final class StaleVersion extends Problem {
    private final long current;

    public StaleVersion(String resource, long current, long expected) {
      super(
          "stale-version",
          resource + " is at version " + current + ", the request was made against " + expected,
          List.of(),
          null);
      this.current = current;
    }

    /// The version that the resource has now.
    public long current() {
      return current;
    }
  }

  /// 409: cannot be done as things are; the code says which rule forbids it, for example
  /// `key-taken` or `in-use`.
  public static final class Conflict extends Problem {
    public Conflict(String code, String detail) {
      this(code, detail, List.of());
    }

    public Conflict(String code, String detail, List<FieldError> errors) {
      super(code, detail, errors, null);
    }
  }

  /// 413: larger than a named limit.
  public static final class TooLarge extends Problem {
    public TooLarge(String detail) {
      super("too-large", detail, List.of(), null);
    }
  }

  /// 415: a media type or content coding that is not read here.
  public static final class UnsupportedMedia extends Problem {
    public UnsupportedMedia(String detail) {
      super("unsupported-media-type", detail, List.of(), null);
    }
  }

  /// 422: well-formed, and wrong.
  public static final class Invalid extends Problem {
    public Invalid(List<FieldError> errors) {
      this("the request is well-formed but not valid", errors);
    }

    public Invalid(String detail, List<FieldError> errors) {
      super("invalid", detail, errors, null);
    }

    /// An invalid request whose kind has a name of its own, for example `too-many-slots`.
    public Invalid(String code, String detail, List<FieldError> errors) {
      super(code, detail, errors, null);
    }
  }

  /// 428: a write without `If-Match`.
  public static final class VersionRequired extends Problem {
    public VersionRequired() {
      this(
          "this write needs the header If-Match with the version it was made against, as in If-Match: \"7\"; * matches any",
          List.of());
    }

    public VersionRequired(String detail, List<FieldError> errors) {
      super("version-required", detail, errors, null);
    }
  }

  /// 429: too much from this caller; says when to come again.
  public static final class TooMany extends Problem {
    private final Duration retryAfter;

    public TooMany(String detail, Duration retryAfter) {
      this("too-many-requests", detail, retryAfter);
    }

    private TooMany(String code, String detail, Duration retryAfter) {
      super(code, detail, List.of(), null);
      this.retryAfter = retryAfter;
    }

    /// More questions about events at once than are answered.
    public static TooMany questions(String detail, Duration retryAfter) {
      return new TooMany("too-many-questions", detail, retryAfter);
    }

    public Duration retryAfter() {
      return retryAfter;
    }
  }

  /// 503: cannot be served now; says when to come again.
  public static final class Unavailable extends Problem {
    private final Duration retryAfter;

    public Unavailable(String detail, Duration retryAfter) {
      this(detail, retryAfter, null);
    }

    public Unavailable(String detail, Duration retryAfter, @Nullable Throwable cause) {
      this("unavailable", detail, retryAfter, cause);
    }

    private Unavailable(
        String code, String detail, Duration retryAfter, @Nullable Throwable cause) {
      super(code, detail, List.of(), cause);
      this.retryAfter = retryAfter;
    }

    /// This node does not have the revision that was asked for.
    public static Unavailable behind(String detail, Duration retryAfter) {
      return new Unavailable("behind", detail, retryAfter, null);
    }

    public Duration retryAfter() {
      return retryAfter;
    }
  }
}
