package dev.stitchd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import io.grpc.Context;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class CallLimitsTest {

  private final CallLimits limits =
      new CallLimits(
          new Binder(new MapConfigurationPropertySource(Map.of("stitchd.grpc.per-key", "2")))
              .bindOrCreate("stitchd.grpc", GrpcSettings.class));

  @Test
  void aKeyHasSoManyCallsOpenUntilTheyEndHoweverTheyDo() {
    var key = caller();
    var other = caller();
    var answered = Context.ROOT.withCancellation();
    var cancelled = Context.ROOT.withCancellation();
    limits.enter(key, answered);
    limits.enter(key, cancelled);
    assertThatThrownBy(() -> limits.enter(key, Context.ROOT.withCancellation()))
        .isInstanceOf(Problem.TooMany.class);
    var others = Context.ROOT.withCancellation();
    limits.enter(other, others);

    answered.cancel(null);
    limits.enter(key, answered); // it has ended already, so it is given back at once
    cancelled.cancel(new IllegalStateException("gone"));
    others.close();

    assertThat(limits.keys()).isZero();
  }

  private static SdkCaller caller() {
    return new SdkCaller(
        UUID.randomUUID(),
        new TenantId(UUID.randomUUID()),
        new EnvironmentId(UUID.randomUUID()),
        SdkCaller.Kind.SERVER);
  }
}
