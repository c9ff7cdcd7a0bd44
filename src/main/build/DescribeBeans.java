import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.springframework.boot.SpringApplicationAotProcessor;

/// A step of the build: has Spring write down as Java code which beans the server has, and compiles
/// that. Run as a source file by the JDK that the project needs, with the server on its class path.
///
/// Arguments: the class with the main method, a folder for what is written, the server's classes.
final class DescribeBeans {

  public static void main(String[] arguments) throws Exception {
    var written = Path.of(arguments[1]);
    var classes = Path.of(arguments[2]);
    var sources = written.resolve("sources");
    var proxies = written.resolve("classes"); // emptied first, so not the server's own folder
    SpringApplicationAotProcessor.main(
        new String[] {
          arguments[0],
          sources.toString(),
          written.resolve("resources").toString(), // for native images, unused
          proxies.toString(),
          "dev.stitchd",
          "stitchd-server"
        });
    compile(sources, classes);
    copy(proxies, classes);
    System.exit(0); // threads of libraries are left
  }

  private static void compile(Path sources, Path classes) throws IOException {
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      var options =
          List.of("-proc:none", "-nowarn", "-parameters", "-d", classes.toString(),
              "-classpath", System.getProperty("java.class.path"));
      var units = files.getJavaFileObjectsFromPaths(below(sources));
      if (!compiler.getTask(null, files, null, options, null, units).call()) {
        System.err.println("The description of the server's beans does not compile");
        System.exit(1);
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    for (var file : below(from)) {
      var copy = to.resolve(from.relativize(file));
      Files.createDirectories(copy.getParent());
      Files.write(copy, Files.readAllBytes(file));
    }
  }

  private static List<Path> below(Path folder) {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
