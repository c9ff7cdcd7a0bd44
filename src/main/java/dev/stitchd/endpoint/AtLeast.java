package dev.stitchd.endpoint;

import dev.stitchd.kernel.Problem;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Reached;
import dev.stitchd.snapshot.Reached.Place;
import dev.stitchd.snapshot.Snapshots;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// `?atLeast=<cursor>`: the answer is of that revision or of a newer one, whichever node gives it.
public final class AtLeast {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private AtLeast() {}

  /// Answers once this node has the revision that the request asks for; after one read of the store
  /// if it is behind, at most `STITCHD_SNAPSHOT_CATCH_UP`. Fails then with [Problem.Unavailable]. A
  /// cursor of another history, or none, asks for nothing.
  public static Reply served(
      SdkRequest request, Client client, Snapshots snapshots, Function<Client, Reply> answer) {
    var wanted = Cursor.parseEither(request.parameter("atLeast"));
    return served(wanted, EnumSet.of(Place.HELD), client, snapshots, answer);
  }

  /// As [#served] for a place that the client was told of by a node, perhaps another one: it may
  /// have been lost, and asks for nothing once the primary says so.
  public static Reply caughtUp(
      @Nullable Cursor told, Client client, Snapshots snapshots, Function<Client, Reply> answer) {
    return served(told, EnumSet.of(Place.HELD, Place.NONEXISTENT), client, snapshots, answer);
  }

  private static Reply served(
      @Nullable Cursor wanted,
      Set<Place> answered,
      Client client,
      Snapshots snapshots,
      Function<Client, Reply> answer) {
    return wanted == null || !client.snapshot().isBefore(wanted)
        ? answer.apply(client)
        : new Reply.Later(
            snapshots
                .reach(client.caller().environment(), wanted)
                .onErrorMap(
                    Problem.NotFound.class,
                    _ -> new Problem.Unauthenticated("the key's environment is gone"))
                .map(reached -> {
                  checkAnswered(reached, wanted, answered);
                  return answer.apply(new Client(client.caller(), reached.snapshot()));
                }));
  }

  private static void checkAnswered(Reached reached, Cursor wanted, Set<Place> answered) {
    if (!answered.contains(reached.place())) {
      throw Problem.Unavailable.behind(
          "this node has revision %d and could not get %d in time"
              .formatted(reached.snapshot().revision(), wanted.revision()),
          RETRY_AFTER);
    }
  }
}
