package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.dev.Server;
import dev.stitchd.dev.TestCertificate;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.HttpsURLConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The SDK plane over TLS, with a certificate from PEM files.
class TlsIT {

  @TempDir private static Path folder;
  private static TestCertificate certificate;
  private static Server server;

  @BeforeAll
  static void start() {
    certificate = TestCertificate.in(folder);
    server =
        Server.start(
            Map.of(
                "STITCHD_STREAM_HEARTBEAT",
                "PT0.4S",
                "STITCHD_HTTP_IDLE",
                "PT1S",
                "STITCHD_TLS_CERTIFICATE",
                certificate.certificate().toString(),
                "STITCHD_TLS_PRIVATE_KEY",
                certificate.privateKey().toString()));
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  private abstract static class Tls implements SdkPlaneSuite {
    @Override
    public Server server() {
      return server;
    }

    @Override
    public String url() {
      return server.url();
    }

    @Override
    public HttpClient client() {
      return HttpClient.newBuilder()
          .version(version())
          .sslContext(certificate.trusting())
          .connectTimeout(SOON)
          .build();
    }

    @Override
    public Duration proxyTimeout() {
      return Duration.ofSeconds(1);
    }
  }

  @Nested
  class OverHttp2 extends Tls {
    @Override
    public HttpClient.Version version() {
      return HttpClient.Version.HTTP_2;
    }
  }

  @Nested
  class OverHttp1 extends Tls {
    @Override
    public HttpClient.Version version() {
      return HttpClient.Version.HTTP_1_1;
    }
  }

  /// Go's provider names no protocol in its TLS; others that speak HTTP/1.1 name that.
  @Test
  void connectIsSpokenOverTlsWithAndWithoutAProtocolsName() throws Exception {
    var method =
        URI.create(
            "https://127.0.0.1:%d/flagd.evaluation.v1.Service/ResolveBoolean"
                .formatted(server.grpcPort()));
    var without = (HttpsURLConnection) method.toURL().openConnection();
    without.setSSLSocketFactory(certificate.trusting().getSocketFactory());
    without.setHostnameVerifier((_, _) -> true);
    without.setRequestMethod("POST");
    without.setRequestProperty("Content-Type", "application/json");
    without.setDoOutput(true);
    without.getOutputStream().write('{');
    without.getOutputStream().write('}');
    assertThat(without.getResponseCode()).isEqualTo(401);
    try (var client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(certificate.trusting())
            .build()) {
      var answer =
          client.send(
              HttpRequest.newBuilder(method)
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString("{}"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).isEqualTo(401);
      assertThat(answer.body()).contains("\"code\":\"unauthenticated\"");
    }
  }

  @Test
  void grpcShowsTheSameCertificate() throws Exception {
    var channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
            .sslContext(
                GrpcSslContexts.forClient()
                    .trustManager(certificate.certificate().toFile())
                    .build())
            .build();
    try {
      var health =
          HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
      assertThat(health.getStatus()).isEqualTo(ServingStatus.SERVING);
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void aCertificateWithoutItsKeyStopsTheStartWithASentence() {
    assertThatThrownBy(() ->
            Server.start(Map.of("STITCHD_TLS_CERTIFICATE", certificate.certificate().toString())))
        .hasStackTraceContaining("set STITCHD_TLS_PRIVATE_KEY to a PEM file that can be read");
  }

  @Test
  void nonsenseInTheFileStopsTheStartWithASentence() throws Exception {
    var nonsense = Files.writeString(folder.resolve("nonsense.pem"), "no certificate");
    assertThatThrownBy(() ->
            Server.start(
                Map.of(
                    "STITCHD_TLS_CERTIFICATE",
                    nonsense.toString(),
                    "STITCHD_TLS_PRIVATE_KEY",
                    certificate.privateKey().toString())))
        .hasStackTraceContaining("cannot be used");
    assertThat(nonsense).exists();
  }
}
