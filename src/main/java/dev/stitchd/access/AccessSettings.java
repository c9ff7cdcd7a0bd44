package dev.stitchd.access;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How credentials are looked up and remembered; `STITCHD_ACCESS_…`.
///
/// @param knownKeys most SDK keys remembered as valid; they stay usable while PostgreSQL is out
/// @param wrongKeys most SDK keys remembered as wrong
/// @param wrongKeyTtl how long a wrong key is refused without asking again
/// @param lookups most look-ups of unknown keys at the same time; more are told to come again
/// @param lookupTimeout how long one look-up may take
/// @param unconfirmed SDK keys that could not be compared with PostgreSQL for so long are answered
///   with 503 until they can, since they may have been revoked meanwhile; zero serves them however
///   long PostgreSQL is out; streams that are open stay open
/// @param retryAfter what a caller is told to wait, at least, when keys cannot be looked up
/// @param tokenLookups most look-ups of API tokens and tenants at the same time, so that guessing
///   tokens does not keep those who have one from PostgreSQL; more are told to come again
/// @param tokens most API tokens, and most tenants, remembered
/// @param tokenTtl how long an API token or a tenant is believed without asking again
@ConfigurationProperties("stitchd.access")
record AccessSettings(
    @DefaultValue("50000") int knownKeys,
    @DefaultValue("10000") int wrongKeys,
    @Allowed(from = "0s") @DefaultValue("10s") Duration wrongKeyTtl,
    @DefaultValue("64") int lookups,
    @DefaultValue("3s") Duration lookupTimeout,
    @Allowed(from = "0s") @DefaultValue("0s") Duration unconfirmed,
    @Allowed(from = "0s") @DefaultValue("2s") Duration retryAfter,
    @DefaultValue("4") int tokenLookups,
    @DefaultValue("1000") int tokens,
    @Allowed(from = "0s") @DefaultValue("10s") Duration tokenTtl) {}
