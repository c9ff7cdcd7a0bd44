package dev.stitchd.load;

import java.io.IOException;

/// `setup`: a project to play with by hand: prints its key and an SDK key, and deletes it when
/// Enter is pressed.
final class Setup {

  private final Target target;
  private final int flags;

  Setup(Options options) {
    this.target = new Target(options);
    this.flags = options.number("flags", 10);
    options.complete();
  }

  void run() throws IOException {
    try (var management = target.createProject()) {
      for (var i = 0; i < flags; i++) {
        management.booleanFlag("flag-" + i);
      }
      System.out.println("project " + management.project() + ", environment bench");
      System.out.println("SDK key " + management.serverKeys(1).getFirst());
      System.out.println("press Enter to delete it");
      var _ = System.in.read();
    }
  }
}
