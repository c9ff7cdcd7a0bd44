-- Deletions that wait for the event store alone take nobody's place, and whatever node deletes an environment, its events are erased.

-- Whether all that it removes from PostgreSQL is gone: then it waits for nothing but the event store, and takes nobody's place.
ALTER TABLE deletions ADD COLUMN emptied boolean NOT NULL DEFAULT false;

-- Deletions that are not done and do not wait for erasures alone, the oldest first, and those that were done so long ago; and, with each, how
-- many of all are queued and running, and for how many seconds the oldest has waited.
CREATE OR REPLACE FUNCTION stitchd_deletions_to_do(kept_seconds float8)
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
    WHERE d.state <> 'done' AND current_setting('stitchd.platform', true) = 'on'
      AND NOT (d.emptied AND EXISTS (SELECT FROM public.erasures x
                                      WHERE x.environment_id = ANY (d.environment_ids) AND x.context_type IS NULL AND x.state <> 'done'))
    ORDER BY d.number LIMIT 100)
  UNION ALL
  (SELECT d.tenant_id, d.id, true, 0::bigint, 0::bigint, 0::bigint FROM public.deletions d
    WHERE d.state = 'done' AND d.finished_at < now() - make_interval(secs => kept_seconds)
      AND current_setting('stitchd.platform', true) = 'on' LIMIT 100);
END $$;

-- Everything of an environment is of no project any more that somebody could look up. Nodes of before may still name one.
ALTER TABLE erasures ALTER COLUMN project DROP NOT NULL;
CREATE INDEX ON erasures (due_at) WHERE state = 'done' AND context_type IS NULL;
CREATE POLICY of_trigger ON erasures FOR INSERT TO CURRENT_USER
  WITH CHECK (current_setting('role') IN ('stitchd_app', 'stitchd_reader') AND context_type IS NULL);

DROP FUNCTION stitchd_erasures_to_do(float8, float8, int);
DROP FUNCTION stitchd_erasures_concerned(uuid[], timestamptz);

-- What is due, long done (old), or to begin again (again), in all tenants; not whom it is about. Everything of an environment begins again
-- each day: of what came late, a node that ended before it could say so says nothing.
CREATE FUNCTION stitchd_erasures_to_do(settle_seconds float8, kept_seconds float8, most int)
  RETURNS TABLE (tenant_id uuid, id uuid, old boolean, again boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  (SELECT e.tenant_id, e.id, false, false FROM public.erasures e
    WHERE e.state <> 'done' AND e.due_at <= now() AND e.created_at <= now() - make_interval(secs => settle_seconds)
      AND current_setting('stitchd.platform', true) = 'on' ORDER BY e.number LIMIT most)
  UNION ALL
  (SELECT e.tenant_id, e.id, true, false FROM public.erasures e
    WHERE e.state = 'done' AND e.finished_at < now() - make_interval(secs => kept_seconds)
      AND current_setting('stitchd.platform', true) = 'on' LIMIT 100)
  UNION ALL
  (SELECT e.tenant_id, e.id, false, true FROM public.erasures e
    WHERE e.state = 'done' AND e.context_type IS NULL AND e.due_at < now() - interval '1 day' AND e.finished_at >= now() - make_interval(secs => kept_seconds)
      AND current_setting('stitchd.platform', true) = 'on' LIMIT 100);
END $$;

-- What is about one of these environments, whose tenants a node need not know: persons that were asked for since then, who may be known again,
-- and everything, whenever that was, since nothing is to come any more.
CREATE FUNCTION stitchd_erasures_concerned(environments uuid[], since timestamptz)
  RETURNS TABLE (tenant_id uuid, id uuid, old boolean, again boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT e.tenant_id, e.id, false, true FROM public.erasures e
   WHERE e.environment_id = ANY (environments) AND (e.context_type IS NULL OR e.created_at >= since) AND current_setting('stitchd.platform', true) = 'on';
END $$;

REVOKE ALL ON FUNCTION stitchd_erasures_to_do(float8, float8, int) FROM PUBLIC;
REVOKE ALL ON FUNCTION stitchd_erasures_concerned(uuid[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stitchd_erasures_to_do(float8, float8, int) TO stitchd_app;
GRANT EXECUTE ON FUNCTION stitchd_erasures_concerned(uuid[], timestamptz) TO stitchd_app;

-- Everything of an environment goes that is taken out of sight or, as by nodes of before V14, deleted in one statement, whichever node does it.
CREATE FUNCTION stitchd_erase_environment() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO public.erasures (tenant_id, environment_id)
  SELECT OLD.tenant_id, OLD.id
   WHERE NOT EXISTS (SELECT FROM public.erasures e WHERE e.environment_id = OLD.id AND e.context_type IS NULL);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION stitchd_erase_environment() FROM PUBLIC;

CREATE TRIGGER erase_hidden AFTER UPDATE OF deleted_at ON environments FOR EACH ROW
  WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION stitchd_erase_environment();
CREATE TRIGGER erase_deleted AFTER DELETE ON environments FOR EACH ROW EXECUTE FUNCTION stitchd_erase_environment();

-- What was deleted before is removed from the event store too.
INSERT INTO erasures (tenant_id, environment_id)
SELECT DISTINCT d.tenant_id, gone.id FROM deletions d CROSS JOIN unnest(d.environment_ids) AS gone (id)
 WHERE NOT EXISTS (SELECT FROM erasures e WHERE e.environment_id = gone.id AND e.context_type IS NULL);
