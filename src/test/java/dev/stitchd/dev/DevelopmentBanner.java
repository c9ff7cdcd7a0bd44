package dev.stitchd.dev;

/// What the person at the terminal needs to go on: where it is, with which keys, and three commands
/// to paste.
record DevelopmentBanner(String url, String token, Demo demo, DevelopmentStores stores) {

  String text() {
    return """

    Stitchd runs at %1$s   (%2$s; Ctrl-C stops all)

      API token     %3$s
      server key    %4$s   (project demo, environment production)
      client key    %5$s

    1. Evaluate a flag (OFREP):
    %6$s

    2. Watch changes arrive, in another terminal:
    %7$s

    3. Turn the flag on for everybody; the stream shows the patch, and 1. answers true:
    %8$s
    """
        .formatted(
            url,
            stores.kind(),
            token,
            demo.serverKey(),
            demo.clientKey(),
            evaluate(),
            watch(),
            turnOn());
  }

  private String evaluate() {
    return "curl -s -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{\"context\":{\"targetingKey\":\"user-1\"}}' %s/ofrep/v1/evaluate/flags/%s"
        .formatted(demo.serverKey(), url, Demo.FLAG);
  }

  private String watch() {
    return "curl -sN -H 'Authorization: Bearer %s' %s/sdk/v1/stream"
        .formatted(demo.serverKey(), url);
  }

  private String turnOn() {
    return "curl -s -X PATCH -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{\"default\":{\"variant\":\"on\"}}' %s/api/v1/projects/%s/flags/%s/environments/%s"
        .formatted(token, url, Demo.PROJECT, Demo.FLAG, Demo.ENVIRONMENT);
  }
}
