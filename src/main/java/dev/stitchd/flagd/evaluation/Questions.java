package dev.stitchd.flagd.evaluation;

import com.google.protobuf.Struct;
import dev.stitchd.decide.Decisions;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.grpc.CallAccess;
import dev.stitchd.grpc.CallLimits;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.ruleset.Evaluation;
import io.grpc.Context;
import java.util.List;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// What is asked of flags: who asks, about which context. Answers from memory on the connection's
/// event loop, within the limit of the key.
@Component
final class Questions {

  /// What all flags that a client may see give.
  record All(Client client, List<Evaluation> evaluations) {}

  private final CallAccess access;
  private final CallLimits limits;
  private final Decisions decisions;
  private final int maxContext;

  Questions(
      CallAccess access, CallLimits limits, Decisions decisions, EvaluationSettings settings) {
    this.access = access;
    this.limits = limits;
    this.decisions = decisions;
    this.maxContext = (int) settings.maxContext().toBytes();
  }

  /// What one flag gives. Fails with a [Problem] if the caller may not ask, the context is none, or
  /// the flag is unknown or gives something else than what is wanted.
  Mono<Given> one(String flagKey, Struct context, Wanted wanted) {
    return caller()
        .flatMap(client -> one(client, flagKey, read(context), wanted))
        .map(evaluation -> Given.of(evaluation, wanted));
  }

  /// What all flags give that the caller may see. Fails as the other.
  Mono<All> all(Struct context) {
    return caller()
        .flatMap(
            client -> all(client, read(context)).map(evaluations -> new All(client, evaluations)));
  }

  /// Whoever makes the call that is being served by this thread, counted until it ends.
  private Mono<Client> caller() {
    var call = Context.current();
    return access
        .client(SdkRoute.Callers.ALL_KEYS)
        .doOnNext(client -> limits.enter(client.caller(), call));
  }

  private Mono<Evaluation> one(
      Client client, String flagKey, EvaluationContext context, Wanted wanted) {
    return decisions.evaluate(
        client.caller(),
        client.snapshot(),
        flagKey,
        context,
        evaluation -> Given.isTaken(evaluation, wanted));
  }

  private Mono<List<Evaluation>> all(Client client, EvaluationContext context) {
    var now = decisions.evaluateAllNow(client.caller(), client.snapshot(), context);
    return now == null
        ? decisions.evaluateAll(client.caller(), client.snapshot(), context)
        : Mono.just(now);
  }

  private EvaluationContext read(Struct struct) {
    if (struct.getFieldsCount() == 0) {
      return EvaluationContext.EMPTY;
    }
    var json = Structs.read(struct);
    if (struct.getSerializedSize() > maxContext) {
      checkSize(Json.writeBytes(json).length);
    }
    var errors = new FieldErrors();
    var context = EvaluationContext.read(json, "context", errors);
    if (!errors.isEmpty()) {
      throw new Problem.Invalid(errors.text(), errors.list());
    }
    return context;
  }

  private void checkSize(int bytes) {
    if (bytes > maxContext) {
      throw new Problem.Invalid(
          "the context has %d bytes as JSON, at most %d are allowed".formatted(bytes, maxContext),
          List.of());
    }
  }
}
