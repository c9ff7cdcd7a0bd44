-- Deleting a project or an environment takes it out of sight at once, and its rows go away in the background, in batches.

-- What was deleted keeps its row until nothing refers to it any more, so that foreign keys hold for what is still there.
ALTER TABLE projects ADD COLUMN deleted_at timestamptz;
ALTER TABLE environments ADD COLUMN deleted_at timestamptz;

-- Its key is free at once.
ALTER TABLE projects DROP CONSTRAINT projects_tenant_id_key_key;
CREATE UNIQUE INDEX ON projects (tenant_id, key) WHERE deleted_at IS NULL;
ALTER TABLE environments DROP CONSTRAINT environments_tenant_id_project_id_key_key;
CREATE UNIQUE INDEX ON environments (tenant_id, project_id, key) WHERE deleted_at IS NULL;

-- For the last statement of a deletion, and for foreign keys.
CREATE INDEX ON environments (tenant_id, project_id);
CREATE INDEX ON segment_generations (tenant_id, environment_id);

-- Restrictive, so that it holds beside whatever other policies allow: nobody sees what was deleted but a transaction that removes it.
CREATE POLICY not_deleted ON projects AS RESTRICTIVE TO stitchd_app
  USING (deleted_at IS NULL OR current_setting('stitchd.deleted', true) = 'on');
CREATE POLICY not_deleted ON environments AS RESTRICTIVE TO stitchd_app, stitchd_reader
  USING (deleted_at IS NULL OR current_setting('stitchd.deleted', true) = 'on');

-- How far each is. No foreign key to what it deletes, which it outlives.
CREATE TABLE deletions (
  tenant_id       uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id              uuid NOT NULL DEFAULT gen_random_uuid(),
  number          bigint GENERATED ALWAYS AS IDENTITY,   -- rises; lists are in its order
  project         text NOT NULL,                         -- keys, as they were
  environment     text,                                  -- null for a whole project
  project_id      uuid,                                  -- of a whole project
  environment_ids uuid[] NOT NULL,
  state           text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done')),
  rows_deleted    bigint NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL DEFAULT now(),
  finished_at     timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX ON deletions (tenant_id, number);
CREATE INDEX ON deletions (number) WHERE state <> 'done';
CREATE INDEX ON deletions (finished_at) WHERE state = 'done';

GRANT SELECT, INSERT, UPDATE, DELETE ON deletions TO stitchd_app;
GRANT SELECT (tenant_id, id, number, state, finished_at) ON deletions TO stitchd_reader; -- to find what is to be done
GRANT DELETE ON environment_revisions, deleted_flags, propagation_instances TO stitchd_app;

ALTER TABLE deletions ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON deletions TO stitchd_app
  USING (tenant_id = NULLIF(current_setting('stitchd.tenant', true), '')::uuid);
CREATE POLICY of_sdk_plane ON deletions FOR SELECT TO stitchd_reader USING (true);
CREATE POLICY of_deletion ON propagation_instances FOR DELETE TO stitchd_app
  USING (tenant_id = NULLIF(current_setting('stitchd.tenant', true), '')::uuid);
