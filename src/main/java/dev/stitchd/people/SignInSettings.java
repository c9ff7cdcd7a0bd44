package dev.stitchd.people;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How people sign in; `STITCHD_SIGN_IN_…`.
///
/// @param sessionIdle a session ends when it was not used for so long, to the minute
/// @param sessionLongest a session ends after so long, however much it is used
/// @param sessions most sessions of one person; the oldest ends for one more
/// @param hashing most passwords that are hashed or compared at the same time; each takes 19 MiB
///   and a processor for a while
/// @param hashesWaiting most that wait for it; more are told to come again
/// @param counting most attempts that are counted at the same time; each takes a connection to
///   PostgreSQL for a moment
/// @param wrongPerAccount most wrong attempts from one address on one account within `wrongWindow`,
///   over all nodes; then 429
/// @param wrongPerAddress the same on whatever account
/// @param wrongWindow how long a wrong attempt counts
/// @param invitation how long an invitation can be accepted
/// @param reset how long a link sets a new password
@ConfigurationProperties("stitchd.sign-in")
record SignInSettings(
    @Allowed(from = "2m") @DefaultValue("12h") Duration sessionIdle,
    @DefaultValue("7d") Duration sessionLongest,
    @DefaultValue("20") int sessions,
    @DefaultValue("2") int hashing,
    @DefaultValue("64") int hashesWaiting,
    @DefaultValue("2") int counting,
    @DefaultValue("10") int wrongPerAccount,
    @DefaultValue("20") int wrongPerAddress,
    @DefaultValue("5m") Duration wrongWindow,
    @DefaultValue("7d") Duration invitation,
    @DefaultValue("24h") Duration reset) {}
