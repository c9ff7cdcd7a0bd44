package dev.stitchd.warehouse.query;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// The threads that wait for the R2DBC driver, which blocks. They have one queue: with one for each
/// thread, as Reactor's have, a query waits behind a slow one while another thread is free.
public final class QueryThreads {

  private static final int IDLE_SECONDS = 60;

  private QueryThreads() {}

  /// @param threads as many as queries run at once
  /// @param waiting most that wait for one; more are rejected
  public static Scheduler of(int threads, int waiting) {
    var pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(waiting),
            Thread.ofPlatform().name("warehouse-", 1).daemon().factory());
    pool.allowCoreThreadTimeOut(true);
    return Schedulers.fromExecutorService(pool, "warehouse");
  }
}
