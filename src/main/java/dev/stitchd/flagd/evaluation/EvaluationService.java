package dev.stitchd.flagd.evaluation;

import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.salesforce.reactorgrpc.stub.ServerCalls;
import dev.stitchd.flagd.evaluation.v2.EventStreamRequest;
import dev.stitchd.flagd.evaluation.v2.EventStreamResponse;
import dev.stitchd.flagd.evaluation.v2.ServiceGrpc;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls.ServerStreamingMethod;
import io.grpc.stub.ServerCalls.UnaryMethod;
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
    var service = ServerServiceDefinition.builder(ServiceGrpc.getServiceDescriptor());
    add(service, ServiceGrpc.getResolveBooleanMethod(), Wanted.BOOLEAN);
    add(service, ServiceGrpc.getResolveStringMethod(), Wanted.STRING);
    add(service, ServiceGrpc.getResolveFloatMethod(), Wanted.FLOAT);
    add(service, ServiceGrpc.getResolveIntMethod(), Wanted.INT);
    add(service, ServiceGrpc.getResolveObjectMethod(), Wanted.OBJECT);
    ServerStreamingMethod<EventStreamRequest, EventStreamResponse> stream =
        (asked, to) ->
            ServerCalls.oneToMany(asked, to, _ -> events.stream(), ServerCalls::prepareError);
    return service
        .addMethod(
            ServiceGrpc.getEventStreamMethod(),
            io.grpc.stub.ServerCalls.asyncServerStreamingCall(stream))
        .build();
  }

  private <Q extends Message, A extends Message> void add(
      ServerServiceDefinition.Builder service, MethodDescriptor<Q, A> method, Wanted wanted) {
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
    service.addMethod(method, io.grpc.stub.ServerCalls.asyncUnaryCall(resolve));
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
