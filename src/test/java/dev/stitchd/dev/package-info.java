/// What developers and tests run on: real stores without Docker, the development launcher, a whole
/// server in one JVM, and clients for it. Nothing of this is in the production jar.
///
/// - [Stores]: PostgreSQL and ClickHouse for this JVM; a new empty database for whoever asks.
/// - [Server], [Admin], [SseClient], [Http]: whole servers in this JVM, and clients for them.
/// - [OwnPostgres], [OwnClickHouse]: an engine of one's own, to stop, kill and restart.
///
/// Everything here may block and belongs on ordinary threads.
package dev.stitchd.dev;
