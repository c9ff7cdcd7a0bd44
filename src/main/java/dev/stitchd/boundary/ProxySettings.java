package dev.stitchd.boundary;

import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Who may say on whose behalf a request comes.
///
/// @param trustedProxies addresses and ranges (`10.0.0.0/8`) whose `X-Forwarded-For` counts;
///   `STITCHD_TRUSTED_PROXIES`
@ConfigurationProperties("stitchd")
record ProxySettings(@DefaultValue List<String> trustedProxies) implements CheckedSettings {

  ProxySettings {
    trustedProxies = List.copyOf(trustedProxies);
  }

  @Override
  public void check() {
    var _ = ranges();
  }

  /// @throws StartFailure if one is no address and no range
  List<AddressRange> ranges() {
    return trustedProxies.stream().map(ProxySettings::range).toList();
  }

  private static AddressRange range(String text) {
    try {
      return AddressRange.parse(text);
    } catch (IllegalArgumentException e) {
      throw new StartFailure(
          "STITCHD_TRUSTED_PROXIES must be addresses and ranges such as 10.0.0.0/8, separated by commas, not "
              + text
              + ".",
          e);
    }
  }
}
