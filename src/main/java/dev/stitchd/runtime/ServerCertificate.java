package dev.stitchd.runtime;

import dev.stitchd.kernel.StartFailure;
import java.nio.file.Path;
import javax.net.ssl.KeyManagerFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;
import org.springframework.stereotype.Component;

/// The certificate that every port of this server shows. The files are read once, as the server
/// starts: a renewed certificate needs a restart, which open streams outlive as they do any.
@Component
public final class ServerCertificate {

  private final TlsSettings settings;

  ServerCertificate(TlsSettings settings) {
    this.settings = settings;
  }

  /// The certificate and its private key; null if ports speak no TLS.
  ///
  /// @throws StartFailure if the files cannot be used
  public @Nullable KeyManagerFactory keys() {
    var bundle = bundle();
    return bundle == null ? null : bundle.getManagers().getKeyManagerFactory();
  }

  /// The same for the framework.
  @Nullable SslBundle bundle() {
    if (!settings.isOn()) {
      return null;
    }
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
