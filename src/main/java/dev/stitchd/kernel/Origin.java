package dev.stitchd.kernel;

/// Where a request came from, for the audit log.
///
/// @param address the client's, `unknown` if the connection does not tell
/// @param requestId the caller's name for the request, or one that was made for it
public record Origin(String address, String requestId) {}
