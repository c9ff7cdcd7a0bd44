package dev.stitchd.grpc;

import dev.stitchd.access.LastKey;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;

/// Keeps what came with a call where its service finds it. A connection remembers the key that it
/// presented last, so that this is hashed once.
final class CallHeads extends ServerTransportFilter implements ServerInterceptor {

  private static final Attributes.Key<LastKey> LAST = Attributes.Key.create("last key");

  @Override
  public Attributes transportReady(Attributes connection) {
    return connection.toBuilder().set(LAST, new LastKey()).build();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    var known = call.getAttributes().get(LAST);
    var head = CallHead.of(call, headers, known == null ? new LastKey() : known);
    return Contexts.interceptCall(
        Context.current().withValue(CallHead.KEY, head), call, headers, next);
  }
}
