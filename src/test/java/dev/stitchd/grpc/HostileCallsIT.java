package dev.stitchd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stitchd.dev.Server;
import dev.stitchd.flagd.evaluation.v2.ResolveBooleanRequest;
import dev.stitchd.flagd.evaluation.v2.ServiceGrpc;
import dev.stitchd.flagd.sync.v1.FlagSyncServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Codec;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;

/// Calls that are none, or are meant to harm: each is told what is wrong with it, and the next one
/// on the same connection is answered.
@Timeout(120)
class HostileCallsIT {

  private static final byte[] BROKEN = {0x0A, 0x7F, 0x01};
  private static final byte[] EMPTY = {};

  private static Server server;
  private static String key;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() {
    server = Server.start();
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createFlag("web", "checkout");
    key = admin.createSdkKey("web", "production", "server");
    channel = channel().build();
  }

  private static NettyChannelBuilder channel() {
    return NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort()).usePlaintext();
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    server.stop();
  }

  private static Channel with(Channel channel, String name, String value) {
    var head = new Metadata();
    head.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(head));
  }

  /// Sends and receives bytes as they are.
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream stream) {
      return EMPTY;
    }
  }

  private static Status refused(
      Channel through, MethodDescriptor<?, ?> method, byte[] message, CallOptions options) {
    var raw = method.toBuilder(new Bytes(), new Bytes()).build();
    var failure =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                ClientCalls.blockingServerStreamingCall(through, raw, options, message)
                    .forEachRemaining(_ -> {}));
    assertThat(failure).as("%s is refused", method.getFullMethodName()).isNotNull();
    theNextCallIsAnswered();
    return failure.getStatus();
  }

  private static void theNextCallIsAnswered() {
    var asked = ResolveBooleanRequest.newBuilder().setFlagKey("checkout").build();
    assertThat(
            ServiceGrpc.newBlockingStub(with(channel, "x-api-key", key))
                .resolveBoolean(asked)
                .getReason())
        .isEqualTo("DISABLED");
  }

  private static void assertStatus(Status status, Status.Code code, String says) {
    assertThat(status.getCode()).as(status.toString()).isEqualTo(code);
    assertThat(status.getDescription()).contains(says);
  }

  /// What gRPC logs of failures in this JVM while it is open.
  private static final class Logged extends Handler implements AutoCloseable {

    private static final Logger GRPC = Logger.getLogger("io.grpc");

    private final List<String> failures = new CopyOnWriteArrayList<>();

    private Logged() {
      GRPC.addHandler(this);
    }

    @Override
    public void publish(LogRecord line) {
      if (line.getThrown() != null) {
        failures.add(line.getMessage() + " " + line.getThrown());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      GRPC.removeHandler(this);
    }
  }

  @Test
  void aMessageThatCannotBeReadIsRefusedOnceTheCallerIsKnown() {
    var known = with(channel, "x-api-key", key);
    try (var log = new Logged()) {
      for (var method :
          List.of(
              ServiceGrpc.getResolveBooleanMethod(),
              dev.stitchd.flagd.evaluation.v1.ServiceGrpc.getResolveAllMethod(),
              ServiceGrpc.getEventStreamMethod(),
              FlagSyncServiceGrpc.getFetchAllFlagsMethod(),
              FlagSyncServiceGrpc.getSyncFlagsMethod())) {
        assertStatus(
            refused(known, method, BROKEN, CallOptions.DEFAULT),
            Status.Code.INVALID_ARGUMENT,
            "the message cannot be read");
        assertStatus(
            refused(channel, method, BROKEN, CallOptions.DEFAULT),
            Status.Code.UNAUTHENTICATED,
            "send an SDK key");
        assertStatus(
            refused(
                with(channel, "x-api-key", "sdk_srv_none"), method, BROKEN, CallOptions.DEFAULT),
            Status.Code.UNAUTHENTICATED,
            "");
      }
      assertStatus(
          refused(channel, HealthGrpc.getCheckMethod(), BROKEN, CallOptions.DEFAULT),
          Status.Code.INVALID_ARGUMENT,
          "the message cannot be read");
      assertThat(log.failures).noneMatch(line -> line.contains("Invalid protobuf"));
    }
  }

  @Test
  void whatInflatesBeyondAMessagesSizeIsRefused() {
    var known = with(channel, "x-api-key", key);
    var zipped = CallOptions.DEFAULT.withCompression("gzip");
    try (var log = new Logged()) {
      var bomb = new byte[64 * 1024 * 1024];
      bomb[0] = 0x0A; // a key of nearly so many bytes
      bomb[1] = (byte) 0xF0;
      bomb[2] = (byte) 0xFF;
      bomb[3] = (byte) 0xFF;
      bomb[4] = 0x1F;
      assertStatus(
          refused(known, ServiceGrpc.getResolveBooleanMethod(), bomb, zipped),
          Status.Code.RESOURCE_EXHAUSTED,
          "larger than 262144 bytes when it is decompressed");
      assertStatus(
          refused(channel, ServiceGrpc.getResolveBooleanMethod(), bomb, zipped),
          Status.Code.UNAUTHENTICATED,
          "send an SDK key");
      assertThat(log.failures).noneMatch(line -> line.contains("Decompressed"));
    }
  }

  /// Says that it compresses, and does not.
  private record Pretended(String getMessageEncoding) implements Compressor {
    @Override
    public OutputStream compress(OutputStream stream) {
      return stream;
    }
  }

  @Test
  void whatIsNotCompressedAsItSaysIsRefused() {
    var registry = CompressorRegistry.newEmptyInstance();
    registry.register(Codec.Identity.NONE);
    registry.register(new Pretended("gzip"));
    registry.register(new Pretended("brotli"));
    var pretending = channel().compressorRegistry(registry).build();
    var known = with(pretending, "x-api-key", key);
    var message = "neither gzip nor protobuf".getBytes(StandardCharsets.UTF_8);
    try (var log = new Logged()) {
      var method = ServiceGrpc.getResolveBooleanMethod();
      assertStatus(
          refused(known, method, message, CallOptions.DEFAULT.withCompression("gzip")),
          Status.Code.INVALID_ARGUMENT,
          "the message cannot be read");
      assertStatus(
          refused(known, method, message, CallOptions.DEFAULT.withCompression("brotli")),
          Status.Code.UNIMPLEMENTED,
          "brotli");
      assertThat(log.failures).noneMatch(line -> line.contains("GZIP"));
    } finally {
      pretending.shutdownNow();
    }
  }

  @Test
  void whatIsNotThereIsUnimplemented() {
    for (var name : List.of("flagd.evaluation.v2.Service/Resolve", "no.such.Service/Call")) {
      var method =
          ServiceGrpc.getResolveBooleanMethod().toBuilder().setFullMethodName(name).build();
      assertStatus(
          refused(with(channel, "x-api-key", key), method, EMPTY, CallOptions.DEFAULT),
          Status.Code.UNIMPLEMENTED,
          "not found");
    }
  }

  @Test
  void metadataBeyondItsSizeIsRefused() {
    var status =
        refused(
            with(channel, "x-large", "x".repeat(20_000)),
            ServiceGrpc.getResolveBooleanMethod(),
            EMPTY,
            CallOptions.DEFAULT);
    assertThat(status.getCode())
        .as(status.toString())
        .isIn(Status.Code.INTERNAL, Status.Code.UNKNOWN, Status.Code.RESOURCE_EXHAUSTED);
  }

  /// Status and gRPC's status, each as a word, of a request that is sent as it is; `reset` if none
  /// is answered.
  private static String raw(String contentType, String name, String value) {
    return HttpClient.newConnection()
        .protocol(HttpProtocol.H2C)
        .headers(headers -> headers.set("content-type", contentType).set(name, value))
        .post()
        .uri(
            "http://127.0.0.1:" + server.grpcPort() + "/flagd.evaluation.v2.Service/ResolveBoolean")
        .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(new byte[5])))
        .responseSingle((answer, body) ->
            body.then(answer.trailerHeaders())
                .map(trailers ->
                    answer.status().code()
                        + " "
                        + answer
                            .responseHeaders()
                            .get("grpc-status", trailers.get("grpc-status", ""))))
        .onErrorReturn("reset")
        .block(Duration.ofSeconds(20));
  }

  @Test
  void anotherContentTypeIsRefused() {
    assertThat(raw("application/json", "te", "trailers")).startsWith("415 ");
    assertThat(raw("application/grpc", "te", "trailers")).isEqualTo("200 16");
    theNextCallIsAnswered();
  }

  @Test
  void aDeadlineThatIsNoneIsRefused() {
    try (var log = new Logged()) {
      for (var odd :
          List.of("soon", "S", "-1S", "+1S", "1", "1s", "1.5S", "99999999999H", "١S", "")) {
        assertThat(raw("application/grpc", "grpc-timeout", odd)).as(odd).isEqualTo("200 3");
      }
      assertThat(log.failures).noneMatch(line -> line.contains("onHeadersRead"));
    }
    assertThat(raw("application/grpc", "grpc-timeout", "99999999H")).isEqualTo("200 16");
    theNextCallIsAnswered();
  }

  /// What is no time at all is too short, not wrong.
  @Test
  void aDeadlineThatIsOverBeforeItBeginsEndsTheCall() {
    assertThat(raw("application/grpc", "grpc-timeout", "0n")).isEqualTo("reset");
    theNextCallIsAnswered();
  }
}
