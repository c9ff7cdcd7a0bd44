package dev.stitchd.runtime;

import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/// Whether ports speak TLS; `STITCHD_TLS_…`.
///
/// @param certificate a PEM file with the certificate and those that lead to a trusted one; null
///   for no TLS
/// @param privateKey a PEM file with the certificate's private key
/// @param privateKeyPassword the key's password, if it has one
@ConfigurationProperties("stitchd.tls")
record TlsSettings(
    @Nullable String certificate, @Nullable String privateKey, @Nullable String privateKeyPassword)
    implements CheckedSettings {

  TlsSettings {
    certificate = given(certificate);
    privateKey = given(privateKey);
  }

  private static @Nullable String given(@Nullable String text) {
    return text == null || text.isBlank() ? null : text;
  }

  @Override
  public void check() {
    var _ = isOn();
  }

  /// Whether there is a certificate.
  ///
  /// @throws StartFailure if there is only one of the two files, or one cannot be read
  boolean isOn() {
    if (certificate == null && privateKey == null) {
      return false;
    }
    check("STITCHD_TLS_CERTIFICATE", certificate);
    check("STITCHD_TLS_PRIVATE_KEY", privateKey);
    return true;
  }

  private static void check(String setting, @Nullable String file) {
    if (file == null || !Files.isReadable(Path.of(file))) {
      throw new StartFailure(
          "TLS needs a certificate and its private key: set "
              + setting
              + " to a PEM file that can be read"
              + (file == null ? "." : ", unlike " + file + "."),
          null);
    }
  }

  @Override
  public String toString() {
    return "TlsSettings[" + certificate + "]";
  }
}
