package dev.stitchd.dev;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.Schedulers;

/// What is logged in this JVM while it is open: by one server, or by every server and test, for
/// classes that run at the same time log into it too. (To capture the output instead is not for
/// more than one at a time.)
///
/// ```
/// try (var log = LogLines.open(); var server = Server.start()) {
///   assertThat(log.lines()).anyMatch(line -> line.contains("Warmed up"));
/// }
/// try (var log = LogLines.of(server)) {
///   assertThat(log.with("Warmed up")).isEqualTo(1);
/// }
/// ```
///
/// For any thread.
public final class LogLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {

  /// The data folder of the server that started a thread, itself or by other threads of its own.
  private static final InheritableThreadLocal<Path> SERVER = new InheritableThreadLocal<>();

  // so that what servers have done by schedulers that all of this JVM share is theirs, too
  static {
    Schedulers.onScheduleHook("server", LogLines::bySameServer);
  }

  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final @Nullable Path server;

  private LogLines(@Nullable Path server) {
    this.server = server;
  }

  /// Of everybody.
  public static LogLines open() {
    return listening(new LogLines(null));
  }

  /// Of one server alone, but for what it asks ClickHouse: the threads of that are shared.
  public static LogLines of(Server server) {
    return of(server.folder());
  }

  static LogLines of(Path server) {
    return listening(new LogLines(server));
  }

  private static LogLines listening(LogLines log) {
    log.start();
    root().addAppender(log);
    return log;
  }

  /// Starts a server such that [#of] knows its threads.
  static <T> T startedBy(@Nullable Path server, Supplier<T> start) {
    var before = SERVER.get();
    SERVER.set(server);
    try {
      return start.get();
    } finally {
      SERVER.set(before);
    }
  }

  private static Runnable bySameServer(Runnable task) {
    var server = SERVER.get();
    return () ->
        startedBy(
            server,
            () -> {
              task.run();
              return true;
            });
  }

  private static Logger root() {
    return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (server == null || server.equals(SERVER.get())) {
      lines.add(event.getLevel() + " " + event.getFormattedMessage());
    }
  }

  /// Level and message of each, in the order in which they came.
  public List<String> lines() {
    return lines;
  }

  /// How many of them contain some words.
  public long with(String words) {
    return lines.stream().filter(line -> line.contains(words)).count();
  }

  @Override
  public void close() {
    root().detachAppender(this);
    stop();
  }
}
