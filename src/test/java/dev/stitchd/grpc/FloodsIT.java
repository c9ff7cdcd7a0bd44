package dev.stitchd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Server;
import dev.stitchd.flagd.evaluation.v2.ResolveBooleanRequest;
import dev.stitchd.flagd.evaluation.v2.ResolveBooleanResponse;
import dev.stitchd.flagd.evaluation.v2.ServiceGrpc;
import dev.stitchd.flagd.sync.v1.FlagSyncServiceGrpc;
import dev.stitchd.flagd.sync.v1.SyncFlagsRequest;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Clients that ask for too much, too often or nothing at all, and a server that stops.
@Timeout(180)
class FloodsIT {

  private static final ResolveBooleanRequest ASKED =
      ResolveBooleanRequest.newBuilder().setFlagKey("checkout").build();
  private static final Duration SOON = Duration.ofSeconds(60);

  private static Server server;
  private static String key;
  private static String other;

  @BeforeAll
  static void start() {
    server = Server.start(Map.of("STITCHD_GRPC_IDLE", "PT3S", "STITCHD_GRPC_PINGS", "PT0.2S"));
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createFlag("web", "checkout");
    key = admin.createSdkKey("web", "production", "server");
    other = admin.createSdkKey("web", "production", "server");
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  private static ManagedChannel connection(Server server) {
    return NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort()).usePlaintext().build();
  }

