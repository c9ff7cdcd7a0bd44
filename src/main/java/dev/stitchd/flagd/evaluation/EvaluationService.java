package dev.stitchd.flagd.evaluation;

import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.salesforce.reactorgrpc.stub.ServerCalls;
import dev.stitchd.flagd.evaluation.v2.ServiceGrpc;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCalls.ServerStreamingMethod;
import io.grpc.stub.ServerCalls.UnaryMethod;
import java.util.List;
import java.util.Objects;
import org.springframework.stereotype.Component;

/// `flagd.evaluation.v2`. Its five methods that ask for a flag have messages of one form, so they
/// are one here; what they answer says whether there is a value. A client of `v1` reads it as its
/// own ([FirstVersion]).
@Component
final class EvaluationService implements BindableService {

  /// Numbers of fields that all requests have …
  private static final int FLAG_KEY = 1;

  private static final int CONTEXT = 2;

  /// … and all answers.
  private static final int VALUE = 1;

  private static final int REASON = 2;
  private static final int VARIANT = 3;
  private static final int METADATA = 4;

  private final Questions questions;
  private final Events events;

  EvaluationService(Questions questions, Events events) {
    this.questions = questions;
    this.events = events;
  }

  @Override
  public ServerServiceDefinition bindService() {
    return bound(
        ServiceGrpc.getServiceDescriptor(),
        List.of(
            resolving(ServiceGrpc.getResolveBooleanMethod(), Wanted.BOOLEAN),
            resolving(ServiceGrpc.getResolveStringMethod(), Wanted.STRING),
            resolving(ServiceGrpc.getResolveFloatMethod(), Wanted.FLOAT),
            resolving(ServiceGrpc.getResolveIntMethod(), Wanted.INT),
            resolving(ServiceGrpc.getResolveObjectMethod(), Wanted.OBJECT),
            streaming(ServiceGrpc.getEventStreamMethod())));
  }

  /// A service with methods of its own.
  ///
  /// @param own the service as it was generated
  static ServerServiceDefinition bound(
      ServiceDescriptor own, List<? extends ServerMethodDefinition<?, ?>> methods) {
    var descriptor =
        ServiceDescriptor.newBuilder(own.getName()).setSchemaDescriptor(own.getSchemaDescriptor());
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    var service = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(service::addMethod);
    return service.build();
  }

  private <Q> ServerMethodDefinition<Q, WrittenEvent> streaming(MethodDescriptor<Q, ?> method) {
    ServerStreamingMethod<Q, WrittenEvent> stream =
        (asked, to) ->
            ServerCalls.oneToMany(asked, to, _ -> events.stream(), ServerCalls::prepareError);
    return ServerMethodDefinition.create(
        method.toBuilder(method.getRequestMarshaller(), WrittenEvent.MARSHALLER).build(),
        io.grpc.stub.ServerCalls.asyncServerStreamingCall(stream));
  }

  private <Q extends Message, A extends Message> ServerMethodDefinition<Q, A> resolving(
      MethodDescriptor<Q, A> method, Wanted wanted) {
    var marshaller = (PrototypeMarshaller<A>) method.getResponseMarshaller();
    var empty = Objects.requireNonNull(marshaller.getMessagePrototype());
    var type = marshaller.getMessageClass();
    UnaryMethod<Q, A> resolve =
        (asked, to) ->
            ServerCalls.oneToOne(
                asked,
                to,
                _ ->
                    questions
                        .one((String) get(asked, FLAG_KEY), (Struct) get(asked, CONTEXT), wanted)
                        .map(given -> type.cast(answer(given, empty.newBuilderForType()))),
                ServerCalls::prepareError);
    return ServerMethodDefinition.create(method, io.grpc.stub.ServerCalls.asyncUnaryCall(resolve));
  }

  private static Message answer(Given given, Message.Builder answer) {
    set(answer, VALUE, given.value());
    set(answer, VARIANT, given.variant());
    set(answer, REASON, given.reason());
    set(answer, METADATA, given.metadata());
    return answer.build();
  }

  private static Object get(Message message, int field) {
    return message.getField(message.getDescriptorForType().findFieldByNumber(field));
  }

  private static void set(Message.Builder message, int field, Object value) {
    var _ = message.setField(message.getDescriptorForType().findFieldByNumber(field), value);
  }
}
