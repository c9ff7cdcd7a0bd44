package dev.stitchd.ofrep;

import dev.stitchd.boundary.Failures;
import dev.stitchd.decide.Decisions;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.HttpAnswer;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.Evaluation;
import org.springframework.stereotype.Component;

/// `POST /ofrep/v1/evaluate/flags/{key}`: what one flag gives.
@Component
final class FlagEndpoint implements Endpoint {

  private final OfrepQuestions questions;
  private final Decisions decisions;

  FlagEndpoint(OfrepQuestions questions, Decisions decisions) {
    this.questions = questions;
    this.decisions = decisions;
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.OFREP_FLAG;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    var flag = request.variable();
    return questions.asked(request, client, (current, context) -> decided(current, flag, context));
  }

  private Reply decided(Client client, String flag, EvaluationContext context) {
    var evaluation = decisions.evaluateNow(client.caller(), client.snapshot(), flag, context);
    return evaluation == null
        ? new Reply.Later(
            decisions
                .evaluate(client.caller(), client.snapshot(), flag, context)
                .map(FlagEndpoint::answer))
        : answer(evaluation);
  }

  private static Reply answer(Evaluation evaluation) {
    var error = evaluation.error();
    return new Reply.Now(
        error == null
            ? HttpAnswer.json(AnswerWriter.one(evaluation))
            : OfrepAnswers.failed(evaluation.flagKey(), error));
  }

  @Override
  public HttpAnswer refusal(Failures.Refusal refusal, SdkRequest request) {
    return OfrepAnswers.refused(refusal, request.variable());
  }
}
