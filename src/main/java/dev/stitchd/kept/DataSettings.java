package dev.stitchd.kept;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Where files are.
///
/// @param dataDir the folder for all that a node keeps on disk; `STITCHD_DATA_DIR`
@ConfigurationProperties("stitchd")
record DataSettings(@DefaultValue(".stitchd") Path dataDir) {

  Path snapshots() {
    return dataDir.toAbsolutePath().normalize().resolve("snapshots");
  }
}
