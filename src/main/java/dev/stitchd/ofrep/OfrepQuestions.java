package dev.stitchd.ofrep;

import dev.stitchd.endpoint.AtLeast;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshots;
import java.util.function.BiFunction;
import org.springframework.stereotype.Component;

/// What an evaluation's request asks: in which state of the environment, about which context.
///
/// What is answered is the newest that this node has. The query parameter `flagConfigEtag`, which
/// clients copy from their event stream, may name a newer one, since the stream may be another
/// node's: then the node catches up first, and answers nothing older than what its client was told
/// of, not even that nothing has changed: the body that the client has may be of before that, or of
/// another context. `flagConfigLastModified` is not needed. `atLeast` insists on a state.
@Component
final class OfrepQuestions {

  private final Snapshots snapshots;
  private final ContextReader contexts;

  OfrepQuestions(Snapshots snapshots, OfrepSettings settings) {
    this.snapshots = snapshots;
    this.contexts = new ContextReader(settings);
  }

  /// Answers a question, once this node has the state that it names.
  Reply asked(
      SdkRequest request, Client client, BiFunction<Client, EvaluationContext, Reply> answer) {
    return AtLeast.served(request, client, snapshots, at -> caughtUp(request, at, answer));
  }

  private Reply caughtUp(
      SdkRequest request, Client client, BiFunction<Client, EvaluationContext, Reply> answer) {
    var told = Cursor.parseEtag(request.parameter("flagConfigEtag"));
    return AtLeast.caughtUp(told, client, snapshots, at -> afterContext(at, answer));
  }

  private Reply afterContext(Client client, BiFunction<Client, EvaluationContext, Reply> answer) {
    return new Reply.AfterBody(
        contexts.maxBody(), body -> answer.apply(client, contexts.read(body)));
  }
}
