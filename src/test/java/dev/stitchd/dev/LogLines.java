package dev.stitchd.dev;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/// What is logged in this JVM while it is open, by every server and test: classes that run at the
/// same time log into it too. (To capture the output instead is not for more than one at a time.)
///
/// ```
/// try (var log = LogLines.open(); var server = Server.start()) {
///   assertThat(log.lines()).anyMatch(line -> line.contains("Warmed up"));
/// }
/// ```
///
/// For any thread.
public final class LogLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {

  private final List<String> lines = new CopyOnWriteArrayList<>();

  private LogLines() {}

  public static LogLines open() {
    var log = new LogLines();
    log.start();
    root().addAppender(log);
    return log;
  }

  private static Logger root() {
    return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  }

  @Override
  protected void append(ILoggingEvent event) {
    lines.add(event.getLevel() + " " + event.getFormattedMessage());
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
