-- What is to be removed from the event store: one person's events, or everything of an environment that was deleted. Any node carries it on.
-- No foreign key to an environment or a tenant, both of which it outlives: events that waited on a node's disk may come long after them.
CREATE TABLE erasures (
  tenant_id      uuid NOT NULL,
  id             uuid NOT NULL DEFAULT gen_random_uuid(),
  number         bigint GENERATED ALWAYS AS IDENTITY,   -- rises; lists are in its order
  project        text NOT NULL,                         -- keys, as they were
  environment    text,                                  -- null with a whole project
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
  CHECK ((context_type IS NULL) = (context_key IS NULL))
);
CREATE UNIQUE INDEX ON erasures (tenant_id, number);
CREATE INDEX ON erasures (number) WHERE state <> 'done';
CREATE INDEX ON erasures (finished_at) WHERE state = 'done';
CREATE INDEX ON erasures (environment_id, created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON erasures TO stitchd_app;

ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY of_owner ON erasures TO CURRENT_USER USING (current_setting('stitchd.owner', true) = 'on');
CREATE POLICY of_tenant ON erasures TO stitchd_app
  USING (tenant_id = NULLIF(current_setting('stitchd.tenant', true), '')::uuid);
-- The owner's functions see it for a session that serves.
CREATE POLICY of_functions ON erasures FOR SELECT TO CURRENT_USER USING (current_setting('role') IN ('stitchd_app', 'stitchd_reader'));

-- What is due or long done, in all tenants; not whom it is about.
CREATE FUNCTION stitchd_erasures_to_do(settle_seconds float8, kept_seconds float8, most int)
  RETURNS TABLE (tenant_id uuid, id uuid, old boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  (SELECT e.tenant_id, e.id, false FROM public.erasures e
    WHERE e.state <> 'done' AND e.due_at <= now() AND e.created_at <= now() - make_interval(secs => settle_seconds)
      AND current_setting('stitchd.platform', true) = 'on' ORDER BY e.number LIMIT most)
  UNION ALL
  (SELECT e.tenant_id, e.id, true FROM public.erasures e
    WHERE e.state = 'done' AND e.finished_at < now() - make_interval(secs => kept_seconds)
      AND current_setting('stitchd.platform', true) = 'on' LIMIT 100);
END $$;

-- What was asked for since then and is about one of these environments, whose tenants a node need not know.
CREATE FUNCTION stitchd_erasures_concerned(environments uuid[], since timestamptz)
  RETURNS TABLE (tenant_id uuid, id uuid, old boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT e.tenant_id, e.id, false FROM public.erasures e
   WHERE e.environment_id = ANY (environments) AND e.created_at >= since AND current_setting('stitchd.platform', true) = 'on';
END $$;

REVOKE ALL ON FUNCTION stitchd_erasures_to_do(float8, float8, int) FROM PUBLIC;
REVOKE ALL ON FUNCTION stitchd_erasures_concerned(uuid[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stitchd_erasures_to_do(float8, float8, int) TO stitchd_app;
GRANT EXECUTE ON FUNCTION stitchd_erasures_concerned(uuid[], timestamptz) TO stitchd_app;

-- What was deleted before is removed from the event store too.
INSERT INTO erasures (tenant_id, project, environment, environment_id)
SELECT tenant_id, project, environment, unnest(environment_ids) FROM deletions;
