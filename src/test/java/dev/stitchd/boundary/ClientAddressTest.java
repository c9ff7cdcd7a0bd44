package dev.stitchd.boundary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressTest {

  private static String of(List<String> trusted, String remote, String... forwarded) {
    return new ClientAddress(new ProxySettings(trusted))
        .of(new InetSocketAddress(InetAddress.ofLiteral(remote), 1234), List.of(forwarded));
  }

  @Test
  void whoIsNotTrustedSpeaksForItselfOnly() {
    assertThat(of(List.of(), "192.0.2.1", "203.0.113.7")).isEqualTo("192.0.2.1");
    assertThat(of(List.of("10.0.0.0/8"), "192.0.2.1", "203.0.113.7")).isEqualTo("192.0.2.1");
  }

  @Test
  void theLastAddressThatIsNoTrustedProxyCounts() {
    var trusted = List.of("10.0.0.0/8", "127.0.0.1");
    assertThat(of(trusted, "10.1.2.3", "203.0.113.7")).isEqualTo("203.0.113.7");
    assertThat(of(trusted, "10.1.2.3", "6.6.6.6, 203.0.113.7 , 10.9.9.9")).isEqualTo("203.0.113.7");
    assertThat(of(trusted, "127.0.0.1", "6.6.6.6", "203.0.113.7")).isEqualTo("203.0.113.7");
    assertThat(of(trusted, "10.1.2.3")).isEqualTo("10.1.2.3");
    assertThat(of(trusted, "10.1.2.3", "nonsense")).isEqualTo("10.1.2.3");
    assertThat(of(trusted, "10.1.2.3", "203.0.113.7, nonsense")).isEqualTo("10.1.2.3");
  }

  @Test
  void anIpv6UserIsItsNetwork() {
    assertThat(of(List.of(), "2001:db8:1:2:3:4:5:6")).isEqualTo(of(List.of(), "2001:db8:1:2::9"));
    assertThat(of(List.of(), "2001:db8:1:3::9")).isNotEqualTo(of(List.of(), "2001:db8:1:2::9"));
  }

  @Test
  void inFullItIsTheAddressItself() {
    var addresses = new ClientAddress(new ProxySettings(List.of("10.0.0.0/8")));
    var proxy = new InetSocketAddress(InetAddress.ofLiteral("10.1.2.3"), 1234);
    assertThat(addresses.inFull(proxy, List.of("2001:db8::9"))).isEqualTo("2001:db8:0:0:0:0:0:9");
    assertThat(addresses.inFull(proxy, List.of())).isEqualTo("10.1.2.3");
    assertThat(addresses.inFull(null, List.of("203.0.113.7"))).isEqualTo("unknown");
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.0.1, true",
    "10.0.0.0/8, 11.0.0.1, false",
    "10.0.0.0/15, 10.1.0.1, true",
    "10.0.0.0/15, 10.2.0.1, false",
    "0.0.0.0/0, 203.0.113.7, true",
    "192.0.2.1, 192.0.2.1, true",
    "192.0.2.1, 192.0.2.2, false",
    "fd00::/8, fdff::1, true",
    "fd00::/8, fe00::1, false",
    "10.0.0.0/8, fd00::1, false"
  })
  void rangesContainWhatBeginsAsTheyDo(String range, String address, boolean contained) {
    assertThat(AddressRange.parse(range).contains(InetAddress.ofLiteral(address)))
        .isEqualTo(contained);
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.0/33", "10.0.0.0/-1", "nonsense", "10.0.0.0/", "fd00::/129"})
  void whatIsNoRangeStopsTheStart(String text) {
    assertThatThrownBy(() -> AddressRange.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
