-- What is to be removed from the event store: one person's events, or everything of an environment that was deleted. Any node carries it on.
-- No foreign key to an environment or a tenant, both of which it outlives: events that waited on a node's disk may come long after them.
CREATE TABLE erasures (
  tenant_id      uuid NOT NULL,
  id             uuid NOT NULL DEFAULT gen_random_uuid(),
  number         bigint GENERATED ALWAYS AS IDENTITY,   -- rises; lists are in its order
  project        text,                                  -- keys, as they were; null for everything
  environment    text,
  environment_id uuid NOT NULL,
  context_type   text,                                  -- null for everything
  context_key    text,
  state          text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'failed-and-retrying', 'done')),
  attempts       integer NOT NULL DEFAULT 0,            -- that failed since the last one that did not
  again          integer NOT NULL DEFAULT 0,            -- how often events came late
  tables_done    integer NOT NULL DEFAULT 0,
  rows_deleted   bigint NOT NULL DEFAULT 0,
  created_at     timestamptz NOT NULL DEFAULT now(),
  due_at         timestamptz NOT NULL DEFAULT now(),    -- when it is tried next
  started_at     timestamptz,
  finished_at    timestamptz,
  PRIMARY KEY (tenant_id, id),
  CHECK (num_nulls(project, environment, context_type, context_key) IN (0, 4))
);
CREATE UNIQUE INDEX ON erasures (tenant_id, number);
CREATE INDEX ON erasures (number) WHERE state <> 'done';
CREATE INDEX ON erasures (finished_at) WHERE state = 'done';
CREATE INDEX ON erasures (due_at) WHERE state = 'done' AND context_type IS NULL;
CREATE INDEX ON erasures (environment_id, created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON erasures TO stitchd_app;

ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY of_owner ON erasures TO CURRENT_USER USING (current_setting('stitchd.owner', true) = 'on');
CREATE POLICY of_tenant ON erasures TO stitchd_app
  USING (tenant_id = NULLIF(current_setting('stitchd.tenant', true), '')::uuid);
-- The owner's functions see it for a session that serves.
CREATE POLICY of_functions ON erasures FOR SELECT TO CURRENT_USER USING (current_setting('role') IN ('stitchd_app', 'stitchd_reader'));
CREATE POLICY of_trigger ON erasures FOR INSERT TO CURRENT_USER
  WITH CHECK (current_setting('role') IN ('stitchd_app', 'stitchd_reader') AND context_type IS NULL);

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
INSERT INTO erasures (tenant_id, environment_id) SELECT DISTINCT tenant_id, unnest(environment_ids) FROM deletions;
