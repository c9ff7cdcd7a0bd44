package dev.stitchd.disk;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Where files are.
///
/// @param dataDir the folder for all that a node keeps on disk, spool included; no two processes
///   may share one; `STITCHD_DATA_DIR`
@ConfigurationProperties("stitchd")
record DataSettings(@DefaultValue(".stitchd") Path dataDir) {}
