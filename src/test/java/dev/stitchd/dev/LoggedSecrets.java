package dev.stitchd.dev;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Looks for secrets in every line that is logged in a run of tests, by the servers of this JVM and
/// by those that are processes of their own. The class after which one is found fails, which need
/// not be the one that let it be logged.
///
/// Every secret that tests make has a form that is recognised; none is ever to be logged but the
/// first token, which its owner sees nowhere else.
public final class LoggedSecrets extends AppenderBase<ILoggingEvent> {

  private static final Pattern SECRET =
      Pattern.compile(
          "(?:sdk_(?:srv|cli)_|sat_)[A-Za-z0-9_-]{20,}|(?i:password=)[^&\\s]|(?i:authorization: *bearer)");

  /// What is shown by design, once: see `FirstToken`.
  private static final String SHOWN =
      "A first API token was made, for the platform's administrator. It is shown only here: ";

  private static final ConcurrentLinkedQueue<String> FOUND = new ConcurrentLinkedQueue<>();

  /// Called by Logback.
  public LoggedSecrets() {}

  /// The line without the secret, if it has one that is not shown by design; else null.
  static @Nullable String secretIn(String line) {
    int shown = line.indexOf(SHOWN);
    var rest = shown < 0 ? line : line.substring(0, shown);
    var secret = SECRET.matcher(rest);
    return secret.find() ? secret.replaceAll("<a secret>") : null;
  }

  @Override
  protected void append(ILoggingEvent event) {
    look(event.getLoggerName() + ": " + event.getFormattedMessage());
    if (event.getThrowableProxy() != null) {
      ThrowableProxyUtil.asString(event.getThrowableProxy()).lines().forEach(LoggedSecrets::look);
    }
  }

  private static void look(String line) {
    var found = secretIn(line);
    if (found != null) {
      FOUND.add(found);
    }
  }

  /// Looks through what a process wrote.
  static void lookThrough(Path log) {
    try (var lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
      lines.forEach(LoggedSecrets::look);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What was found since this was asked last.
  static List<String> found() {
    var all = new ArrayList<String>();
    for (var one = FOUND.poll(); one != null; one = FOUND.poll()) {
      all.add(one);
    }
    return all;
  }

  /// After each class of tests; found by JUnit through `META-INF/services`.
  public static final class Check implements AfterAllCallback {

    /// Called by JUnit.
    public Check() {}

    @Override
    public void afterAll(ExtensionContext context) {
      var found = found();
      if (!found.isEmpty()) {
        throw new AssertionError("secrets were logged:\n" + String.join("\n", found));
      }
    }
  }
}
