package dev.stitchd.ruleset.operator;

import inet.ipaddr.AddressStringParameters.RangeParameters;
import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.IPAddressStringParameters;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// IP addresses and CIDR blocks. Only literal addresses, so nothing is ever looked up. An IPv4
/// address inside IPv6 (`::ffff:10.0.0.1`) is that IPv4 address, and a block of such addresses
/// (`::ffff:10.0.0.0/104`) that block of IPv4.
public final class Addresses {

  private static final int MAX_LENGTH = 64;

  /// What stands before the IPv4 address in IPv6.
  private static final int MAPPED_BITS = 96;

  private static final IPAddressStringParameters ADDRESS = strict(false);
  private static final IPAddressStringParameters BLOCK = strict(true);

  private Addresses() {}

  /// The address; null if the value is none.
  static @Nullable IPAddress read(JsonNode value) {
    return value.isString() ? parse(value.stringValue(), ADDRESS) : null;
  }

  /// The block, host bits cleared; a bare address is a block of one.
  ///
  /// @throws IllegalArgumentException if the value is neither
  static IPAddress parseBlock(JsonNode value) {
    var block = value.isString() ? parse(value.stringValue(), BLOCK) : null;
    if (block == null) {
      throw new IllegalArgumentException(
          "must be a block of IP addresses, as 10.0.0.0/8 or 2001:db8::/32");
    }
    return block.toPrefixBlock();
  }

  /// The block that a value is taken for, as text.
  ///
  /// @throws IllegalArgumentException if it is none
  public static String block(JsonNode value) {
    return parseBlock(value).toNormalizedString();
  }

  private static @Nullable IPAddress parse(String text, IPAddressStringParameters rules) {
    if (text.length() > MAX_LENGTH || text.contains("%")) {
      return null;
    }
    var address = new IPAddressString(text, rules).getAddress();
    if (address == null || !address.isIPv6() || !address.toIPv6().isIPv4Mapped()) {
      return address;
    }
    var embedded = address.toIPv6().getEmbeddedIPv4Address();
    if (!address.isPrefixed()) {
      return embedded;
    }
    int prefix = address.getPrefixLength() - MAPPED_BITS;
    return prefix < 0 ? address : embedded.withoutPrefixLength().toPrefixBlock(prefix);
  }

  private static IPAddressStringParameters strict(boolean prefix) {
    var rules =
        new IPAddressStringParameters.Builder()
            .allowEmpty(false)
            .allowAll(false)
            .allowSingleSegment(false)
            .allowPrefix(prefix)
            .allowMask(false)
            .allowPrefixOnly(false)
            .allowWildcardedSeparator(false)
            .allow_inet_aton(false)
            .setRangeOptions(RangeParameters.NO_RANGE);
    rules.getIPv6AddressParametersBuilder().allowZone(false);
    return rules.toParams();
  }
}
