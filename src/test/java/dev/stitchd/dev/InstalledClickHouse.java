package dev.stitchd.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/// The `clickhouse` program on the PATH. Distributions still ship versions from 2018, so it is
/// asked how old it is.
final class InstalledClickHouse {

  private static final Pattern VERSION = Pattern.compile("version (\\d+)\\.(\\d+)");

  private InstalledClickHouse() {}

  static boolean usable() {
    return Machine.onPath("clickhouse") && newEnough();
  }

  private static boolean newEnough() {
    try {
      var asked =
          new ProcessBuilder("clickhouse", "local", "--version").redirectErrorStream(true).start();
      var said = VERSION.matcher(new String(asked.getInputStream().readAllBytes()));
      return said.find()
          && Integer.parseInt(said.group(1)) * 100 + Integer.parseInt(said.group(2)) >= 2408;
    } catch (IOException _) {
      return false;
    }
  }

  static List<String> command(Path folder, int httpPort, int nativePort) {
    var configuration = folder.resolve("config.xml");
    try {
      Files.writeString(
          configuration,
          """
          <clickhouse>
            <logger><level>warning</level><console>1</console></logger>
            <path>%1$s/data/</path>
            <tmp_path>%1$s/tmp/</tmp_path>
            <user_files_path>%1$s/user_files/</user_files_path>
            <listen_host>127.0.0.1</listen_host>
            <http_port>%2$d</http_port>
            <tcp_port>%3$d</tcp_port>
            <user_directories><users_xml><path>%1$s/config.xml</path></users_xml></user_directories>
            <profiles><default/></profiles>
            <quotas><default/></quotas>
            <users>
              <default>
                <password></password>
                <networks><ip>127.0.0.1</ip></networks>
                <profile>default</profile>
                <quota>default</quota>
                <access_management>1</access_management>
              </default>
            </users>
          </clickhouse>
          """
              .formatted(folder, httpPort, nativePort));
    } catch (IOException e) {
      throw StoreProblem.during("Writing " + configuration, e);
    }
    return List.of("clickhouse", "server", "--config-file=" + configuration);
  }
}
