package dev.stitchd.snapshot;

import dev.stitchd.disk.StateFiles;
import dev.stitchd.kernel.EnvironmentId;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/// [LastKnownSnapshots] as one file for each environment.
final class SnapshotFiles implements LastKnownSnapshots {

  private static final Logger LOG = LoggerFactory.getLogger(SnapshotFiles.class);

  private final StateFiles files;
  private final int mostRemovals;

  SnapshotFiles(StateFiles files, int mostRemovals) {
    this.files = files;
    this.mostRemovals = mostRemovals;
  }

  @Override
  public void keep(EpochSnapshot view) {
    files.put(name(view.snapshot().environment()), () -> SnapshotBytes.write(view));
  }

  @Override
  public void forget(EnvironmentId environment) {
    files.remove(name(environment));
  }

  @Override
  public Mono<EpochSnapshot> last(EnvironmentId environment) {
    return files.read(name(environment)).mapNotNull(content -> view(environment, content));
  }

  @Override
  public Mono<HistoryPoint> point(EnvironmentId environment) {
    return files.read(name(environment)).mapNotNull(content -> point(environment, content));
  }

  private static @Nullable HistoryPoint point(EnvironmentId environment, byte[] content) {
    try {
      return SnapshotBytes.point(environment, content);
    } catch (IOException | RuntimeException _) {
      return null; // told when it is needed
    }
  }

  private @Nullable EpochSnapshot view(EnvironmentId environment, byte[] content) {
    try {
      var view = SnapshotBytes.read(content, mostRemovals);
      if (view.snapshot().environment().equals(environment)) {
        LOG.info(
            "Snapshots on disk: environment {} is served as last known, at revision {}, until PostgreSQL answers",
            environment,
            view.snapshot().revision());
        return view;
      }
      LOG.warn(
          "Snapshots on disk: the file of environment {} holds another one's and is ignored; the environment is read from PostgreSQL",
          environment);
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "Snapshots on disk: the file of environment {} cannot be read ({}) and is ignored; the environment is read from PostgreSQL",
          environment,
          e.toString());
    }
    return null;
  }

  private static String name(EnvironmentId environment) {
    return environment + StateFiles.SNAPSHOT;
  }
}
