package dev.stitchd.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// What the measured process costs, seen from outside: CPU from `/proc/<pid>/stat`, live heap from
/// a full collection by `jcmd`, resident memory from `/proc/<pid>/status`. The same method serves
/// the server and every ceiling. Without a pid (0) all answers are [Double#NaN].
///
/// @param pid the process to look at, or 0
record ServerProcess(long pid) {

  /// The kernel counts CPU time for user space in hundredths of a second on every platform that
  /// Netty's epoll runs on.
  private static final double TICKS_PER_SECOND = 100;

  /// User and system CPU time so far, in seconds; resolution 10 ms.
  double cpuSeconds() {
    if (pid == 0) {
      return Double.NaN;
    }
    // the command name stands in parentheses and may hold blanks, so count from behind it
    var stat = read("stat");
    var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }

  /// Bytes of live objects on the heap, after a full collection.
  double liveHeapBytes() {
    if (pid == 0) {
      return Double.NaN;
    }
    jcmd("GC.run");
    // class_histogram collects once more and its last line is: Total <objects> <bytes>
    var lines = jcmd("GC.class_histogram").strip().lines().toList();
    var total = lines.getLast().strip().split("\\s+");
    if (!total[0].equals("Total")) {
      throw new IllegalStateException("no total in the class histogram: " + lines.getLast());
    }
    return Double.parseDouble(total[2]);
  }

  /// Resident memory in bytes: heap as the collector left it, direct buffers, metaspace, threads.
  double residentBytes() {
    if (pid == 0) {
      return Double.NaN;
    }
    return read("status")
            .lines()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")))
            .sum()
        * 1024;
  }

  private String read(String file) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(pid), file));
    } catch (IOException e) {
      throw new IllegalStateException("process " + pid + " cannot be read; is --pid right?", e);
    }
  }

  private String jcmd(String command) {
    try {
      var tool = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
      var process =
          new ProcessBuilder(tool, Long.toString(pid), command).redirectErrorStream(true).start();
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IllegalStateException("jcmd " + command + " failed: " + output);
      }
      return output;
    } catch (IOException e) {
      throw new IllegalStateException("jcmd cannot be run", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for jcmd", e);
    }
  }
}
