-- Each node tells how many deletions there are and how long the oldest has waited; of the tenants it hears no more than before.
DROP FUNCTION stitchd_deletions_to_do(float8);

-- Deletions that are not done, the oldest first, and those that were done so long ago; and, with each, how many of all are queued and
-- running, and for how many seconds the oldest has waited.
CREATE FUNCTION stitchd_deletions_to_do(kept_seconds float8)
  RETURNS TABLE (tenant_id uuid, id uuid, old boolean, queued bigint, running bigint, oldest bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  (SELECT d.tenant_id, d.id, false,
          count(*) FILTER (WHERE d.state = 'queued') OVER (), count(*) FILTER (WHERE d.state = 'running') OVER (),
          extract(epoch FROM now() - min(d.created_at) OVER ())::bigint
     FROM public.deletions d
    WHERE d.state <> 'done' AND current_setting('stitchd.platform', true) = 'on' ORDER BY d.number LIMIT 100)
  UNION ALL
  (SELECT d.tenant_id, d.id, true, 0::bigint, 0::bigint, 0::bigint FROM public.deletions d
    WHERE d.state = 'done' AND d.finished_at < now() - make_interval(secs => kept_seconds)
      AND current_setting('stitchd.platform', true) = 'on' LIMIT 100);
END $$;

REVOKE ALL ON FUNCTION stitchd_deletions_to_do(float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stitchd_deletions_to_do(float8) TO stitchd_app;
