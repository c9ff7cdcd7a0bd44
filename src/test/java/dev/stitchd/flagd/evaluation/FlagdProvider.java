package dev.stitchd.flagd.evaluation;

import dev.openfeature.contrib.providers.flagd.Config;
import dev.openfeature.contrib.providers.flagd.FlagdOptions;
import dev.openfeature.sdk.Client;
import dev.openfeature.sdk.FlagEvaluationDetails;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.OpenFeatureAPI;
import dev.openfeature.sdk.ProviderEvent;
import dev.openfeature.sdk.Value;
import dev.openfeature.sdk.exceptions.OpenFeatureError;
import dev.stitchd.dev.GoProgram;
import dev.stitchd.dev.NodeScript;
import dev.stitchd.dev.PythonScript;
import dev.stitchd.dev.ScriptProcess;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;

/// A real provider of the flagd project that asks the server, in some language. Blocks; for
/// ordinary threads.
interface FlagdProvider extends AutoCloseable {

  /// Java's provider waits 12 s before it opens a stream again.
  Duration SOON = Duration.ofSeconds(40);

  /// What a client of OpenFeature gives.
  ///
  /// @param errorCode empty for none
  record Answer(String value, String variant, String reason, String errorCode) {}

  /// Who evaluates: the server, or the provider itself.
  enum Mode {
    RPC("rpc"),
    IN_PROCESS("in-process");

    private final String name;

    Mode(String name) {
      this.name = name;
    }
  }

  enum Language {
    JAVA,
    NODE,
    PYTHON,
    GO;

    private static void assumeGo() {
      Assumptions.assumeTrue(
          GoProgram.isThere(),
          "SKIPPED: Go 1.24 or newer is missing, which compiles flagd's provider for Go");
    }

    FlagdProvider connect(Mode mode, int port, String key) {
      return switch (this) {
        case JAVA -> new InJava(mode, port, key);
        case NODE ->
            new InScript(NodeScript.run("flagd.mjs", mode.name, Integer.toString(port), key));
        case PYTHON -> {
          Assumptions.assumeTrue(
              PythonScript.isThere(),
              "SKIPPED: Python 3 is missing, which runs flagd's provider for Python (Debian: apt-get install python3-venv)");
          yield new InScript(PythonScript.run("flagd.py", mode.name, Integer.toString(port), key));
        }
        case GO -> {
          assumeGo();
          yield new InScript(GoProgram.run("flagd", mode.name, Integer.toString(port), key));
        }
      };
    }
  }

  /// Go's provider for OFREP, for applications in Go that want the server to evaluate.
  static FlagdProvider overOfrepInGo(String url, String key) {
    Language.assumeGo();
    return new InScript(GoProgram.run("flagd", "ofrep", url, key));
  }

  /// Whether it could be used, once that is decided.
  boolean isReady() throws InterruptedException;

  Answer ask(String flag, String type);

  /// Waits for the next event of one of these names, past what the last call answered.
  ///
  /// @return the flags that it names
  List<String> await(String... events) throws InterruptedException;

  @Override
  void close();

  /// With the key in the metadata of every call.
  final class InJava implements FlagdProvider {

    private record Event(String name, List<String> flags) {}

    private static final ImmutableContext USER =
        new ImmutableContext("u1", Map.of("plan", new Value("pro")));

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final dev.openfeature.contrib.providers.flagd.FlagdProvider provider;
    private final Client client;
    private boolean ready;

    private InJava(Mode mode, int port, String key) {
      var head = new Metadata();
      head.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
      provider =
          new dev.openfeature.contrib.providers.flagd.FlagdProvider(
              FlagdOptions.builder()
                  .resolverType(mode == Mode.RPC ? Config.Resolver.RPC : Config.Resolver.IN_PROCESS)
                  .host("127.0.0.1")
                  .port(port)
                  .deadline(5_000)
                  .retryBackoffMs(100)
                  // else what it keeps outlives a short outage in which it missed a change
                  .retryGracePeriod(0)
                  .clientInterceptors(List.of(MetadataUtils.newAttachHeadersInterceptor(head)))
                  .build());
      var domain = UUID.randomUUID().toString();
      client = OpenFeatureAPI.getInstance().getClient(domain);
      for (var event : ProviderEvent.values()) {
        client.on(
            event,
            details ->
                events.add(
                    new Event(
                        event.name(),
                        details.getFlagsChanged() == null
                            ? List.of()
                            : details.getFlagsChanged())));
      }
      try {
        OpenFeatureAPI.getInstance().setProviderAndWait(domain, provider);
        ready = true;
      } catch (OpenFeatureError _) {
        ready = false;
      }
    }

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public Answer ask(String flag, String type) {
      return answer(
          switch (type) {
            case "boolean" -> client.getBooleanDetails(flag, false, USER);
            case "string" -> client.getStringDetails(flag, "none", USER);
            case "integer" -> client.getIntegerDetails(flag, -1, USER);
            case "number" -> client.getDoubleDetails(flag, -1.0, USER);
            default -> client.getObjectDetails(flag, new Value(), USER);
          });
    }

    private static Answer answer(FlagEvaluationDetails<?> details) {
      var value =
          details.getValue() instanceof Value object && object.isStructure()
              ? object.asStructure().asObjectMap().toString()
              : String.valueOf(details.getValue());
      return new Answer(
          value,
          details.getVariant() == null ? "" : details.getVariant(),
          details.getReason(),
          details.getErrorCode() == null ? "" : details.getErrorCode().name());
    }

    @Override
    public List<String> await(String... names) throws InterruptedException {
      while (true) {
        var next = events.poll(SOON.toMillis(), TimeUnit.MILLISECONDS);
        if (next == null) {
          throw new AssertionError("no event in time of " + List.of(names));
        }
        if (List.of(names).contains(next.name)) {
          return next.flags;
        }
      }
    }

    @Override
    public void close() {
      provider.shutdown();
    }
  }

  /// With the key in the authority (Node.js), the selector (Python, Go in-process), or with the
  /// host (Go, which speaks Connect over HTTP/1.1 where the server evaluates): what they can send.
  final class InScript implements FlagdProvider {

    private final ScriptProcess script;

    private InScript(ScriptProcess script) {
      this.script = script;
    }

    @Override
    public boolean isReady() {
      return script.await(said -> said.has("ready"), SOON).path("ready").asBoolean();
    }

    @Override
    public Answer ask(String flag, String type) {
      script.tell("{\"flag\":\"%s\",\"type\":\"%s\"}".formatted(flag, type));
      var said = script.await(line -> line.path("asked").asString("").equals(flag), SOON);
      var value = said.path("value");
      return new Answer(
          value.isString() ? value.stringValue() : value.toString(),
          said.path("variant").asString(""),
          said.path("reason").asString(""),
          said.path("errorCode").asString(""));
    }

    @Override
    public List<String> await(String... events) {
      var said =
          script.await(line -> List.of(events).contains(line.path("event").asString("")), SOON);
      return said.path("flags").valueStream().map(JsonNode::stringValue).toList();
    }

    /// Providers shorten the names of events as they like.
    @Override
    public void close() {
      script.close();
    }
  }
}
