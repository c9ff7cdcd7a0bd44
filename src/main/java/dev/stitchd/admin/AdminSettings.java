package dev.stitchd.admin;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// Limits of the management plane; `STITCHD_ADMIN_…`.
///
/// @param maxBody largest request body; imports and exports stream and are bounded otherwise
/// @param maxMembersBody largest body of adding or removing members, whose keys may be long
/// @param maxPreviewContext largest context of a preview; as for SDKs, unless told otherwise
/// @param previewWait how long a preview waits for this node to know what was just committed; after
///   that it shows the newest that the node knows
@ConfigurationProperties("stitchd.admin")
record AdminSettings(
    @Allowed(to = "1GB") @DefaultValue("1MB") DataSize maxBody,
    @Allowed(to = "1GB") @DefaultValue("8MB") DataSize maxMembersBody,
    @Allowed(to = "1GB") @DefaultValue("64KB") DataSize maxPreviewContext,
    @Allowed(from = "0s") @DefaultValue("1s") Duration previewWait) {

  AdminSettings {
    if (maxBody.toBytes() < 1
        || maxMembersBody.toBytes() < 1
        || maxPreviewContext.toBytes() < 1
        || previewWait.isNegative()) {
      throw new IllegalArgumentException(
          "stitchd.admin: sizes must be at least 1B and preview-wait not less than nothing");
    }
  }

  int maxBodyBytes() {
    return Math.toIntExact(maxBody.toBytes());
  }

  int maxPreviewContextBytes() {
    return Math.toIntExact(maxPreviewContext.toBytes());
  }

  int maxMembersBodyBytes() {
    return Math.toIntExact(maxMembersBody.toBytes());
  }
}
