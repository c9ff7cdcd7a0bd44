package dev.stitchd.boundary;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Who may say on whose behalf a request comes.
///
/// @param trustedProxies addresses and ranges (`10.0.0.0/8`) whose `X-Forwarded-For` counts;
///   `STITCHD_TRUSTED_PROXIES`
@ConfigurationProperties("stitchd")
record ProxySettings(@DefaultValue List<String> trustedProxies) {

  ProxySettings {
    trustedProxies = List.copyOf(trustedProxies);
  }
}
