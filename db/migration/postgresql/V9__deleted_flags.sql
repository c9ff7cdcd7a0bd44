-- When a flag was deleted, in each environment and for each key the latest time. What was received before it is no statistics of a flag
-- that has the key now. The clock is this database's, for all nodes.
CREATE TABLE deleted_flags (
  tenant_id      uuid NOT NULL,
  environment_id uuid NOT NULL,
  key            text NOT NULL,
  deleted_at     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, environment_id, key),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
);

GRANT SELECT, INSERT, UPDATE ON deleted_flags TO stitchd_app;
ALTER TABLE deleted_flags ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON deleted_flags TO stitchd_app
  USING (tenant_id = NULLIF(current_setting('stitchd.tenant', true), '')::uuid);
