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
/// @param tokenLookups most look-ups of API tokens at the same time; of tokens from addresses that
///   wrong ones came from, and of tenants, as many beside these, so that guessing tokens does not
///   keep those who have one from PostgreSQL
/// @param tokenWaits most such look-ups that wait for their turn, for as long as a look-up may
///   take; more are told to come again
/// @param wrongTokens how many wrong API tokens an address may send within a minute before they are
///   answered with 429; a right one is taken all the same
/// @param tokens most API tokens, and most tenants, remembered
/// @param tokenTtl how long an API token, its roles or a tenant are believed without asking again:
///   what is revoked is refused within two seconds
/// @param usesNoted how often a node notes which SDK keys were used since the last time
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
    @DefaultValue("256") int tokenWaits,
    @DefaultValue("600") int wrongTokens,
    @DefaultValue("1000") int tokens,
    @Allowed(from = "0s") @DefaultValue("1s") Duration tokenTtl,
    @DefaultValue("1m") Duration usesNoted) {}
