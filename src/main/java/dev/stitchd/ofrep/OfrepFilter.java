package dev.stitchd.ofrep;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.boundary.Bodies;
import dev.stitchd.boundary.BrowserOrigins;
import dev.stitchd.decide.Decisions;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Problem;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.stereotype.Component;
import org.springframework.util.StringUtils;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/// OFREP's two routes: who asks, in which state of the environment, about which context; then one
/// decision or all. A filter, since a route's machinery costs as much as the decision and its
/// answer.
///
/// What is answered is the newest that this node has. The query parameter `flagConfigEtag`, which
/// clients copy from their event stream, may name a newer one, since the stream may be another
/// node's: then the node catches up first. `flagConfigLastModified` is not needed.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 200)
final class OfrepFilter implements WebFilter {

  private static final String ALL = "/ofrep/v1/evaluate/flags";
  private static final String ONE = ALL + "/";

  /// A request as far as it has been understood.
  private record Question(SdkCaller caller, Snapshot snapshot, EvaluationContext context) {}

  private final Access access;
  private final Snapshots snapshots;
  private final Decisions decisions;
  private final EventLink link;
  private final OfrepSettings settings;
  private final ContextReader contexts;

  OfrepFilter(
      Access access,
      Snapshots snapshots,
      Decisions decisions,
      EventLink link,
      OfrepSettings settings) {
    this.access = access;
    this.snapshots = snapshots;
    this.decisions = decisions;
    this.link = link;
    this.settings = settings;
    this.contexts = new ContextReader(settings);
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var path = exchange.getRequest().getPath().value();
    if (!path.startsWith(ALL) || !HttpMethod.POST.equals(exchange.getRequest().getMethod())) {
      return chain.filter(exchange);
    }
    if (path.length() == ALL.length()) {
      return all(exchange);
    }
    return path.startsWith(ONE)
            && path.length() > ONE.length()
            && path.indexOf('/', ONE.length()) < 0
        ? one(exchange, decoded(path.substring(ONE.length())))
        : chain.filter(exchange);
  }

  private Mono<Void> one(ServerWebExchange exchange, String key) {
    nameRoute(exchange, ONE + "{key}");
    return question(exchange)
        .flatMap(question -> decide(question, key))
        .flatMap(evaluation -> answerOne(exchange, evaluation))
        .onErrorResume(failure -> Answers.refused(exchange, failure, key));
  }

  private Mono<Void> all(ServerWebExchange exchange) {
    nameRoute(exchange, ALL);
    return question(exchange)
        .flatMap(question -> decideAll(exchange, question))
        .onErrorResume(failure -> Answers.refused(exchange, failure, null));
  }

  private Mono<Question> question(ServerWebExchange exchange) {
    var request = exchange.getRequest();
    return access.sdk(request).flatMap(caller -> question(request, caller));
  }

  private Mono<Question> question(ServerHttpRequest request, SdkCaller caller) {
    return snapshot(request, caller).flatMap(snapshot -> question(request, caller, snapshot));
  }

  private Mono<Snapshot> snapshot(ServerHttpRequest request, SdkCaller caller) {
    var told =
        request.getURI().getRawQuery() == null
            ? null
            : ConfigTag.parse(request.getQueryParams().getFirst("flagConfigEtag"));
    var snapshot =
        told == null
            ? snapshots.current(caller.environment())
            : snapshots.atLeast(
                caller.environment(), told.tag(), told.revision(), settings.catchUp());
    return snapshot.onErrorMap(
        Problem.NotFound.class, _ -> new Problem.Unauthenticated("the key's environment is gone"));
  }

  private Mono<Question> question(ServerHttpRequest request, SdkCaller caller, Snapshot snapshot) {
    BrowserOrigins.check(
        request.getHeaders(), snapshot.settings(), caller.kind() == SdkCaller.Kind.CLIENT);
    return Bodies.bytes(request, contexts.maxBody())
        .map(body -> new Question(caller, snapshot, contexts.read(body)));
  }

  private Mono<Evaluation> decide(Question question, String key) {
    return decisions.evaluate(question.caller(), question.snapshot(), key, question.context());
  }

  private static Mono<Void> answerOne(ServerWebExchange exchange, Evaluation evaluation) {
    var error = evaluation.error();
    return error == null
        ? Answers.json(exchange, AnswerWriter.one(evaluation))
        : Answers.failed(exchange, evaluation.flagKey(), error);
  }

  private Mono<Void> decideAll(ServerWebExchange exchange, Question question) {
    return decisions
        .evaluateAll(question.caller(), question.snapshot(), question.context())
        .flatMap(evaluations -> bodyOfAll(question, evaluations))
        .flatMap(body -> answerAll(exchange, question, body));
  }

  private Mono<byte[]> bodyOfAll(Question question, List<Evaluation> evaluations) {
    return link.of(question.caller())
        .map(stream -> AnswerWriter.all(question.snapshot(), evaluations, stream))
        .switchIfEmpty(
            Mono.fromSupplier(() -> AnswerWriter.all(question.snapshot(), evaluations, null)));
  }

  private static Mono<Void> answerAll(ServerWebExchange exchange, Question question, byte[] body) {
    return Answers.jsonUnlessKnown(exchange, body, ResultTag.of(body, question.caller().keyId()));
  }

  /// For the metric of requests, which the framework otherwise names after its own routes.
  private static void nameRoute(ServerWebExchange exchange, String pattern) {
    ServerRequestObservationContext.findCurrent(exchange.getAttributes())
        .ifPresent(observation -> observation.setPathPattern(pattern));
  }

  /// A key needs no escapes; a client that sends some means what they say.
  private static String decoded(String segment) {
    if (segment.indexOf('%') < 0) {
      return segment;
    }
    try {
      return StringUtils.uriDecode(segment, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return segment; // no flag has such a key
    }
  }
}
