package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.Schedulers;

class LogLinesTest {

  private static final Path ONE = Path.of("one");
  private static final Path OTHER = Path.of("other");

  @Test
  void linesOfAServerAreThoseOfItsThreadsAndOfWhatItHasDoneByOthers() throws InterruptedException {
    var done = new CountDownLatch(3);
    Runnable says =
        () -> {
          LoggerFactory.getLogger(LogLinesTest.class).info("heard of a server");
          done.countDown();
        };
    try (var log = LogLines.of(ONE);
        var all = LogLines.open()) {
      var thread = LogLines.startedBy(ONE, () -> Thread.ofPlatform().start(says));
      thread.join();
      var _ = LogLines.startedBy(ONE, () -> Schedulers.parallel().schedule(says));
      var _ = LogLines.startedBy(OTHER, () -> Schedulers.parallel().schedule(says));
      done.await();
      assertThat(all.with("heard of a server")).isEqualTo(3);
      assertThat(log.with("heard of a server")).isEqualTo(2);
    }
  }
}
