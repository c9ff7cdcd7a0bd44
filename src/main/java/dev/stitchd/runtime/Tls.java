package dev.stitchd.runtime;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/// Gives the HTTP port its certificate.
@Component
final class Tls implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

  private static final String BUNDLE = "stitchd";

  private final ServerCertificate certificate;

  Tls(ServerCertificate certificate) {
    this.certificate = certificate;
  }

  @Override
  public void customize(NettyReactiveWebServerFactory server) {
    var bundle = certificate.bundle();
    if (bundle != null) {
      server.setSslBundles(new DefaultSslBundleRegistry(BUNDLE, bundle));
      server.setSsl(Ssl.forBundle(BUNDLE));
    }
  }
}
