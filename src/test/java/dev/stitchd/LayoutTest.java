package dev.stitchd;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.sourceforge.pmd.cpd.CPDConfiguration;
import net.sourceforge.pmd.cpd.CPDReport;
import net.sourceforge.pmd.cpd.CpdAnalysis;
import net.sourceforge.pmd.cpd.Match;
import net.sourceforge.pmd.lang.LanguageRegistry;
import org.junit.jupiter.api.Test;

/// What keeps the source tree readable, measured on its files.
class LayoutTest {

  private static final Path MAIN = Path.of("src/main/java");
  private static final Pattern WORD = Pattern.compile("\\w+");

  private static final int MOST_FILES = 25;

  private static final int FEW_LINES = 15;
  private static final int MOST_DUPLICATES = 10;
  private static final int DUPLICATE_LINES = 6;
  private static final int DUPLICATE_TOKENS = 40;

  @Test
  void noPackageHoldsMoreFilesThanAPersonCanHoldInTheHead() throws IOException {
    var crowded = new TreeMap<Path, Long>();
    sources().stream()
        .collect(groupingBy(Path::getParent, Collectors.counting()))
        .forEach((folder, files) -> {
          if (files > MOST_FILES) {
            crowded.put(folder, files);
          }
        });

    assertThat(crowded).as("packages with more than %d files", MOST_FILES).isEmpty();
  }

  @Test
  void noSimpleNameStandsForTwoTypes() throws IOException {
    var twice =
        sources().stream().collect(groupingBy(LayoutTest::name)).entrySet().stream()
            .filter(files -> files.getValue().size() > 1)
            .collect(toMap(Map.Entry::getKey, Map.Entry::getValue));

    assertThat(twice).isEmpty();
  }

  @Test
  void everyPackageSaysWhatItIsFor() throws IOException {
    var silent =
        sources().stream()
            .map(Path::getParent)
            .distinct()
            .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
            .toList();

    assertThat(silent).isEmpty();
  }

  @Test
  void aTypeOfAFewLinesThatOnlyOneTypeUsesLivesInIt() throws IOException {
    var words = sources().stream().collect(toMap(Function.identity(), file -> words(read(file))));
    var lonely =
        sources().stream()
            .filter(file -> codeLines(file) <= FEW_LINES)
            .filter(file -> isPackagePrivateType(read(file)))
            .filter(file -> !name(file).endsWith("Settings")) // found by this name
            .filter(file -> !hasItsOwnTest(file))
            .filter(file -> usersOf(file, words).size() == 1)
            .map(file -> MAIN.relativize(file) + " is used by " + usersOf(file, words))
            .toList();

    assertThat(lonely).isEmpty();
  }

  @Test
  void codeIsWrittenOnce() throws IOException {
    var configuration = new CPDConfiguration();
    configuration.setOnlyRecognizeLanguage(LanguageRegistry.CPD.getLanguageById("java"));
    configuration.setMinimumTileSize(DUPLICATE_TOKENS);
    configuration.addInputPath(MAIN);
    var pairs = new ArrayList<String>();
    try (var analysis = CpdAnalysis.create(configuration)) {
      analysis.performAnalysis(report -> pairs.addAll(pairs(report)));
    }

    assertThat(pairs)
        .as("pairs of places that share %d lines or more", DUPLICATE_LINES)
        .hasSizeLessThanOrEqualTo(MOST_DUPLICATES);
  }

  private static List<String> pairs(CPDReport report) {
    return report.getMatches().stream()
        .filter(match -> match.getLineCount() >= DUPLICATE_LINES)
        .flatMap(LayoutTest::pairs)
        .toList();
  }

  private static Stream<String> pairs(Match match) {
    var places =
        match.getMarkSet().stream()
            .map(mark ->
                MAIN.toAbsolutePath()
                        .relativize(Path.of(mark.getLocation().getFileId().getAbsolutePath()))
                    + ":"
                    + mark.getLocation().getStartLine())
            .toList();
    return places.stream()
        .flatMap(one ->
            places.subList(places.indexOf(one) + 1, places.size()).stream()
                .map(other -> one + " ~ " + other));
  }

  private static List<Path> usersOf(Path file, Map<Path, Set<String>> words) {
    return words.entrySet().stream()
        .filter(other -> !other.getKey().equals(file) && other.getValue().contains(name(file)))
        .map(other -> other.getKey().getFileName())
        .toList();
  }

  private static boolean hasItsOwnTest(Path file) {
    var test =
        file.toString().replace("src/main/java", "src/test/java").replace(".java", "Test.java");
    return Files.exists(Path.of(test));
  }

  private static boolean isPackagePrivateType(String source) {
    return Pattern.compile("(?m)^(final |sealed |abstract )*(class|record|interface|enum) ")
        .matcher(source)
        .find();
  }

  private static long codeLines(Path file) {
    return read(file)
        .lines()
        .map(String::strip)
        .filter(line ->
            !line.isEmpty()
                && !line.startsWith("//")
                && !line.startsWith("import ")
                && !line.startsWith("package "))
        .count();
  }

  private static Set<String> words(String source) {
    return WORD.matcher(source).results().map(found -> found.group()).collect(Collectors.toSet());
  }

  private static String name(Path file) {
    return file.getFileName().toString().replace(".java", "");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> sources() throws IOException {
    try (var files = Files.walk(MAIN)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !file.endsWith("package-info.java"))
          .toList();
    }
  }
}
