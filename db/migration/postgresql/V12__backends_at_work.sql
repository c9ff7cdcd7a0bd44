-- Whether a backend is at work on a statement: not if it waits for its client, and not if it is gone; null if that cannot be seen.
-- A node asks when an answer does not come: the statement may be waiting for a lock, or the connection may carry nothing any more.
-- Roles see the state of their own sessions only, and sessions belong to the user that logged in; the locks that are waited for everybody sees.
CREATE FUNCTION stitchd_backend_works(backend int) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
  RETURN EXISTS (SELECT FROM pg_locks WHERE pid = backend AND NOT granted)
      OR (SELECT CASE WHEN a.pid IS NULL THEN false
                      WHEN a.state IS NULL OR a.state = 'disabled' THEN NULL
                      ELSE a.state = 'active' AND a.wait_event_type IS DISTINCT FROM 'Client' END
            FROM (VALUES (backend)) AS asked (pid) LEFT JOIN pg_stat_activity a ON a.pid = asked.pid);
REVOKE ALL ON FUNCTION stitchd_backend_works(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stitchd_backend_works(int) TO stitchd_reader;
