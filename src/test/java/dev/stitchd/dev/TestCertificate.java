package dev.stitchd.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// A certificate for 127.0.0.1 that signed itself, made by the JDK's `keytool`, as PEM files.
public final class TestCertificate {

  private static final char[] PASSWORD = "changeit".toCharArray();

  private final Path certificate;
  private final Path privateKey;
  private final KeyStore store;

  private TestCertificate(Path certificate, Path privateKey, KeyStore store) {
    this.certificate = certificate;
    this.privateKey = privateKey;
    this.store = store;
  }

  private static final class Shared {
    private static final TestCertificate CERTIFICATE = in(OwnFolders.temporary("certificate"));
  }

  /// One for all servers of this JVM.
  public static TestCertificate shared() {
    return Shared.CERTIFICATE;
  }

  /// Makes one.
  public static TestCertificate in(Path folder) {
    var file = folder.resolve("store.p12");
    make(file);
    try (var in = Files.newInputStream(file)) {
      var store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD);
      var certificate = folder.resolve("certificate.pem");
      var key = folder.resolve("key.pem");
      Files.writeString(certificate, pem("CERTIFICATE", store.getCertificate("own").getEncoded()));
      Files.writeString(key, pem("PRIVATE KEY", store.getKey("own", PASSWORD).getEncoded()));
      return new TestCertificate(certificate, key, store);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("Making a certificate: " + e, e);
    }
  }

  public Path certificate() {
    return certificate;
  }

  public Path privateKey() {
    return privateKey;
  }

  /// What a client needs to trust it, and nothing else.
  public SSLContext trusting() {
    try {
      var trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("own", store.getCertificate("own"));
      var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      var context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void make(Path file) {
    try {
      var process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                  "-genkeypair",
                  "-alias",
                  "own",
                  "-keyalg",
                  "EC",
                  "-groupname",
                  "secp256r1",
                  "-dname",
                  "CN=127.0.0.1",
                  "-ext",
                  "SAN=IP:127.0.0.1,DNS:localhost",
                  "-validity",
                  "2",
                  "-storetype",
                  "PKCS12",
                  "-keystore",
                  file.toString(),
                  "-storepass",
                  new String(PASSWORD))
              .redirectErrorStream(true)
              .start();
      var said = new String(process.getInputStream().readAllBytes());
      if (process.waitFor() != 0) {
        throw new IllegalStateException("keytool: " + said);
      }
    } catch (IOException e) {
      throw new IllegalStateException("keytool: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static String pem(String what, byte[] bytes) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(what, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes), what);
  }
}
