package dev.stitchd.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockingOperationError;
import reactor.blockhound.integration.BlockHoundIntegration;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class BlockHoundTest {

  @Test
  void aBlockingCallOnANonBlockingThreadFails() {
    Mono.fromCallable(
            () -> {
              Thread.sleep(1);
              return "blocked";
            })
        .subscribeOn(Schedulers.parallel())
        .as(StepVerifier::create)
        .verifyErrorMatches(failure ->
            failure instanceof BlockingOperationError
                || failure.getCause() instanceof BlockingOperationError);
  }

  @Test
  void theListOfAllowancesIsInForce() {
    assertThat(ServiceLoader.load(BlockHoundIntegration.class))
        .hasAtLeastOneElementOfType(BlockHoundAllowances.class);
  }
}
