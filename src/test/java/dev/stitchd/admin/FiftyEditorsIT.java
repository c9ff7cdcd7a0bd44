package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Fifty people edit at the same time, each reading what is there and saving against it.
class FiftyEditorsIT {

  private static final int EDITORS = 50;
  private static final int EDITS = 3;

  private static Server server;
  private static Admin admin;

  /// A write that was accepted.
  private record Accepted(String comment, long version, long revision) {}

  @BeforeAll
  static void start() {
    server = Server.start();
    admin = server.admin();
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @Test
  void onOneFlagNoEditIsLostAndEachIsInTheHistoryOnce() throws Exception {
    project("one", 1);
    var before = admin.targeting("one", "f0", "production").path("version").asLong();
    var accepted = edited("one", _ -> "f0");
    assertThat(accepted.stream().map(Accepted::version))
        .as("each is the next version")
        .containsExactlyInAnyOrderElementsOf(
            LongStream.rangeClosed(before + 1, before + EDITORS * EDITS).boxed().toList());
    assertHistory("one", accepted);
    var last = newest(accepted);
    var targeting = admin.targeting("one", "f0", "production");
    assertThat(targeting.path("version").asLong()).isEqualTo(last.version());
    assertThat(targeting.at("/rules/0/description").asString()).isEqualTo(last.comment());
  }

  @Test
  void onAFlagOfTheirOwnEachInOneEnvironmentNoRevisionIsLeftOut() throws Exception {
    project("many", EDITORS);
    var accepted = edited("many", editor -> "f" + editor);
    assertHistory("many", accepted);
    for (int editor = 0; editor < EDITORS; editor++) {
      assertThat(
              admin
                  .targeting("many", "f" + editor, "production")
                  .at("/rules/0/description")
                  .asString())
          .isEqualTo(comment(editor, EDITS - 1));
    }
  }

  private static void project(String project, int flags) {
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    for (int i = 0; i < flags; i++) {
      admin.createFlag(project, "f" + i);
    }
  }

  private static Accepted newest(List<Accepted> accepted) {
    return accepted.stream()
        .max(java.util.Comparator.comparingLong(Accepted::revision))
        .orElseThrow();
  }

  private static String comment(int editor, int edit) {
    return "editor " + editor + " edit " + edit;
  }

  private static List<Accepted> edited(String project, IntFunction<String> flag) throws Exception {
    var all = new ArrayList<Accepted>();
    try (var editors = Executors.newFixedThreadPool(EDITORS)) {
      var work =
          IntStream.range(0, EDITORS)
              .<Callable<List<Accepted>>>mapToObj(
                  editor -> () -> edits(project, flag.apply(editor), editor))
              .toList();
      for (var done : editors.invokeAll(work, 3, TimeUnit.MINUTES)) {
        all.addAll(done.get());
      }
    }
    assertThat(all).hasSize(EDITORS * EDITS);
    return all;
  }

  private static List<Accepted> edits(String project, String flag, int editor) {
    var accepted = new ArrayList<Accepted>();
    while (accepted.size() < EDITS) {
      var targeting = admin.targeting(project, flag, "production");
      var comment = comment(editor, accepted.size());
      var body =
          "{\"rules\":[{\"id\":\"r\",\"description\":\"%s\",\"when\":{\"attribute\":\"a\",\"op\":\"in\",\"values\":[\"b\"]},\"serve\":{\"variant\":\"on\"}}]}"
              .formatted(comment);
      var answer =
          admin.send(
              "PATCH",
              "/projects/%s/flags/%s/environments/production".formatted(project, flag),
              body,
              "If-Match",
              "\"%d\"".formatted(targeting.path("version").asLong()),
              "Stitchd-Comment",
              comment);
      switch (answer.status()) {
        case 200 -> accepted.add(accepted(comment, answer));
        // another editor was faster, or so many wait that this one is asked to come again
        case 409, 503 -> LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(20_000_000));
        default -> throw new AssertionError(answer.status() + " " + answer.body());
      }
    }
    return accepted;
  }

  private static Accepted accepted(String comment, Http.Answer answer) {
    return new Accepted(
        comment,
        answer.json().path("version").asLong(),
        Long.parseLong(answer.header("Stitchd-Revision").replace("production=", "")));
  }

  /// The revisions of the edits follow each other, and the history has exactly these.
  private static void assertHistory(String project, List<Accepted> accepted) {
    var first = accepted.stream().mapToLong(Accepted::revision).min().orElseThrow();
    assertThat(accepted.stream().map(Accepted::revision))
        .as("no gap, none twice")
        .containsExactlyInAnyOrderElementsOf(
            LongStream.range(first, first + accepted.size()).boxed().toList());
    var expected = new TreeMap<Long, String>();
    accepted.forEach(one -> expected.put(one.revision(), one.comment()));
    assertThat(history(project, first)).isEqualTo(expected);
    assertThat(new HashSet<>(expected.values())).hasSameSizeAs(accepted);
    assertThat(
            admin
                .get("/projects/%s/environments/production".formatted(project))
                .path("revision")
                .asLong())
        .isEqualTo(first + accepted.size() - 1);
  }

  /// From a revision on, with what was said to each.
  private static Map<Long, String> history(String project, long from) {
    var history = new TreeMap<Long, String>();
    var path = "/projects/%s/environments/production/revisions?limit=200".formatted(project);
    for (var one : admin.get(path).path("items")) {
      if (one.path("revision").asLong() >= from) {
        assertThat(history.put(one.path("revision").asLong(), one.path("comment").asString()))
            .isNull();
      }
    }
    return history;
  }
}
