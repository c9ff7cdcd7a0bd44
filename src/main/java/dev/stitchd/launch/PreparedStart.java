package dev.stitchd.launch;

import dev.stitchd.launch.Program.Prepared;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Goes on as the prepared program, if there is one: the same process, the same options of the JVM,
/// plus the cache. A process that starts another one and waits for it would double the memory and
/// hide the server from signals, so it is replaced (`execv`), which only Unix can.
///
/// Whatever speaks against that, the server starts here as it always would.
final class PreparedStart {

  private static final Path OWN_ARGUMENTS = Path.of("/proc/self/cmdline");
  private static final Path OWN_JVM = Path.of("/proc/self/exe");

  /// Options that say where classes come from; whoever sets them knows better.
  private static final List<String> OWN_CHOICES =
      List.of(
          "-XX:AOT", "-XX:SharedArchiveFile", "-XX:ArchiveClassesAtExit", "-Xshare", "-javaagent");

  private PreparedStart() {}

  /// Does not return if the process became the prepared program.
  static void enterIfThere(Program program) {
    var jar = program.jar();
    if (jar == null || !Files.exists(OWN_ARGUMENTS)) {
      return;
    }
    var prepared = Prepared.of(jar);
    if (prepared.isOf(jar)) {
      try {
        become(arguments(Files.readString(OWN_ARGUMENTS).split("\0"), prepared));
      } catch (IOException | RuntimeException e) {
        System.err.println("Starting without " + prepared.folder() + ": " + e);
      }
    } else if (Files.exists(prepared.folder())) {
      System.err.println(
          "Starting without "
              + prepared.folder()
              + ", which is incomplete or was made of another jar: run prepare again");
    }
  }

  /// The arguments of this process with the prepared program in place of the jar; the same if they
  /// choose for themselves.
  static List<String> arguments(String[] own, Prepared prepared) {
    var arguments = new ArrayList<String>();
    for (int i = 0; i < own.length; i++) {
      var argument = own[i];
      if (OWN_CHOICES.stream().anyMatch(argument::startsWith)) {
        return List.of();
      }
      if (argument.equals("-jar")) {
        arguments.add("-XX:AOTCache=" + prepared.cache());
        arguments.add("-jar");
        arguments.add(prepared.server().toString());
        arguments.addAll(List.of(own).subList(i + 2, own.length));
        return arguments;
      }
      arguments.add(argument);
    }
    return List.of(); // not started with -jar
  }

  /// The options that this JVM was given on its command line, where that can be read.
  static List<String> ownOptions() throws IOException {
    if (!Files.exists(OWN_ARGUMENTS)) {
      return List.of();
    }
    var own = List.of(Files.readString(OWN_ARGUMENTS).split("\0"));
    int jar = own.indexOf("-jar");
    return jar < 0 ? List.of() : own.subList(1, jar);
  }

  @SuppressWarnings("restricted") // native access: replaces the process, as no API of the JDK does
  private static void become(List<String> arguments) throws IOException {
    if (arguments.isEmpty()) {
      return;
    }
    var linker = Linker.nativeLinker();
    var execv = linker.defaultLookup().find("execv");
    if (execv.isEmpty()) {
      return;
    }
    var call =
        linker.downcallHandle(
            execv.get(),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    try (var memory = Arena.ofConfined()) {
      var texts = memory.allocate(ValueLayout.ADDRESS, arguments.size() + 1L); // ends with null
      for (int i = 0; i < arguments.size(); i++) {
        texts.setAtIndex(ValueLayout.ADDRESS, i, memory.allocateFrom(arguments.get(i)));
      }
      var jvm = memory.allocateFrom(OWN_JVM.toRealPath().toString());
      int _ = (int) call.invokeExact(jvm, texts);
      throw new IOException("the operating system did not start it"); // else nobody is here
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }
}
