package dev.stitchd.load;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// Connections that speak gRPC: calls that each ask again when they are answered, and streams of
/// flag sets.
final class GrpcClient implements AutoCloseable {

  /// A connection may have a hundred calls open unless the server is told otherwise.
  private static final int STREAMS_PER_CONNECTION = 90;

  private static final MethodDescriptor<byte[], byte[]> RESOLVE =
      Protobuf.method("flagd.evaluation.v2.Service/ResolveBoolean", MethodType.UNARY);
  private static final MethodDescriptor<byte[], byte[]> SYNC =
      Protobuf.method("flagd.sync.v1.FlagSyncService/SyncFlags", MethodType.SERVER_STREAMING);

  private final List<ManagedChannel> connections = new ArrayList<>();
  private final List<Channel> channels = new ArrayList<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean stopped;

  GrpcClient(Address address, String key, int count) {
    var head = new Metadata();
    head.put(Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER), key);
    for (var i = 0; i < count; i++) {
      var connection =
          NettyChannelBuilder.forAddress(address.socket()).usePlaintext().directExecutor().build();
      connections.add(connection);
      channels.add(
          ClientInterceptors.intercept(
              connection, MetadataUtils.newAttachHeadersInterceptor(head)));
    }
  }

  static int connectionsFor(int streams) {
    return Math.max(1, Math.ceilDiv(streams, STREAMS_PER_CONNECTION));
  }

  /// Calls in turns on all connections, until it is closed.
  Calls calls(List<byte[]> questions, int inFlight) {
    var calls = new Calls(questions);
    for (var i = 0; i < inFlight; i++) {
      calls.ask(channels.get(i % channels.size()), i * 31);
    }
    return calls;
  }

  /// Opens streams of flag sets.
  Sets sets(int count) {
    var sets = new Sets();
    for (var i = 0; i < count; i++) {
      ClientCalls.asyncServerStreamingCall(
          channels.get(i % channels.size()).newCall(SYNC, CallOptions.DEFAULT), new byte[0], sets);
    }
    return sets;
  }

  /// Throws if a call has failed.
  void check() {
    var cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("a gRPC call failed: " + cause, cause);
    }
  }

  @Override
  public void close() {
    stopped = true;
    connections.forEach(ManagedChannel::shutdownNow);
  }

  private void failed(Throwable cause) {
    if (!stopped) {
      failure.compareAndSet(null, cause);
    }
  }

  /// Unary calls, each of which asks again as it is answered.
  final class Calls {

    private final List<byte[]> questions;
    private final ConcurrentLinkedQueue<Long> latencies = new ConcurrentLinkedQueue<>();
    private volatile boolean measuring;

    private Calls(List<byte[]> questions) {
      this.questions = questions;
    }

    /// Latencies in nanoseconds of what is answered within a while.
    long[] measure(int seconds) throws InterruptedException {
      latencies.clear();
      measuring = true;
      TimeUnit.SECONDS.sleep(seconds);
      measuring = false;
      check();
      return latencies.stream().mapToLong(Long::longValue).toArray();
    }

    private void ask(Channel channel, int next) {
      if (stopped) {
        return;
      }
      var asked = System.nanoTime();
      ClientCalls.asyncUnaryCall(
          channel.newCall(RESOLVE, CallOptions.DEFAULT),
          questions.get(next % questions.size()),
          new StreamObserver<>() {
            @Override
            public void onNext(byte[] answer) {
              if (measuring) {
                latencies.add(System.nanoTime() - asked);
              }
            }

            @Override
            public void onError(Throwable cause) {
              failed(cause);
            }

            @Override
            public void onCompleted() {
              ask(channel, (next + 1) % questions.size());
            }
          });
    }
  }

  /// Streams of flag sets, and when the last of them had the newest.
  final class Sets implements StreamObserver<byte[]> {

    private final AtomicInteger received = new AtomicInteger();
    private volatile long lastAt;

    /// Waits until so many sets have come on all streams together.
    ///
    /// @return when the last of them came
    long await(int sets, int seconds) throws InterruptedException {
      var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
      while (received.get() < sets) {
        check();
        if (System.nanoTime() > deadline) {
          throw new IllegalStateException("%s of %d sets came".formatted(received, sets));
        }
        Thread.sleep(1);
      }
      return lastAt;
    }

    @Override
    public void onNext(byte[] set) {
      lastAt = System.nanoTime();
      received.incrementAndGet(); // publishes the write above
    }

    @Override
    public void onError(Throwable cause) {
      failed(cause);
    }

    @Override
    public void onCompleted() {
      failed(new IllegalStateException("the server ended a stream"));
    }
  }
}