  private static Channel as(Channel channel, String key) {
    var head = new Metadata();
    head.put(Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER), key);
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(head));
  }

  /// How calls ended.
  private static final class Ends implements StreamObserver<ResolveBooleanResponse> {

    private final Queue<Status.Code> codes = new ConcurrentLinkedQueue<>();
    private final CountDownLatch open;

    private Ends(int calls) {
      open = new CountDownLatch(calls);
    }

    private void end(Status.Code code) {
      codes.add(code);
      open.countDown();
    }

    @Override
    public void onNext(ResolveBooleanResponse answer) {}

    @Override
    public void onError(Throwable failure) {
      end(Status.fromThrowable(failure).getCode());
    }

    @Override
    public void onCompleted() {
      end(Status.Code.OK);
    }
  }

  private static void nothingIsLeftOpen() {
    await().atMost(SOON).until(() -> server.bean(CallLimits.class).keys() == 0);
  }

  @Test
  void aFloodOfOneKeyIsAnsweredInTurnsAndTheOthersMeanwhile() throws InterruptedException {
    var flooding = connection(server);
    var calm = connection(server);
    try {
      var ends = new Ends(10_000);
      var flood = ServiceGrpc.newStub(as(flooding, key));
      for (int i = 0; i < 10_000; i++) {
        flood.resolveBoolean(ASKED, ends);
      }
      for (int i = 0; i < 20; i++) {
        assertThat(
                ServiceGrpc.newBlockingStub(as(calm, other))
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .resolveBoolean(ASKED)
                    .getVariant())
            .isEqualTo("off");
      }
      assertThat(ends.open.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(ends.codes).containsOnly(Status.Code.OK);
      nothingIsLeftOpen();
    } finally {
      flooding.shutdownNow();
      calm.shutdownNow();
    }
  }

  @Test
  void whatIsCancelledOrTooLateLeavesNothingBehind() throws InterruptedException {
    var connection = connection(server);
    try {
      var ends = new Ends(1_000);
      var hurried =
          ServiceGrpc.newStub(as(connection, key)).withDeadlineAfter(5, TimeUnit.MILLISECONDS);
      for (int i = 0; i < 1_000; i++) {
        hurried.resolveBoolean(ASKED, ends);
      }
      assertThat(ends.open.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(ends.codes).contains(Status.Code.DEADLINE_EXCEEDED);
      var dropped = new Ends(1_000);
      for (int i = 0; i < 1_000; i++) {
        ServiceGrpc.newStub(as(connection, key)).resolveBoolean(ASKED, dropped);
      }
      connection.shutdownNow();
      assertThat(dropped.open.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      nothingIsLeftOpen();
    } finally {
      connection.shutdownNow();
    }
  }

  /// A connection that speaks bare HTTP/2.
  private static final class Bare implements AutoCloseable {

    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GOAWAY = 7;
    private static final int ACK = 1;

    private final Socket socket;
    private final DataInputStream from;
    private final DataOutputStream to;
    private int acknowledged;

    private Bare(Server server) throws IOException {
      socket = new Socket("127.0.0.1", server.grpcPort());
      socket.setSoTimeout((int) SOON.toMillis());
      from = new DataInputStream(socket.getInputStream());
      to = new DataOutputStream(socket.getOutputStream());
      to.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      frame(SETTINGS, new byte[0]);
    }

    private void frame(int type, byte[] content) throws IOException {
      to.writeByte(0);
      to.writeShort(content.length);
      to.writeByte(type);
      to.writeByte(0);
      to.writeInt(0);
      to.write(content);
    }

    private void ping() throws IOException {
      frame(PING, new byte[8]);
    }

    /// So many, unless the server ends the connection meanwhile.
    private void pings(int most) {
      try {
        for (int i = 0; i < most; i++) {
          ping();
        }
      } catch (IOException _) {
        // what it said before that is still to be read
      }
    }

    /// Reads until the server has acknowledged so many pings or takes leave.
    ///
    /// @return the code that it takes leave with; −1 if it has not
    private int read(int pings) throws IOException {
      while (acknowledged < pings) {
        int length = from.readUnsignedByte() << 16 | from.readUnsignedShort();
        int type = from.readUnsignedByte();
        int flags = from.readUnsignedByte();
        from.readInt();
        var content = from.readNBytes(length);
        if (content.length < length) {
          throw new EOFException();
        }
        if (type == GOAWAY) {
          return content[7];
        }
        acknowledged += type == PING && flags == ACK ? 1 : 0;
      }
      return -1;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private static final int NO_ERROR = 0;
  private static final int ENHANCE_YOUR_CALM = 11;

  @Test
  void pingsAtTheirPaceAreWelcomeAndAFloodOfThemIsNot() throws Exception {
    try (var calm = new Bare(server);
        var flooding = new Bare(server)) {
      for (int i = 1; i <= 5; i++) {
        calm.ping();
        assertThat(calm.read(i)).isNotEqualTo(ENHANCE_YOUR_CALM);
        Thread.sleep(300);
      }
      flooding.pings(50);
      assertThat(flooding.read(50)).isEqualTo(ENHANCE_YOUR_CALM);
    }
  }

  @Test
  void aConnectionWithoutCallsIsClosed() throws Exception {
    try (var idle = new Bare(server)) {
      assertThat(idle.read(1)).isEqualTo(NO_ERROR);
    }
  }

  /// Providers take an end in good order for the end.
  @Test
  void aNodeThatStopsSendsItsStreamsAwayAndTakesLeaveOfItsConnections() throws IOException {
    var stopping =
        Server.on(server.postgres(), server.clickHouse(), Map.of("STITCHD_DRAIN", "PT0.3S"));
    var connection = connection(stopping);
    try {
      var sets =
          FlagSyncServiceGrpc.newBlockingStub(as(connection, key))
              .syncFlags(SyncFlagsRequest.getDefaultInstance());
      assertThat(sets.next().getFlagConfiguration()).contains("checkout");
      try (var idle = new Bare(stopping)) {
        idle.ping();
        assertThat(idle.read(1)).isEqualTo(-1);
        stopping.close();
        var end = catchThrowableOfType(StatusRuntimeException.class, sets::hasNext);
        assertThat(end.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(end.getStatus().getDescription()).isEqualTo("this node is shutting down");
        assertThat(idle.read(3)).isEqualTo(NO_ERROR);
      }
    } finally {
      connection.shutdownNow();
      stopping.close();
    }
  }
}
