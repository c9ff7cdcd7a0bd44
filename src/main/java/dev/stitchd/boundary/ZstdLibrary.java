package dev.stitchd.boundary;

import com.github.luben.zstd.util.Native;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/// Unpacks and loads the native library of zstd as the server starts: the first body that needs it
/// would do so on an event loop, and hold up all others there.
@Component
final class ZstdLibrary {

  private static final Logger LOG = LoggerFactory.getLogger(ZstdLibrary.class);

  ZstdLibrary() {
    try {
      Native.load();
    } catch (LinkageError e) {
      LOG.warn(
          "zstd: its library cannot be loaded ({}); bodies that are packed by it cannot be read: let java.io.tmpdir be a folder that files can be run from",
          e.toString());
    }
  }
}
