package dev.stitchd.dev;

/// A database of a running store.
///
/// @param url as Stitchd's configuration takes it: `postgresql://user:password@host:port/database`
///   or `http://user:password@host:port/database`
public record StoresDatabase(String url) {}
