package dev.stitchd.dev;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// Main class of the child process that is a ClickHouse engine: loads `libchdb`, opens the
/// listening ports, and reads its standard input. It ends when that ends, so it lives exactly as
/// long as the parent holds the pipe open.
///
/// Arguments: the library, then the engine's own command line.
final class ChdbProcess {

  private ChdbProcess() {}

  public static void main(String[] arguments) throws Throwable {
    var linker = Linker.nativeLinker();
    leaveTheTerminal(linker);
    try (var arena = Arena.ofConfined()) {
      var library = SymbolLookup.libraryLookup(Path.of(arguments[0]), arena);
      var run =
          linker.downcallHandle(
              library.findOrThrow("chdb_query_cmdline"),
              FunctionDescriptor.of(
                  ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
      var count = arguments.length - 1;
      var argv = arena.allocate(ValueLayout.ADDRESS, count + 1L);
      for (var i = 0; i < count; i++) {
        argv.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(arguments[i + 1]));
      }
      var result = (MemorySegment) run.invoke(count, argv);
      Runtime.getRuntime().halt(complaint(linker, library, result) ? 1 : 0);
    }
  }

  // The engine keeps its last error to itself; the log is where people look for it.
  private static boolean complaint(Linker linker, SymbolLookup library, MemorySegment result)
      throws Throwable {
    var errorOf =
        linker.downcallHandle(
            library.findOrThrow("chdb_result_error"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    var error = (MemorySegment) errorOf.invoke(result);
    if (error.equals(MemorySegment.NULL)) {
      return false;
    }
    System.err.println(error.reinterpret(Long.MAX_VALUE).getString(0));
    return true;
  }

  // Ctrl-C is for the server; it ends this process by closing the pipe, after it has drained.
  private static void leaveTheTerminal(Linker linker) throws Throwable {
    var setsid = linker.defaultLookup().find("setsid");
    if (setsid.isPresent()) {
      var _ =
          linker.downcallHandle(setsid.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT)).invoke();
    }
  }
}
