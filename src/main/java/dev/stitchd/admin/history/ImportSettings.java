package dev.stitchd.admin.history;

import dev.stitchd.kernel.Allowed;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// Imports of whole projects; `STITCHD_IMPORT_…`.
///
/// @param maxBody largest file, which is held in memory while it is compared
@ConfigurationProperties("stitchd.import")
record ImportSettings(@Allowed(from = "1B", to = "1GB") @DefaultValue("16MB") DataSize maxBody) {

  int maxBodyBytes() {
    return Math.toIntExact(maxBody.toBytes());
  }
}
