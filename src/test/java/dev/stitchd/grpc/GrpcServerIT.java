package dev.stitchd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stitchd.access.LastKey;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;

@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class GrpcServerIT {

  private Server server;
  private ManagedChannel channel;

  @BeforeAll
  void start() {
    server = Server.start(Map.of("STITCHD_GRPC_KEYLESS_STREAMS", "2"));
    channel = channel();
  }

  private ManagedChannel channel() {
    return NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort()).usePlaintext().build();
  }

  @AfterAll
  void stop() {
    channel.shutdownNow();
    server.close();
  }

  @Test
  void healthSaysThatTheNodeServes() {
    var health = HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
    assertThat(health.getStatus()).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void healthKnowsEachService() {
    for (var name : new String[] {"flagd.evaluation.v1.Service", "flagd.evaluation.v2.Service"}) {
      var asked = HealthCheckRequest.newBuilder().setService(name).build();
      assertThat(HealthGrpc.newBlockingStub(channel).check(asked).getStatus())
          .as(name)
          .isEqualTo(ServingStatus.SERVING);
    }
  }

  @Test
  void healthFollowsReadiness() {
    var context = server.context();
    AvailabilityChangeEvent.publish(context, ReadinessState.REFUSING_TRAFFIC);
    try {
      for (var name : new String[] {"", "flagd.sync.v1.FlagSyncService"}) {
        var asked = HealthCheckRequest.newBuilder().setService(name).build();
        assertThat(HealthGrpc.newBlockingStub(channel).check(asked).getStatus())
            .as(name)
            .isEqualTo(ServingStatus.NOT_SERVING);
      }
    } finally {
      AvailabilityChangeEvent.publish(context, ReadinessState.ACCEPTING_TRAFFIC);
    }
    healthSaysThatTheNodeServes();
  }

  /// A watcher is kept with the name that it watches for as long as it likes.
  @Test
  void watchersWithoutAKeyAreFewAndTheirNamesShort() {
    var large = HealthCheckRequest.newBuilder().setService("x".repeat(2_000)).build();
    assertThatThrownBy(
            () -> HealthGrpc.newBlockingStub(channel).watch(large).forEachRemaining(_ -> {}))
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining("1024 bytes");
    var one = HealthGrpc.newBlockingStub(channel).watch(HealthCheckRequest.getDefaultInstance());
    assertThat(one.next().getStatus()).isEqualTo(ServingStatus.SERVING);
    var unknown =
        HealthGrpc.newBlockingStub(channel)
            .watch(HealthCheckRequest.newBuilder().setService("none").build());
    assertThat(unknown.next().getStatus()).isEqualTo(ServingStatus.SERVICE_UNKNOWN);
    assertThatThrownBy(() ->
            HealthGrpc.newBlockingStub(channel)
                .watch(HealthCheckRequest.getDefaultInstance())
                .next())
        .hasMessageContaining("RESOURCE_EXHAUSTED");
    healthSaysThatTheNodeServes(); // who only asks needs no place
    channel.shutdownNow();
    channel = channel();
    await() // places are given back
        .atMost(Duration.ofSeconds(10))
        .ignoreExceptions()
        .until(() ->
            HealthGrpc.newBlockingStub(channel)
                    .watch(HealthCheckRequest.getDefaultInstance())
                    .next()
                    .getStatus()
                == ServingStatus.SERVING);
  }

  @Test
  void aKeyIsFoundBehindCarriersThatHaveNone() {
    var head =
        new CallHead(null, " ", "apiKey=", "sdk_srv_label.flags.example:8013", new LastKey());
    assertThat(head.carried("apiKey=", "apiKey= ")).isEqualTo("sdk_srv_label");
    assertThat(head.carried("flagSetId=x,apiKey=sdk_srv_selector", ""))
        .isEqualTo("sdk_srv_selector");
    assertThat(head.carried("", "sdk_srv_provider")).isEqualTo("sdk_srv_provider");
    assertThat(head.toString()).doesNotContain("sdk_");
  }

  @Test
  void reflectionNamesTheServices() throws Exception {
    var answer = new CompletableFuture<ServerReflectionResponse>();
    var asked =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answer.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    asked.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    var services =
        answer
            .get(Patience.SOON.toSeconds(), TimeUnit.SECONDS)
            .getListServicesResponse()
            .getServiceList();
    asked.onCompleted();
    assertThat(services).extracting("name").contains("grpc.health.v1.Health");
  }
}
