-- The audit log: who did what from where, field by field and in words; nothing but added to.

-- Rows of before have none of these; what changed is in their columns before and after, which have nothing in rows that have these.
ALTER TABLE audit_logs
  ADD COLUMN actor_kind   text CHECK (actor_kind IN ('user', 'token', 'system')),
  ADD COLUMN actor_id     uuid,              -- of the account or the token
  ADD COLUMN address      text,              -- the client's
  ADD COLUMN request_id   text,
  ADD COLUMN environment  text,              -- its key
  ADD COLUMN summary      text,              -- in words
  ADD COLUMN changes      json,              -- [{"path", "before", "after"}]
  ADD COLUMN more_changes integer;           -- how many there were besides

DROP INDEX audit_logs_tenant_id_resource_id_idx;
-- Pages go by time and number, the newest first, through all of it or through what one filter leaves.
CREATE INDEX audit_logs_at ON audit_logs (tenant_id, at, id);
CREATE INDEX audit_logs_project ON audit_logs (tenant_id, project, at, id);
CREATE INDEX audit_logs_environment ON audit_logs (tenant_id, environment, at, id) WHERE environment IS NOT NULL;
CREATE INDEX audit_logs_action ON audit_logs (tenant_id, action, at, id);
CREATE INDEX audit_logs_actor_id ON audit_logs (tenant_id, actor_id, at, id) WHERE actor_id IS NOT NULL;
-- A token's name without what createdBy has before it.
CREATE INDEX audit_logs_actor ON audit_logs (tenant_id, (CASE WHEN actor LIKE 'token:%' THEN substr(actor, 7) ELSE actor END), at, id);

-- Whoever serves adds rows, and neither numbers nor dates them.
REVOKE ALL ON audit_logs FROM PUBLIC, stitchd_app, stitchd_reader;
GRANT SELECT,
      INSERT (tenant_id, actor, action, resource, project, revisions, comment, before, after,
              actor_kind, actor_id, address, request_id, environment, summary, changes, more_changes)
  ON audit_logs TO stitchd_app;

-- Whatever rights somebody has: rows go with their tenant, which is gone when this runs for them, and in no other way.
CREATE FUNCTION stitchd_audit_is_kept() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT FROM public.tenants t WHERE t.id = OLD.tenant_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION stitchd_audit_is_kept() FROM PUBLIC;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_logs FOR EACH ROW EXECUTE FUNCTION stitchd_audit_is_kept();
CREATE TRIGGER append_only_altogether BEFORE TRUNCATE ON audit_logs FOR EACH STATEMENT EXECUTE FUNCTION stitchd_audit_is_kept();
