package dev.stitchd.flagd.evaluation;

import dev.stitchd.flagd.evaluation.v2.ReactorServiceGrpc;
import dev.stitchd.flagd.evaluation.v2.ResolveBooleanRequest;
import dev.stitchd.flagd.evaluation.v2.ResolveBooleanResponse;
import dev.stitchd.flagd.evaluation.v2.ResolveFloatRequest;
import dev.stitchd.flagd.evaluation.v2.ResolveFloatResponse;
import dev.stitchd.flagd.evaluation.v2.ResolveIntRequest;
import dev.stitchd.flagd.evaluation.v2.ResolveIntResponse;
import dev.stitchd.flagd.evaluation.v2.ResolveObjectRequest;
import dev.stitchd.flagd.evaluation.v2.ResolveObjectResponse;
import dev.stitchd.flagd.evaluation.v2.ResolveStringRequest;
import dev.stitchd.flagd.evaluation.v2.ResolveStringResponse;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// `flagd.evaluation.v2`, whose answers say whether there is a value. A client of `v1` reads them
/// as its own ([FirstVersion]).
@Component
final class EvaluationService extends ReactorServiceGrpc.ServiceImplBase {

  private final Questions questions;

  EvaluationService(Questions questions) {
    this.questions = questions;
  }

  @Override
  public Mono<ResolveBooleanResponse> resolveBoolean(ResolveBooleanRequest asked) {
    return questions
        .one(asked.getFlagKey(), asked.getContext(), Wanted.BOOLEAN)
        .map(EvaluationService::answerBoolean);
  }

  private static ResolveBooleanResponse answerBoolean(Given given) {
    return ResolveBooleanResponse.newBuilder()
        .setValue(given.bool())
        .setVariant(given.variant())
        .setReason(given.reason())
        .setMetadata(given.metadata())
        .build();
  }

  @Override
  public Mono<ResolveStringResponse> resolveString(ResolveStringRequest asked) {
    return questions
        .one(asked.getFlagKey(), asked.getContext(), Wanted.STRING)
        .map(EvaluationService::answerString);
  }

  private static ResolveStringResponse answerString(Given given) {
    return ResolveStringResponse.newBuilder()
        .setValue(given.string())
        .setVariant(given.variant())
        .setReason(given.reason())
        .setMetadata(given.metadata())
        .build();
  }

  @Override
  public Mono<ResolveFloatResponse> resolveFloat(ResolveFloatRequest asked) {
    return questions
        .one(asked.getFlagKey(), asked.getContext(), Wanted.FLOAT)
        .map(EvaluationService::answerFloat);
  }

  private static ResolveFloatResponse answerFloat(Given given) {
    return ResolveFloatResponse.newBuilder()
        .setValue(given.number())
        .setVariant(given.variant())
        .setReason(given.reason())
        .setMetadata(given.metadata())
        .build();
  }

  @Override
  public Mono<ResolveIntResponse> resolveInt(ResolveIntRequest asked) {
    return questions
        .one(asked.getFlagKey(), asked.getContext(), Wanted.INT)
        .map(EvaluationService::answerInt);
  }

  private static ResolveIntResponse answerInt(Given given) {
    return ResolveIntResponse.newBuilder()
        .setValue(given.whole())
        .setVariant(given.variant())
        .setReason(given.reason())
        .setMetadata(given.metadata())
        .build();
  }

  @Override
  public Mono<ResolveObjectResponse> resolveObject(ResolveObjectRequest asked) {
    return questions
        .one(asked.getFlagKey(), asked.getContext(), Wanted.OBJECT)
        .map(EvaluationService::answerObject);
  }

  private static ResolveObjectResponse answerObject(Given given) {
    return ResolveObjectResponse.newBuilder()
        .setValue(given.object())
        .setVariant(given.variant())
        .setReason(given.reason())
        .setMetadata(given.metadata())
        .build();
  }
}
