package dev.stitchd.flagd.sync;

import com.google.protobuf.ByteString;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.flagd.sync.v1.FetchAllFlagsRequest;
import dev.stitchd.flagd.sync.v1.FetchAllFlagsResponse;
import dev.stitchd.flagd.sync.v1.GetMetadataRequest;
import dev.stitchd.flagd.sync.v1.GetMetadataResponse;
import dev.stitchd.flagd.sync.v1.ReactorFlagSyncServiceGrpc;
import dev.stitchd.flagd.sync.v1.SyncFlagsRequest;
import dev.stitchd.flagd.sync.v1.SyncFlagsResponse;
import dev.stitchd.grpc.CallAccess;
import dev.stitchd.grpc.CallLimits;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.stream.MessageStreams;
import dev.stitchd.stream.StreamContent;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// `flagd.sync.v1`, for server keys alone: a set holds every flag with its rules.
@Component
final class SyncService implements BindableService {

  private final CallAccess access;
  private final CallLimits limits;
  private final Snapshots snapshots;
  private final MessageStreams streams;
  private final SetMessages sets;
  private final SendingLimit sending;
  private final Duration pause;
  private final Scheduler timer;

  SyncService(
      CallAccess access,
      CallLimits limits,
      Snapshots snapshots,
      MessageStreams streams,
      SetMessages sets,
      SendingLimit sending,
      SyncSettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.access = access;
    this.limits = limits;
    this.snapshots = snapshots;
    this.streams = streams;
    this.sets = sets;
    this.sending = sending;
    this.pause = settings.pause();
    this.timer = timer;
  }

  /// A connection is ready for a set when it has sent all of the one before. gRPC's own measure, 32
  /// KB, would take several small sets in, of which a client that takes nothing would get each.
  @Override
  public ServerServiceDefinition bindService() {
    return ServerInterceptors.intercept(
        new Methods().bindService(),
        new ServerInterceptor() {
          @Override
          public <Q, A> ServerCall.Listener<Q> interceptCall(
              ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            call.setOnReadyThreshold(1);
            return next.startCall(call, headers);
          }
        });
  }

  /// A snapshot is asked for only when the set before is taken and the pause is over, so that what
  /// has been overtaken meanwhile is never compiled for this stream. A change that changes no flag
  /// sends nothing.
  private Flux<SyncFlagsResponse> messages(SdkCaller caller) {
    return Flux.defer(() -> {
      var sent = new AtomicReference<ByteString>(ByteString.EMPTY); // no set is empty
      return snapshots
          .updates(caller.environment())
          .concatMap(
              snapshot ->
                  sets.of(snapshot)
                      .filter(set -> !set.json().equals(sent.getAndSet(set.json())))
                      .flatMapMany(set -> sending.streamed(set.sync(), set.json().size()))
                      .concatWith(paused()),
              0);
    });
  }

  private <T> Mono<T> paused() {
    return Mono.delay(pause, timer).then(Mono.empty());
  }

  private final class Methods extends ReactorFlagSyncServiceGrpc.FlagSyncServiceImplBase {

    /// The whole set at once, and again whenever it has changed. Never completes: some providers
    /// stay silent for ever after an end in good order.
    @Override
    public Flux<SyncFlagsResponse> syncFlags(SyncFlagsRequest asked) {
      return access
          .client(SdkRoute.Callers.SERVER_KEYS, asked.getSelector(), asked.getProviderId())
          .flatMapMany(client ->
              streams.served(
                  client.caller(), StreamContent.Kind.FLAGD_SYNC, messages(client.caller())));
    }

    @Override
    public Mono<FetchAllFlagsResponse> fetchAllFlags(FetchAllFlagsRequest asked) {
      var call = Context.current();
      return access
          .client(SdkRoute.Callers.SERVER_KEYS, asked.getSelector(), asked.getProviderId())
          .doOnNext(client -> limits.enter(client.caller(), call))
          .flatMap(client -> sets.of(client.snapshot()))
          .flatMap(set -> sending.answered(set.all(), set.json().size(), call));
    }

    /// Superseded, needs no key; some providers ask again and again where there is none.
    @Override
    public Mono<GetMetadataResponse> getMetadata(GetMetadataRequest asked) {
      return Mono.just(
          GetMetadataResponse.newBuilder()
              .setMetadata(com.google.protobuf.Struct.getDefaultInstance())
              .build());
    }
  }
}
