package dev.stitchd.runtime;

import dev.stitchd.kernel.StartFailure;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/// Gives the HTTP port its certificate. The files are read once, as the server starts: a renewed
/// certificate needs a restart, which open streams outlive as they do any.
@Component
final class Tls implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

  private static final String BUNDLE = "stitchd";

  private final TlsSettings settings;

  Tls(TlsSettings settings) {
    this.settings = settings;
  }

  @Override
  public void customize(NettyReactiveWebServerFactory server) {
    if (settings.isOn()) {
      server.setSslBundles(new DefaultSslBundleRegistry(BUNDLE, bundle()));
      server.setSsl(Ssl.forBundle(BUNDLE));
    }
  }

  private SslBundle bundle() {
    var details =
        new PemSslStoreDetails(
            null,
            file(settings.certificate()),
            file(settings.privateKey()),
            settings.privateKeyPassword());
    var stores = new PemSslStoreBundle(details, null);
    try {
      var _ =
          stores
              .getKeyStore(); // reads the files, so that the start fails and not the first request
    } catch (RuntimeException e) {
      throw new StartFailure(
          "The certificate of STITCHD_TLS_CERTIFICATE or the key of STITCHD_TLS_PRIVATE_KEY cannot be used: "
              + e.getMessage(),
          e);
    }
    return SslBundle.of(stores, SslBundleKey.NONE);
  }

  private static @Nullable String file(@Nullable String path) {
    return path == null ? null : Path.of(path).toUri().toString();
  }
}
