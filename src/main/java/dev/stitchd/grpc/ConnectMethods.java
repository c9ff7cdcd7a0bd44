package dev.stitchd.grpc;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The methods that can be called over Connect, by their path: those of gRPC's services, with the
/// same interceptors. Immutable.
final class ConnectMethods {

  /// One method.
  ///
  /// @param <Q> what it is asked
  /// @param <A> what it answers
  record Method<Q, A>(ServerMethodDefinition<Q, A> definition) {

    private static final JsonFormat.Parser READER = JsonFormat.parser().ignoringUnknownFields();
    private static final JsonFormat.Printer WRITER =
        JsonFormat.printer().alwaysPrintFieldsWithNoPresence().omittingInsignificantWhitespace();

    boolean isStream() {
      return definition.getMethodDescriptor().getType() == MethodType.SERVER_STREAMING;
    }

    /// A message as the method reads it; what cannot be read reaches it as [UnreadableMessages]
    /// say.
    Q read(InputStream sent, boolean isJson) {
      return definition
          .getMethodDescriptor()
          .parseRequest(isJson ? new FromJson(sent, types().getInputType()) : sent);
    }

    /// A message in the form that is sent.
    byte[] written(A message, boolean isJson) {
      try (var stream = definition.getMethodDescriptor().streamResponse(message)) {
        var bytes = stream.readAllBytes();
        return isJson
            ? WRITER
                .print(DynamicMessage.parseFrom(types().getOutputType(), bytes))
                .getBytes(StandardCharsets.UTF_8)
            : bytes;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private com.google.protobuf.Descriptors.MethodDescriptor types() {
      if (definition.getMethodDescriptor().getSchemaDescriptor()
          instanceof ProtoMethodDescriptorSupplier supplier) {
        return supplier.getMethodDescriptor();
      }
      throw new IllegalStateException("every method here was generated from a definition");
    }
  }

  /// JSON that is made into a message when it is read, as strictly as everywhere here: protobuf's
  /// own reader takes what follows the message, bytes that are no text, and much that is no JSON.
  private static final class FromJson extends InputStream {

    /// A reader of contexts leaves out text that holds U+0000, as it does text with half of a
    /// surrogate pair, which no protobuf can hold.
    private static final String NO_TEXT = "\\\\u0000";

    private static final Pattern HALF_PAIR = Pattern.compile("\\p{Cs}");
    private static final String CONTEXT = "context";

    private final InputStream json;
    private final Descriptor type;
    private @Nullable InputStream message;

    private FromJson(InputStream json, Descriptor type) {
      this.json = json;
      this.type = type;
    }

    @Override
    public int read() throws IOException {
      return message().read();
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      return message().read(to, offset, length);
    }

    private static String text(byte[] json) {
      var text = Json.write(Json.parseExcept(json, CONTEXT));
      return HALF_PAIR.matcher(text).replaceAll(NO_TEXT);
    }

    private InputStream message() throws IOException {
      var known = message;
      if (known != null) {
        return known;
      }
      var read = DynamicMessage.newBuilder(type);
      try {
        Method.READER.merge(text(json.readAllBytes()), read);
      } catch (InvalidProtocolBufferException | Problem e) {
        throw Status.INTERNAL.withCause(e).asRuntimeException();
      }
      var made = new ByteArrayInputStream(read.build().toByteArray());
      message = made;
      return made;
    }
  }

  private final Map<String, Method<?, ?>> methods;

  private ConnectMethods(Map<String, Method<?, ?>> methods) {
    this.methods = Map.copyOf(methods);
  }

  /// @param interceptors the first is called first
  static ConnectMethods of(
      List<ServerServiceDefinition> services, List<ServerInterceptor> interceptors) {
    var methods = new HashMap<String, Method<?, ?>>();
    for (var service : services) {
      for (var method : ServerInterceptors.interceptForward(service, interceptors).getMethods()) {
        var own = method.getMethodDescriptor();
        if (own.getType() == MethodType.UNARY || own.getType() == MethodType.SERVER_STREAMING) {
          methods.put("/" + own.getFullMethodName(), new Method<>(method));
        }
      }
    }
    return new ConnectMethods(methods);
  }

  /// The method with a path; null for none.
  @Nullable Method<?, ?> at(String path) {
    return methods.get(path);
  }
}
