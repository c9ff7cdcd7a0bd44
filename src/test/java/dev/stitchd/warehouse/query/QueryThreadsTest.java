package dev.stitchd.warehouse.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

class QueryThreadsTest {

  private final Scheduler threads = QueryThreads.of(4, 20);
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void stop() {
    end.countDown();
    threads.dispose();
  }

  private void block(int number) {
    var running = new CountDownLatch(number);
    for (int i = 0; i < number; i++) {
      subscribe(() -> {
        running.countDown();
        await(end);
      });
    }
    await(running);
  }

  private void subscribe(Runnable task) {
    Mono.fromRunnable(task).subscribeOn(threads).subscribe();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void nothingWaitsForAThreadThatIsTakenWhileAnotherIsFree() {
    block(3);
    var done = new CountDownLatch(20);
    for (int i = 0; i < 20; i++) {
      subscribe(done::countDown);
    }
    await(done);
  }

  @Test
  void onlySoManyMayWait() {
    block(4);
    for (int i = 0; i < 20; i++) {
      subscribe(() -> {});
    }
    assertThatThrownBy(() -> Mono.fromRunnable(() -> {}).subscribeOn(threads).block())
        .isInstanceOf(RejectedExecutionException.class);
  }
}
