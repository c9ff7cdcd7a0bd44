package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.access.TokenStore.TokenHolder;
import dev.stitchd.background.RunningJob;
import dev.stitchd.kernel.TenantId;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

@ExtendWith(OutputCaptureExtension.class)
class FirstTokenTest {

  private static final Pattern TOKEN = Pattern.compile("sat_[0-9A-Za-z]{40}");

  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
  private final OneToken store = new OneToken();

  private RunningJob started(String bootstrap) {
    var first =
        new FirstToken(
            store,
            new SecretKeys(),
            new InstallationSettings(
                new InstallationSettings.Bootstrap(bootstrap),
                new InstallationSettings.Admin(null)),
            time);
    return RunningJob.start(first, time);
  }

  @Test
  void newInstallationPrintsATokenOnceAndKeepsItsHash(CapturedOutput output) {
    started(null).stop();
    var printed = TOKEN.matcher(output.getAll());
    assertThat(printed.find()).isTrue();
    assertThat(KeyHash.of(printed.group())).isEqualTo(store.kept.get());
    started(null).stop();
    assertThat(printed.find()).isFalse();
    assertThat(TOKEN.matcher(output.getAll()).results()).hasSize(1);
  }

  @Test
  void givenBootstrapTokenMakesNone(CapturedOutput output) {
    started("a-bootstrap-token-of-32-characters").stop();
    assertThat(store.kept.get()).isNull();
    assertThat(output.getAll()).doesNotContain("sat_");
  }

  @Test
  void waitsForPostgresAsLongAsItTakes(CapturedOutput output) {
    store.out = true;
    var first = started(null);
    time.advanceTimeBy(Duration.ofHours(1));
    assertThat(store.kept.get()).isNull();
    store.out = false;
    time.advanceTimeBy(Duration.ofSeconds(20));
    assertThat(store.kept.get()).isNotNull();
    assertThat(TOKEN.matcher(output.getAll()).results()).hasSize(1);
    first.stop();
  }

  private static final class OneToken implements TokenStore {
    private final AtomicReference<KeyHash> kept = new AtomicReference<>();
    private boolean out;

    @Override
    public Mono<TokenHolder> session(KeyHash hash) {
      return holder(hash);
    }

    @Override
    public Mono<TokenHolder> holder(KeyHash hash) {
      return Mono.empty();
    }

    @Override
    public Mono<Boolean> addFirst(String name, KeyHash hash) {
      return Mono.fromCallable(() -> {
        if (out) {
          throw new IllegalStateException("connection refused");
        }
        return kept.compareAndSet(null, hash);
      });
    }

    @Override
    public Mono<TenantId> tenant(String key) {
      return Mono.empty();
    }
  }
}
