package dev.stitchd.flagd.evaluation;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.stitchd.endpoint.Client;
import dev.stitchd.flagd.evaluation.v1.AnyFlag;
import dev.stitchd.flagd.evaluation.v1.ReactorServiceGrpc;
import dev.stitchd.flagd.evaluation.v1.ResolveAllRequest;
import dev.stitchd.flagd.evaluation.v1.ResolveAllResponse;
import dev.stitchd.flagd.evaluation.v1.ServiceGrpc;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Reason;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import java.util.ArrayList;
import java.util.Objects;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// `flagd.evaluation.v1`: the methods of `v2` under the older name, since every answer of `v2` is
/// one of `v1` to whoever reads it, and all flags at once, which are counted and no exposures.
@Component
final class FirstVersion implements BindableService {

  private final EvaluationService newer;
  private final All all;

  FirstVersion(EvaluationService newer, Questions questions) {
    this.newer = newer;
    this.all = new All(questions);
  }

  @Override
  public ServerServiceDefinition bindService() {
    var methods = new ArrayList<ServerMethodDefinition<?, ?>>();
    newer.bindService().getMethods().forEach(method -> methods.add(renamed(method)));
    methods.add(all.bindService().getMethod(ServiceGrpc.getResolveAllMethod().getFullMethodName()));
    return EvaluationService.bound(ServiceGrpc.getServiceDescriptor(), methods);
  }

  private static <Q, A> ServerMethodDefinition<Q, A> renamed(ServerMethodDefinition<Q, A> method) {
    var newer = method.getMethodDescriptor();
    var name =
        MethodDescriptor.generateFullMethodName(
            ServiceGrpc.SERVICE_NAME, newer.getBareMethodName());
    return ServerMethodDefinition.create(
        newer.toBuilder().setFullMethodName(name).build(), method.getServerCallHandler());
  }

  /// The one method that `v2` has no more.
  private static final class All extends ReactorServiceGrpc.ServiceImplBase {

    private final Questions questions;

    private All(Questions questions) {
      this.questions = questions;
    }

    @Override
    public Mono<ResolveAllResponse> resolveAll(ResolveAllRequest asked) {
      return questions.all(asked.getContext()).map(FirstVersion::answer);
    }
  }

  private static ResolveAllResponse answer(Questions.All all) {
    var answer = ResolveAllResponse.newBuilder().setMetadata(metadata(all.client()));
    for (var evaluation : all.evaluations()) {
      answer.putFlags(evaluation.flagKey(), flag(evaluation));
    }
    return answer.build();
  }

  /// A public key is not told the revision, as in OFREP.
  private static Struct metadata(Client client) {
    var metadata =
        Struct.newBuilder()
            .putFields("environment", Given.text(client.snapshot().environmentKey()));
    if (!client.isPublic()) {
      metadata.putFields(
          "revision", Value.newBuilder().setNumberValue(client.snapshot().revision()).build());
    }
    return metadata.build();
  }

  private static AnyFlag flag(Evaluation evaluation) {
    var flag = AnyFlag.newBuilder().setMetadata(Given.metadata(evaluation));
    var why = Given.obstacle(evaluation);
    return why == null
        ? valued(flag, evaluation).setReason(evaluation.reason().word()).build()
        : flag.setReason(Reason.ERROR.name())
            .setMetadata(Struct.newBuilder().putFields("errorDetails", Given.text(why)))
            .build();
  }

  private static AnyFlag.Builder valued(AnyFlag.Builder flag, Evaluation evaluation) {
    var value = Objects.requireNonNull(evaluation.value());
    var _ =
        switch (Objects.requireNonNull(evaluation.type())) {
          case BOOLEAN -> flag.setBoolValue(value.booleanValue());
          case STRING -> flag.setStringValue(value.stringValue());
          case INTEGER, NUMBER -> flag.setDoubleValue(value.doubleValue());
          case JSON -> flag.setObjectValue(Structs.write((ObjectNode) value));
        };
    return flag.setVariant(Objects.requireNonNull(evaluation.variant()));
  }
}
