package dev.stitchd.ofrep;

import dev.stitchd.kernel.Allowed;
import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// Evaluation requests and the event stream that tells when to send another; `STITCHD_OFREP_…`.
///
/// @param maxBody a larger body is not read to its end
/// @param maxContext a larger context is refused as invalid
/// @param pathPrefix the path under which a proxy shows this server, as `/flags`; part of the
///   stream's address in bulk answers; none if null
/// @param inactivity how long clients whose page is hidden keep their stream
/// @param spread clients are told of a change within this time, by chance …
/// @param refetches … so that about so many of an environment evaluate anew in a second
/// @param recent a stream that begins without a cursor is told to evaluate anew if something it may
///   see changed so recently, since its first evaluation may be from before
/// @param watched most environments whose visible changes are remembered, each for server and for
///   client keys
/// @param watchedIdle for how long they are remembered while nobody listens
/// @param streamAge event streams live so long at least, and up to a quarter longer by chance; less
///   than a day makes providers say that they are stale, which some never take back
@ConfigurationProperties("stitchd.ofrep")
record OfrepSettings(
    @Allowed(to = "1GB") @DefaultValue("256KB") DataSize maxBody,
    @Allowed(to = "1GB") @DefaultValue("64KB") DataSize maxContext,
    @Nullable String pathPrefix,
    @Allowed(from = "0s") @DefaultValue("120s") Duration inactivity,
    @Allowed(from = "0s") @DefaultValue("2s") Duration spread,
    @DefaultValue("2500") int refetches,
    @Allowed(from = "0s") @DefaultValue("30s") Duration recent,
    @DefaultValue("1000") int watched,
    @DefaultValue("15m") Duration watchedIdle,
    @DefaultValue("168h") Duration streamAge)
    implements CheckedSettings {

  private static final Pattern PREFIX = Pattern.compile("(/[A-Za-z0-9._~-]+)+");

  @Override
  public void check() {
    var _ = acceptedPathPrefix();
  }

  /// The prefix, empty for none.
  ///
  /// @throws StartFailure if it is not the beginning of a path
  String acceptedPathPrefix() {
    if (pathPrefix == null || pathPrefix.isBlank()) {
      return "";
    }
    if (!PREFIX.matcher(pathPrefix).matches()) {
      throw new StartFailure(
          "STITCHD_OFREP_PATH_PREFIX is '"
              + pathPrefix
              + "' and must be a path that begins with a slash and ends without one, as /flags.",
          null);
    }
    return pathPrefix;
  }

  /// How far apart the first and the last of so many clients are told.
  Duration spreadOver(int listeners) {
    var needed = Duration.ofSeconds(listeners).dividedBy(Math.max(1, refetches));
    return needed.compareTo(spread) < 0 ? needed : spread;
  }
}
