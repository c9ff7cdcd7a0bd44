package dev.stitchd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class GrpcServerIT {

  private Server server;
  private ManagedChannel channel;

  @BeforeAll
  void start() {
    server = Server.start();
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort()).usePlaintext().build();
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
    var services = answer.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList();
    asked.onCompleted();
    assertThat(services).extracting("name").contains("grpc.health.v1.Health");
  }
}
