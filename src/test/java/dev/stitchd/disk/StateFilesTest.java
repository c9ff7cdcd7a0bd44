package dev.stitchd.disk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.background.RunningJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class StateFilesTest {

  private static final StateFileSettings SETTINGS =
      new StateFileSettings(Duration.ofSeconds(5), 3, DataSize.ofBytes(100), Duration.ofSeconds(5));

  private static final DiskThread THREAD = new DiskThread(Schedulers.immediate());

  @TempDir private Path path;

  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

  @AfterEach
  void stop() {
    time.dispose();
  }

  private StateFiles files() {
    return new StateFiles(new DurableFolder(path), SETTINGS, THREAD);
  }

  @Test
  void whatWasWrittenIsReadByTheNextProcess() {
    var files = files();
    files.put("a.snapshot", () -> "first".getBytes(UTF_8));
    files.flush();

    files().read("a.snapshot").as(StepVerifier::create).assertNext(is("first")).verifyComplete();
    files().read("b.snapshot").as(StepVerifier::create).verifyComplete();
  }

  @Test
  void onlySnapshotsOfThisVersionAreOnesToStartWith() {
    var files = files();
    files.put("a.snapshot", () -> StateBytes.write(StateFiles.SNAPSHOT_VERSION - 1, 8, _ -> {}));
    files.put("keys", () -> StateBytes.write(StateFiles.SNAPSHOT_VERSION, 8, _ -> {}));
    files.flush();
    assertThat(files().holdSnapshots()).isFalse();

    files.put("b.snapshot", () -> StateBytes.write(StateFiles.SNAPSHOT_VERSION, 8, _ -> {}));
    files.flush();
    assertThat(files().holdSnapshots()).isTrue();
  }

  @Test
  void manyChangesWithinTheIntervalAreOneWrite() {
    var files = files();
    var upkeep = RunningJob.start(new StateFilesJob(files, SETTINGS, time, THREAD), time);
    var asked = new AtomicInteger();
    for (int i = 0; i < 100; i++) {
      files.put("a.snapshot", () -> ("state " + asked.incrementAndGet()).getBytes(UTF_8));
    }
    assertThat(path.resolve("a.snapshot")).doesNotExist();

    time.advanceTimeBy(Duration.ofSeconds(5));

    assertThat(asked).hasValue(1);
    assertThat(path.resolve("a.snapshot")).exists();
    upkeep.stop();
  }

  @Test
  void whatIsUrgentIsWrittenAtOnceAndWhatWaitsAtTheEnd() {
    var files = files();
    var upkeep = RunningJob.start(new StateFilesJob(files, SETTINGS, time, THREAD), time);
    files.putSoon("keys", () -> new byte[1]);
    assertThat(path.resolve("keys")).exists();
    files.put("a.snapshot", () -> new byte[1]);
    assertThat(path.resolve("a.snapshot")).doesNotExist();

    upkeep.stop();

    assertThat(path.resolve("a.snapshot")).exists();
  }

  @Test
  void aFileThatIsCutOffOrChangedAnywhereIsIgnored() throws IOException {
    var files = files();
    files.put("a.snapshot", () -> StateBytes.write(StateFiles.SNAPSHOT_VERSION, 8, _ -> {}));
    files.flush();
    assertThat(files().holdSnapshots()).isTrue();
    var whole = Files.readAllBytes(path.resolve("a.snapshot"));

    for (int i = 0; i < whole.length; i++) {
      var changed = whole.clone();
      changed[i] ^= 4;
      Files.write(path.resolve("a.snapshot"), changed);
      assertThat(files.readNow("a.snapshot")).as("byte " + i).isNull();
      Files.write(path.resolve("a.snapshot"), Arrays.copyOf(whole, i));
      assertThat(files.readNow("a.snapshot")).as("cut at " + i).isNull();
    }
    assertThat(files().holdSnapshots()).isFalse();
  }

  @Test
  void theNumberOfFilesIsBoundedAndTheOldestGoesFirst() {
    var files = files();
    for (var name : new String[] {"a", "b", "c", "a", "d"}) {
      files.put(name, () -> new byte[1]);
      files.flush();
    }
    assertThat(path.toFile().list()).containsExactlyInAnyOrder("a", "c", "d");
  }

  @Test
  void whatIsTooLargeIsNotKeptAndNeitherIsItsOlderState() {
    var files = files();
    files.put("a", () -> new byte[100]);
    files.flush();
    assertThat(path.resolve("a")).exists();
    files.put("a", () -> new byte[101]);
    files.flush();
    assertThat(path.resolve("a")).doesNotExist();
  }

  @Test
  void removedFilesAreGoneAndHalfWrittenOnesAreCleared() throws IOException {
    var files = files();
    files.put("a", () -> new byte[1]);
    files.flush();
    files.remove("a");
    assertThat(files.readNow("a")).isNull();
    files.flush();
    Files.write(path.resolve("b.unfinished"), new byte[1]);

    assertThat(files().readNow("a")).isNull();
    assertThat(path.toFile().list()).isEmpty();
  }

  @Test
  void filesAreReadableByTheirOwnerAlone() throws IOException {
    var files = files();
    files.put("keys", () -> new byte[1]);
    files.flush();
    assertThat(Files.getPosixFilePermissions(path.resolve("keys")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void aFolderThatCannotBeUsedHarmsNobody() throws IOException {
    var file = Files.write(path.resolve("file"), new byte[1]);
    var files = new StateFiles(new DurableFolder(file.resolve("below")), SETTINGS, THREAD);
    files.put("a", () -> new byte[1]);
    files.flush();
    assertThat(files.holdSnapshots()).isFalse();
    files.read("b").as(StepVerifier::create).verifyComplete();
  }

  @Test
  void settingsHaveTheseDefaultsAndNames() {
    assertThat(bound(Map.of()))
        .isEqualTo(
            new StateFileSettings(
                Duration.ofSeconds(5), 10_001, DataSize.ofMegabytes(64), Duration.ofSeconds(5)));
    assertThat(
            bound(
                Map.of(
                    "stitchd.kept.write-every", "1s",
                    "stitchd.kept.files", "2",
                    "stitchd.kept.file-size", "3B",
                    "stitchd.kept.stop-within", "4s")))
        .isEqualTo(
            new StateFileSettings(
                Duration.ofSeconds(1), 2, DataSize.ofBytes(3), Duration.ofSeconds(4)));
    assertThat(
            new Binder(new MapConfigurationPropertySource(Map.of("stitchd.data-dir", "/d")))
                .bindOrCreate("stitchd", DataSettings.class))
        .isEqualTo(new DataSettings(Path.of("/d")));
    assertThat(
            new Binder(new MapConfigurationPropertySource(Map.of()))
                .bindOrCreate("stitchd", DataSettings.class))
        .isEqualTo(new DataSettings(Path.of(".stitchd")));
  }

  private static StateFileSettings bound(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bindOrCreate("stitchd.kept", StateFileSettings.class);
  }

  private static java.util.function.Consumer<byte[]> is(String text) {
    return content -> assertThat(new String(content, UTF_8)).isEqualTo(text);
  }
}
