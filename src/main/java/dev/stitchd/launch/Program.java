package dev.stitchd.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Where the program lies.
///
/// @param jar the jar that was started with `-jar` and holds its libraries; null if the program was
///   started in another way (unpacked, from a build)
record Program(@Nullable Path jar) {

  /// The one argument of `-jar` is the whole class path; the classes are then read from inside of
  /// it, by a URL of the form `jar:nested:/path/program.jar/!BOOT-INF/classes/!/`.
  static Program of(Class<?> main) {
    var source = main.getProtectionDomain().getCodeSource();
    var nested = source != null && source.getLocation().toString().startsWith("jar:nested:");
    return new Program(
        nested ? Path.of(System.getProperty("java.class.path")).toAbsolutePath() : null);
  }

  /// What `prepare` makes of a jar.
  ///
  /// @param folder beside the jar, named after it
  /// @param server the program without its libraries, which lie in `lib` beside it
  /// @param cache the JDK's ahead-of-time cache
  /// @param mark says of which jar the folder was made; written last
  /// @param log what the processes said that made it
  record Prepared(Path folder, Path server, Path cache, Path mark, Path log) {

    static Prepared of(Path jar) {
      var name = String.valueOf(jar.getFileName());
      var folder = jar.resolveSibling(name.replaceFirst("\\.jar$", "") + ".prepared");
      return new Prepared(
          folder,
          folder.resolve(name),
          folder.resolve("start.aot"),
          folder.resolve("prepared-from"),
          folder.resolve("prepare.log"));
    }

    /// Whether it is complete and was made of the jar as it is now.
    boolean isOf(Path jar) {
      try {
        return Files.isRegularFile(mark)
            && Files.readString(mark).equals(identity(jar))
            && Files.isRegularFile(server)
            && Files.isRegularFile(cache);
      } catch (IOException e) {
        return false;
      }
    }

    /// In whole seconds, since images of containers keep no more.
    static String identity(Path jar) throws IOException {
      return Files.size(jar)
          + " bytes of "
          + Files.getLastModifiedTime(jar).to(TimeUnit.SECONDS)
          + "\n";
    }
  }
}
