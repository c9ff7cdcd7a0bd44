package dev.stitchd.grpc;

import dev.stitchd.kernel.Allowed;
import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// The gRPC server; `STITCHD_GRPC_…`.
///
/// @param port the port; without one 8013 and 8015, where flagd's providers look by default; 0 for
///   any that is free, −1 for no gRPC
/// @param address what it listens on
/// @param tls whether, with `STITCHD_TLS_CERTIFICATE`, gRPC speaks TLS too; false where a proxy in
///   front speaks it
/// @param maxMessage largest message of a client; a larger one is refused with RESOURCE_EXHAUSTED
/// @param maxHeaders largest metadata of a call
/// @param perConnection most calls of one connection at the same time
/// @param perKey most unary calls of one SDK key that are open at the same time
/// @param keylessStreams most streams of health and reflection, which need no key, on this node
/// @param idle a connection without a call is closed after so long
/// @param resets a connection is closed whose client takes more calls back within 30 s; each costs
///   the server and is soon forgotten by the client
/// @param pings a connection whose client asks more often than this whether the server lives is
///   closed; flagd's provider for Go asks every 30 s
/// @param keepAlive when a connection that is silent for so long is asked whether its client lives
/// @param unanswered … and closed if it does not answer within this time
/// @param handshake how long a new connection may take until it can be used; over Connect also a
///   request until it has arrived, and a client until it has its answer
/// @param ending how long calls that are being answered are waited for when the server stops
@ConfigurationProperties("stitchd.grpc")
record GrpcSettings(
    @Nullable Integer port,
    @DefaultValue("0.0.0.0") String address,
    @DefaultValue("true") boolean tls,
    @Allowed(to = "1GB") @DefaultValue("256KB") DataSize maxMessage,
    @Allowed(to = "1GB") @DefaultValue("16KB") DataSize maxHeaders,
    @DefaultValue("100") int perConnection,
    @DefaultValue("500") int perKey,
    @DefaultValue("100") int keylessStreams,
    @Allowed(from = "1s") @DefaultValue("5m") Duration idle,
    @DefaultValue("500") int resets,
    @Allowed(from = "0s") @DefaultValue("10s") Duration pings,
    @Allowed(from = "1s") @DefaultValue("60s") Duration keepAlive,
    @Allowed(from = "1s") @DefaultValue("20s") Duration unanswered,
    @DefaultValue("20s") Duration handshake,
    @Allowed(from = "0s") @DefaultValue("5s") Duration ending)
    implements CheckedSettings {

  private static final int EVALUATION = 8013;
  private static final int SYNC = 8015;
  private static final int MOST = 65_535;

  @Override
  public void check() {
    if (port != null && (port < -1 || port > MOST)) {
      throw new StartFailure(
          "STITCHD_GRPC_PORT must be between -1 and %d, not %d.".formatted(MOST, port), null);
    }
  }

  /// Where it listens; nowhere if there is to be no gRPC.
  List<Integer> ports() {
    return port == null ? List.of(EVALUATION, SYNC) : port < 0 ? List.of() : List.of(port);
  }
}
