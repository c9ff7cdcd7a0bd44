package dev.stitchd.membership;

import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.HttpAnswer;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.segment.Memberships;
import dev.stitchd.snapshot.Snapshot;
import org.springframework.stereotype.Component;

/// `POST /sdk/v1/segments/membership`: which of these keys are on which lists.
@Component
final class MembershipEndpoint implements Endpoint {

  private final Memberships memberships;
  private final int maxBody;

  MembershipEndpoint(Memberships memberships, MembershipEndpointSettings settings) {
    this.memberships = memberships;
    this.maxBody = Math.toIntExact(settings.maxBody().toBytes());
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.MEMBERSHIP;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    return new Reply.AfterBody(maxBody, body -> answer(body, client.snapshot()));
  }

  private Reply answer(byte[] body, Snapshot snapshot) {
    var question = Question.read(body, snapshot.ruleset());
    return new Reply.Later(
        MembershipAnswer.to(question, snapshot, memberships)
            .map(answer -> new Reply.Now(HttpAnswer.json(answer))));
  }
}
