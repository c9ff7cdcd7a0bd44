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
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// `POST /ofrep/v1/evaluate/flags`: what all flags give, with an ETag.
@Component
final class FlagsEndpoint implements Endpoint {

  private final OfrepQuestions questions;
  private final Decisions decisions;
  private final EventStreamLink link;

  FlagsEndpoint(OfrepQuestions questions, Decisions decisions, EventStreamLink link) {
    this.questions = questions;
    this.decisions = decisions;
    this.link = link;
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.OFREP_FLAGS;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    return questions.asked(
        request, client, (current, context) -> decided(request, current, context));
  }

  private Reply decided(SdkRequest request, Client client, EvaluationContext context) {
    var evaluations = decisions.evaluateAllNow(client.caller(), client.snapshot(), context);
    return new Reply.Later(
        evaluations == null
            ? decisions
                .evaluateAll(client.caller(), client.snapshot(), context)
                .flatMap(later -> answer(request, client, later))
            : answer(request, client, evaluations));
  }

  private Mono<Reply> answer(SdkRequest request, Client client, List<Evaluation> evaluations) {
    return link.of(client.caller())
        .map(stream -> AnswerWriter.all(client, evaluations, stream))
        .switchIfEmpty(Mono.fromSupplier(() -> AnswerWriter.all(client, evaluations, null)))
        .map(body -> answer(request, client, body));
  }

  /// 200, or 304 if the client has this body already.
  private static Reply answer(SdkRequest request, Client client, byte[] body) {
    var tag = ResultTag.of(body, client.caller().keyId());
    var answer =
        ResultTag.isNamed(request.headers(HttpHeaderNames.IF_NONE_MATCH), tag)
            ? HttpAnswer.empty(HttpResponseStatus.NOT_MODIFIED)
            : HttpAnswer.json(body);
    return new Reply.Now(answer.with(HttpHeaderNames.ETAG, tag));
  }

  @Override
  public HttpAnswer refusal(Failures.Refusal refusal, SdkRequest request) {
    return OfrepAnswers.refused(refusal, null);
  }
}
