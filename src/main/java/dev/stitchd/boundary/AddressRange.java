package dev.stitchd.boundary;

import java.net.InetAddress;

/// A range of internet addresses.
///
/// @param bits how many leading bits an address has in common with the range's first
record AddressRange(InetAddress first, int bits) {

  /// Reads `10.0.0.0/8`, `fd00::/8` or a single address.
  ///
  /// @throws IllegalArgumentException if it is neither
  static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    var first = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
    int most = first.getAddress().length * 8;
    int bits = slash < 0 ? most : Integer.parseInt(text.substring(slash + 1));
    if (bits < 0 || bits > most) {
      throw new IllegalArgumentException("'" + text + "' is not a range of addresses");
    }
    return new AddressRange(first, bits);
  }

  boolean contains(InetAddress address) {
    var mine = first.getAddress();
    var other = address.getAddress();
    if (mine.length != other.length) {
      return false;
    }
    for (int i = 0; i < mine.length; i++) {
      int rest = Math.clamp(bits - 8L * i, 0, 8);
      if (((mine[i] ^ other[i]) & (0xff00 >> rest) & 0xff) != 0) {
        return false;
      }
    }
    return true;
  }
}
