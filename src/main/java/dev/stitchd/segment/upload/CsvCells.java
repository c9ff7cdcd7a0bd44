package dev.stitchd.segment.upload;

import de.siegmar.fastcsv.reader.AbstractBaseCsvCallbackHandler;
import java.util.Arrays;

/// The two cells of a record that matter. One is filled again for each record, since there are
/// millions. Characters are bytes here, one in each. Confined to one thread.
final class CsvCells extends AbstractBaseCsvCallbackHandler<Boolean> {

  private final int keyColumn;
  private final int listColumn;

  byte[] key = new byte[MemberKeys.LONGEST];
  int keyLength;
  boolean keyIsQuoted;
  String list = "";
  int count;

  CsvCells(CsvColumns columns) {
    keyColumn = columns.key();
    listColumn = columns.list();
  }

  @Override
  protected void handleBegin(long line) {
    list = "";
    count = 0;
    keyLength = 0;
  }

  @Override
  protected void handleField(int column, char[] chars, int from, int length, boolean quoted) {
    count = column + 1;
    if (column == keyColumn) {
      takeKey(chars, from, length);
      keyIsQuoted = quoted;
    } else if (column == listColumn) {
      list = new String(chars, from, length);
    }
  }

  @Override
  protected Boolean buildRecord() {
    return true;
  }

  private void takeKey(char[] chars, int from, int length) {
    if (length > key.length) {
      key = Arrays.copyOf(key, length);
    }
    for (int i = 0; i < length; i++) {
      key[i] = (byte) chars[from + i];
    }
    keyLength = length;
  }
}
