package dev.stitchd.flagd.sync;

import com.google.protobuf.ByteString;
import dev.stitchd.flagd.compile.FlagSet;
import dev.stitchd.flagd.compile.FlagSets;
import dev.stitchd.flagd.compile.LeftOut;
import dev.stitchd.flagd.compile.ListedKeys;
import dev.stitchd.flagd.sync.v1.FetchAllFlagsResponse;
import dev.stitchd.flagd.sync.v1.SyncFlagsResponse;
import dev.stitchd.kernel.Problem;
import dev.stitchd.snapshot.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// The flag set of each snapshot, made once for all that ask. Safe from any thread.
@Component
public final class SetMessages {

  /// A set in the form that both calls send, made once for all of them: a message checks all of a
  /// text when it is made, and a text of megabytes is hashed so that sets that differ need not be
  /// compared.
  ///
  /// @param hasMembers whether members of lists may be in it
  record SetMessage(
      ByteString json, boolean hasMembers, SyncFlagsResponse sync, FetchAllFlagsResponse all) {

    private static SetMessage of(String text, boolean hasMembers) {
      var json = ByteString.copyFromUtf8(text);
      var _ = json.hashCode(); // remembered by it
      return new SetMessage(
          json,
          hasMembers,
          SyncFlagsResponse.newBuilder().setFlagConfigurationBytes(json).build(),
          FetchAllFlagsResponse.newBuilder().setFlagConfigurationBytes(json).build());
    }
  }

  /// The set of one snapshot, which is made when the first asks and, if that fails, when another
  /// does.
  private record Shared(Mono<SetMessage> message) {}

  private static final Logger LOG = LoggerFactory.getLogger(SetMessages.class);

  private static final Duration FOR_EVER = Duration.ofMillis(Long.MAX_VALUE);

  private final ListedMembers members;
  private final long maxSet;
  private final Scheduler thread;

  SetMessages(
      ListedMembers members, SyncSettings settings, @Qualifier("flagSets") Scheduler thread) {
    this.members = members;
    this.maxSet = settings.maxSet().toBytes();
    this.thread = thread;
  }

  /// The set of a snapshot. Fails with [Problem.TooLarge] if it is larger than may be sent, as the
  /// store does if members of lists would have to be read and cannot be.
  Mono<SetMessage> of(Snapshot snapshot) {
    return shared(snapshot).map(this::checked);
  }

  /// Why providers do not get a flag of a snapshot; nothing if they do, or there is no such flag.
  /// Fails as the store does if members of lists would have to be read and cannot be.
  public Mono<List<LeftOut>> leftOut(Snapshot snapshot, String flagKey) {
    return shared(snapshot)
        .zipWith(members.of(snapshot).subscribeOn(thread))
        .publishOn(thread)
        .map(both -> leftOut(snapshot, flagKey, both.getT1(), both.getT2()));
  }

  private List<LeftOut> leftOut(
      Snapshot snapshot, String flagKey, SetMessage set, Map<String, ListedKeys> keys) {
    var ruleset = snapshot.ruleset();
    var sent = set.hasMembers() ? keys : Map.<String, ListedKeys>of();
    var reasons = new ArrayList<>(FlagSets.leftOut(ruleset, sent, flagKey));
    if (set.json().size() > maxSet && ruleset.flag(flagKey) != null) {
      reasons.add(new LeftOut("", tooLarge(set)));
    }
    return List.copyOf(reasons);
  }

  private Mono<SetMessage> shared(Snapshot snapshot) {
    return snapshot.derived().get(Shared.class, () -> new Shared(made(snapshot))).message();
  }

  private Mono<SetMessage> made(Snapshot snapshot) {
    return members
        .of(snapshot)
        .subscribeOn(thread)
        .publishOn(thread)
        .map(keys -> compiled(snapshot, keys))
        .cache(_ -> FOR_EVER, _ -> Duration.ZERO, () -> Duration.ZERO);
  }

  /// With members of lists, unless the set is too large with them.
  private SetMessage compiled(Snapshot snapshot, Map<String, ListedKeys> keys) {
    var whole = message(snapshot, keys);
    if (whole.json().size() <= maxSet) {
      return whole;
    }
    var without = keys.isEmpty() ? whole : message(snapshot, Map.of());
    if (without.json().size() > maxSet) {
      LOG.warn(
          "flagd sync: the flag set of environment {} has {} bytes, more than are sent; providers that evaluate by themselves get no set, and keep the one that they have: raise STITCHD_FLAGD_SYNC_MAX_SET and what the providers take, or have them use the rpc mode",
          snapshot.environment().value(),
          without.json().size());
      return without;
    }
    LOG.warn(
        "flagd sync: the flag set of environment {} has {} bytes with the members of its lists, more than are sent; it goes without them, and flags that ask for a list are left out: raise STITCHD_FLAGD_SYNC_MAX_SET, or lower STITCHD_FLAGD_SYNC_LIST_MEMBERS",
        snapshot.environment().value(),
        whole.json().size());
    return without;
  }

  private static SetMessage message(Snapshot snapshot, Map<String, ListedKeys> keys) {
    FlagSet set = FlagSets.compile(snapshot.ruleset(), keys, snapshot.environmentKey());
    return SetMessage.of(set.json(), !keys.isEmpty());
  }

  private SetMessage checked(SetMessage message) {
    if (message.json().size() > maxSet) {
      throw new Problem.TooLarge(
          tooLarge(message)
              + "; use the rpc mode, or raise STITCHD_FLAGD_SYNC_MAX_SET and what the provider takes");
    }
    return message;
  }

  private String tooLarge(SetMessage message) {
    return "the flag set has %d bytes, at most %d are sent"
        .formatted(message.json().size(), maxSet);
  }
}
