package dev.stitchd.launch;

import dev.stitchd.launch.Program.Prepared;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// `prepare`: unpacks the jar and starts the server from that once, on a port of loopback, so that
/// the JDK writes down what was loaded, linked and hot (JEP 483, 514 and 515). That server hears
/// nothing of this process's settings: it would bring the schema of a database up to date and print
/// the first administrator's token into its log, ask for a certificate, or take a port.
///
/// What is in a folder from before is thrown away first, and a mark is set last: a preparation that
/// was broken off leaves a folder that nobody enters.
final class Preparation {

  /// Where nobody listens.
  private static final Map<String, String> NOWHERE =
      Map.of(
          "STITCHD_POSTGRES_URL", "postgresql://nobody:none@127.0.0.1:1/none",
          "STITCHD_CLICKHOUSE_URL", "http://nobody@127.0.0.1:1/none");

  /// What is compiled to the end while the program is recorded is compiled to the end at each
  /// start. Let that be what requests run through and not what the start itself runs through a few
  /// thousand times: ten times the JDK's own thresholds.
  private static final List<String> COMPILING_LATE =
      List.of(
          "-XX:Tier4InvocationThreshold=50000",
          "-XX:Tier4MinInvocationThreshold=6000",
          "-XX:Tier4CompileThreshold=150000",
          "-XX:Tier4BackEdgeThreshold=400000");

  private static final Duration UNTIL_READY = Duration.ofMinutes(2);
  private static final Duration UNTIL_WRITTEN = Duration.ofMinutes(3);
  private static final Duration REHEARSED = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(100);

  private final Program program;

  Preparation(Program program) {
    this.program = program;
  }

  /// @return the exit code
  int run() {
    var jar = program.jar();
    if (jar == null) {
      System.err.println("prepare works on the packaged jar: java -jar stitchd-server.jar prepare");
      return 2;
    }
    try {
      prepare(jar, Prepared.of(jar));
      return 0;
    } catch (AccessDeniedException e) {
      System.err.println("Not prepared: " + e.getFile() + " may not be written by this user");
      return 1;
    } catch (IOException e) {
      System.err.println("Not prepared: " + e.getMessage());
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      System.err.println("Not prepared: interrupted");
      return 130;
    }
  }

  private static void prepare(Path jar, Prepared prepared)
      throws IOException, InterruptedException {
    delete(prepared.folder());
    Files.createDirectories(prepared.folder());
    System.out.println("Unpacking into " + prepared.folder());
    end(
        start(
            prepared,
            List.of("-Djarmode=tools", "-jar", jar.toString(), "extract", "--force"),
            List.of("--destination", prepared.folder().toString())),
        UNTIL_READY,
        "unpack");
    record(prepared);
    if (!Files.isRegularFile(prepared.cache())) {
      throw new IOException("the JVM wrote no cache; see " + prepared.log());
    }
    Files.writeString(prepared.mark(), Prepared.identity(jar));
    System.out.printf(
        Locale.ROOT,
        "Prepared (%d MB). From now on java -jar %s starts from there.%n",
        Files.size(prepared.cache()) / 1_000_000,
        jar.getFileName());
  }

  private static void record(Prepared prepared) throws IOException, InterruptedException {
    var data = Files.createTempDirectory("stitchd-prepare-");
    try {
      System.out.println("Starting the server once");
      int port = freePort();
      var server =
          start(
              prepared,
              recording(prepared),
              List.of(
                  "--stitchd.http.port=" + port,
                  "--stitchd.http.address=127.0.0.1",
                  "--stitchd.grpc.port=0",
                  "--stitchd.grpc.address=127.0.0.1",
                  "--stitchd.data-dir=" + data,
                  "--stitchd.drain=PT0S",
                  "--stitchd.rehearsal=true", // starts though no store answers
                  "--stitchd.warmup.time=" + REHEARSED,
                  "--stitchd.warmup.requests=" + Integer.MAX_VALUE));
      awaitReady(server, port, prepared);
      System.out.println("Writing down what it needed");
      server.destroy();
      end(server, UNTIL_WRITTEN, "write its cache");
    } finally {
      delete(data);
    }
  }

  private static List<String> recording(Prepared prepared) {
    var options = new ArrayList<>(COMPILING_LATE);
    options.add("-XX:AOTCacheOutput=" + prepared.cache());
    options.addAll(List.of("-jar", prepared.server().toString()));
    return options;
  }

  /// With the options that this JVM was given, since a cache holds only for the same collector and
  /// layout of objects.
  private static Process start(Prepared prepared, List<String> options, List<String> arguments)
      throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(PreparedStart.ownOptions());
    command.addAll(options);
    command.addAll(arguments);
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(prepared.log().toFile()));
    var variables = builder.environment();
    variables.keySet().removeIf(name -> name.startsWith("STITCHD_"));
    variables.putAll(NOWHERE);
    return builder.start();
  }

  private static void awaitReady(Process server, int port, Prepared prepared)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + UNTIL_READY.toNanos();
    while (!isReady(port)) {
      if (!server.isAlive()) {
        throw new IOException("the server ended before it was ready; see " + prepared.log());
      }
      if (System.nanoTime() > deadline) {
        end(server.destroyForcibly(), UNTIL_READY, "end");
        throw new IOException("the server was not ready within " + UNTIL_READY);
      }
      Thread.sleep(LOOK);
    }
  }

  private static boolean isReady(int port) {
    try {
      var ready = URI.create("http://127.0.0.1:" + port + "/health/ready").toURL();
      return ((HttpURLConnection) ready.openConnection()).getResponseCode() == 200;
    } catch (IOException e) {
      return false; // nobody listens yet
    }
  }

  private static void end(Process process, Duration patience, String what)
      throws IOException, InterruptedException {
    if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      throw new IOException("it took longer than " + patience + " to " + what);
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (var files = Files.walk(folder)) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
