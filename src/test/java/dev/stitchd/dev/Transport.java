package dev.stitchd.dev;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// How clients speak to a server.
public enum Transport {
  /// HTTP/1.1 without encryption.
  PLAIN(HttpClient.Version.HTTP_1_1),
  /// HTTP/1.1 over TLS.
  TLS(HttpClient.Version.HTTP_1_1),
  /// HTTP/2 over TLS.
  HTTP_2(HttpClient.Version.HTTP_2);

  private final HttpClient.Version version;

  Transport(HttpClient.Version version) {
    this.version = version;
  }

  public HttpClient.Version version() {
    return version;
  }

  public boolean isEncrypted() {
    return this != PLAIN;
  }

  /// What a server is given in order to speak it, besides other settings.
  public Map<String, String> settings(Map<String, String> others) {
    var all = new HashMap<>(others);
    if (isEncrypted()) {
      all.put("STITCHD_TLS_CERTIFICATE", TestCertificate.shared().certificate().toString());
      all.put("STITCHD_TLS_PRIVATE_KEY", TestCertificate.shared().privateKey().toString());
    }
    return all;
  }

  /// A new client that speaks it.
  public HttpClient client() {
    var client = HttpClient.newBuilder().version(version).connectTimeout(Duration.ofSeconds(5));
    return isEncrypted()
        ? client.sslContext(TestCertificate.shared().trusting()).build()
        : client.build();
  }
}
