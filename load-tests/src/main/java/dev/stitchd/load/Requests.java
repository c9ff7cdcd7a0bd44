package dev.stitchd.load;

import io.netty.buffer.ByteBuf;

/// Request bytes, encoded once.
final class Requests {

  private Requests() {}

  static ByteBuf config(Address address, String key, String ifNoneMatch, String encoding) {
    return Netty.shared(
        "GET /sdk/v1/config HTTP/1.1\r\nHost: "
            + address.hostHeader()
            + "\r\nAuthorization: Bearer "
            + key
            + (ifNoneMatch.isEmpty() ? "" : "\r\nIf-None-Match: " + ifNoneMatch)
            + (encoding.isEmpty() ? "" : "\r\nAccept-Encoding: " + encoding)
            + "\r\n\r\n");
  }

  static ByteBuf json(Address address, String key, String path, String body) {
    return Netty.shared(jsonHead(address, key, path, body.length()) + body);
  }

  /// The head of a POST of JSON in ASCII.
  static String jsonHead(Address address, String key, String path, int length) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: "
        + address.hostHeader()
        + "\r\nAuthorization: Bearer "
        + key
        + "\r\nContent-Type: application/json\r\nContent-Length: "
        + length
        + "\r\n\r\n";
  }
}
