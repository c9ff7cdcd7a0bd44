package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;

class InMemoryEventSinkTest implements EventSinkContract {

  private final InMemoryEventSink sink = new InMemoryEventSink();

  @Override
  public EventSink sink() {
    return sink;
  }

  @Override
  public long rows(EnvironmentId environment) {
    return sink.rows(environment);
  }
}
