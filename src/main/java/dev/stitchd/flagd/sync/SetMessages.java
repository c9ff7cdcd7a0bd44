package dev.stitchd.flagd.sync;

import com.google.protobuf.ByteString;
import dev.stitchd.flagd.compile.FlagSet;
import dev.stitchd.flagd.compile.FlagSets;
import dev.stitchd.flagd.sync.v1.FetchAllFlagsResponse;
import dev.stitchd.flagd.sync.v1.SyncFlagsResponse;
import dev.stitchd.kernel.Problem;
import dev.stitchd.snapshot.Snapshot;
import java.util.Map;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// The flag set of each snapshot, made once for all that ask. Safe from any thread.
@Component
final class SetMessages {

  /// A set in the form that both calls send; its bytes are shared by all streams.
  record SetMessage(ByteString json) {

    SyncFlagsResponse sync() {
      return SyncFlagsResponse.newBuilder().setFlagConfigurationBytes(json).build();
    }

    FetchAllFlagsResponse all() {
      return FetchAllFlagsResponse.newBuilder().setFlagConfigurationBytes(json).build();
    }
  }

  private final long maxSet;
  private final Scheduler thread;

  SetMessages(SyncSettings settings, @Qualifier("flagSets") Scheduler thread) {
    this.maxSet = settings.maxSet().toBytes();
    this.thread = thread;
  }

  /// The set of a snapshot; on the thread that compiles. Fails with [Problem.TooLarge] if it is
  /// larger than may be sent.
  Mono<SetMessage> of(Snapshot snapshot) {
    return Mono.fromCallable(() -> checked(message(snapshot))).subscribeOn(thread);
  }

  private static SetMessage message(Snapshot snapshot) {
    return snapshot.derived().get(SetMessage.class, () -> compiled(snapshot));
  }

  /// Members of lists stay on the server: flags that ask for them are left out.
  private static SetMessage compiled(Snapshot snapshot) {
    FlagSet set = FlagSets.compile(snapshot.ruleset(), Map.of(), snapshot.environmentKey());
    return new SetMessage(ByteString.copyFromUtf8(set.json()));
  }

  private SetMessage checked(SetMessage message) {
    if (message.json().size() > maxSet) {
      throw new Problem.TooLarge(
          "the flag set has %d bytes, at most %d are sent; use the rpc mode, or raise STITCHD_FLAGD_SYNC_MAX_SET and what the provider takes"
              .formatted(message.json().size(), maxSet));
    }
    return message;
  }
}
