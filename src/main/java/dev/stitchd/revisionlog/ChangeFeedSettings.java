package dev.stitchd.revisionlog;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How a node listens for changes; `STITCHD_CHANGEFEED_…`.
///
/// @param firstRetry how soon a lost connection is opened again
/// @param longestRetry how far apart attempts may grow while PostgreSQL is out
/// @param keepAlive how often an idle connection is asked whether it still lives
/// @param answerWithin how long opening a connection, and each answer on it, may take
/// @param mailbox announcements of so many different environments wait for a slow subscriber;
///   beyond that it is told to read everything it holds
@ConfigurationProperties("stitchd.changefeed")
record ChangeFeedSettings(
    @DefaultValue("100ms") Duration firstRetry,
    @DefaultValue("2s") Duration longestRetry,
    @DefaultValue("5s") Duration keepAlive,
    @DefaultValue("3s") Duration answerWithin,
    @DefaultValue("10000") int mailbox) {}
