package dev.stitchd.revisionlog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.background.RunningJob;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.postgres.Session;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PostgresChangeFeedIT implements ChangeFeedContract {

  private static final String NAME = "stitchd-listener-test";
  private static final ChangeFeedSettings SETTINGS =
      new ChangeFeedSettings(
          Duration.ofMillis(100),
          Duration.ofSeconds(2),
          Duration.ofMillis(500),
          Duration.ofSeconds(3),
          1_000);

  private final List<Announcement> heard = new CopyOnWriteArrayList<>();
  private PostgresqlConnectionFactory writers;
  private BroadcastChangeFeed feed;
  private ChangeListener listener;

  private RunningJob running;

  @BeforeAll
  void listen() {
    var url = URI.create(Stores.shared().freshPostgres().url());
    var listeners = connections(url, NAME);
    writers = connections(url, "writer");
    feed = new BroadcastChangeFeed(SETTINGS.mailbox());
    var timer = Schedulers.parallel();
    listener =
        new ChangeListener(
            new ListeningConnection(listeners::create, this::elsewhere, SETTINGS, timer),
            feed,
            SETTINGS,
            timer,
            new SplittableRandom(1));
    running = RunningJob.start(listener, timer);
    feed.announcements().subscribe(heard::add);
    waitUntil(listener::isConnected);
  }

  private Mono<Void> elsewhere(Function<Session, Mono<Void>> announcement) {
    return Mono.usingWhen(
        writers.create(),
        connection -> announcement.apply(new Session(connection)),
        PostgresqlConnection::close);
  }

  @AfterAll
  void stop() {
    running.stop();
    assertThat(listener.isConnected()).isFalse();
  }

  @Override
  public ChangeFeed feed() {
    return feed;
  }

  @Override
  public void commit(List<Announcement> announced) {
    inTransaction(announced, Connection::commitTransaction);
  }

  @Override
  public void rollBack(List<Announcement> announced) {
    inTransaction(announced, Connection::rollbackTransaction);
  }

  @Override
  public void loseConnection() {
    var ended =
        Flux.usingWhen(
                writers.create(),
                connection ->
                    connection
                        .createStatement(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1")
                        .bind("$1", NAME)
                        .execute()
                        .concatMap(result -> result.map((row, _) -> row.get(0, Boolean.class))),
                PostgresqlConnection::close)
            .collectList()
            .block();
    assertThat(ended).containsExactly(true);
  }

  @Override
  public void waitUntilHeard(EnvironmentId environment) {
    waitUntil(() -> heard.contains(new Announcement.Removed(environment)));
  }

  @Test
  void comesBackSoonerThanASecondAndSaysSo() {
    int before = resyncs();

    loseConnection();

    long start = System.nanoTime();
    waitUntil(() -> resyncs() > before);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Patience.withinSeconds(1));
    assertThat(listener.isConnected()).isTrue();
  }

  @Test
  void ignoresWhatOthersSayOnTheChannel() {
    Flux.usingWhen(
            writers.create(),
            connection ->
                connection
                    .createStatement("NOTIFY stitchd, 'hello'")
                    .execute()
                    .concatMap(result -> result.getRowsUpdated()),
            PostgresqlConnection::close)
        .blockLast();

    whatIsCommittedIsHeardAndWhatIsRolledBackIsNot();
  }

  private int resyncs() {
    return (int) heard.stream().filter(Announcement.Resync.class::isInstance).count();
  }

  private interface Ending {
    org.reactivestreams.Publisher<Void> of(Connection connection);
  }

  private void inTransaction(List<Announcement> announced, Ending ending) {
    Mono.usingWhen(
            writers.create(),
            connection ->
                connection
                    .beginTransaction()
                    .thenMany(Flux.fromIterable(announced))
                    .concatMap(announcement ->
                        AnnouncementRows.announce(new Session(connection), announcement))
                    .then(Mono.from(ending.of(connection))),
            PostgresqlConnection::close)
        .block();
  }

  private static void waitUntil(java.util.function.BooleanSupplier condition) {
    long end = System.nanoTime() + SOON.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static PostgresqlConnectionFactory connections(URI url, String name) {
    var user = url.getUserInfo().split(":", 2);
    return new PostgresqlConnectionFactory(
        PostgresqlConnectionConfiguration.builder()
            .host(url.getHost())
            .port(url.getPort())
            .database(url.getPath().substring(1))
            .username(user[0])
            .password(user.length > 1 ? user[1] : "")
            .applicationName(name)
            .build());
  }
}
