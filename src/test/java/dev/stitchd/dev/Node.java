package dev.stitchd.dev;

import java.net.http.HttpClient;
import java.util.List;
import java.util.stream.Stream;

/// A server and how it is spoken to.
public final class Node {

  private final Server server;
  private final String url;
  private final Transport transport;
  private final HttpClient client;

  /// @param server started with [Transport#settings]
  public Node(Server server, Transport transport) {
    this.server = server;
    this.url = server.url();
    this.transport = transport;
    this.client = transport.client();
  }

  public String url() {
    return url;
  }

  /// The client that all requests but streams are sent by.
  public HttpClient client() {
    return client;
  }

  public Http http() {
    return Http.at(url, client);
  }

  public Admin admin() {
    return Admin.at(url, Server.TOKEN, client);
  }

  /// A stream of changes for an SDK key, on a connection of its own.
  public SseClient stream(String sdkKey, String... headers) {
    var all =
        Stream.concat(Stream.of("Authorization", "Bearer " + sdkKey), Stream.of(headers)).toList();
    return open("/sdk/v1/stream", all);
  }

  /// Any stream, on a connection of its own.
  public SseClient open(String path, List<String> headers) {
    return SseClient.open(transport.client(), url + path, headers.toArray(String[]::new));
  }

  public <T> T bean(Class<T> type) {
    return server.bean(type);
  }
}
