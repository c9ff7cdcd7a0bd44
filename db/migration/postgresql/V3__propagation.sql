-- Who has which revision: what each node's streams were sent, and what instances of SDKs say they applied. Written by all nodes once a
-- second, worth nothing after a few more; unlogged, so that it costs no write-ahead log and is empty after a crash.

CREATE UNLOGGED TABLE propagation_nodes (
  tenant_id      uuid NOT NULL,
  environment_id uuid NOT NULL,
  node           uuid NOT NULL,               -- one process, until it ends
  at             timestamptz NOT NULL,
  streams        int NOT NULL,
  summary        json NOT NULL,               -- how many streams are at which revision, and how long the newest revisions took
  PRIMARY KEY (environment_id, node),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

CREATE UNLOGGED TABLE propagation_instances (
  tenant_id      uuid NOT NULL,
  environment_id uuid NOT NULL,
  instance       text NOT NULL,
  tag            text NOT NULL,               -- the history that its cursors belong to; empty if it named none
  revision       bigint NOT NULL,             -- the newest that it says it applied; -1 for none
  receipts       json NOT NULL,               -- the newest few: [[revision, milliseconds since 1970], …], oldest first
  seen_at        timestamptz NOT NULL,
  PRIMARY KEY (environment_id, instance),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

GRANT SELECT ON propagation_nodes, propagation_instances TO stitchd_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON propagation_nodes, propagation_instances TO stitchd_reader;

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['propagation_nodes', 'propagation_instances'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I FOR SELECT TO stitchd_app
                      USING (tenant_id = NULLIF(current_setting(''stitchd.tenant'', true), '''')::uuid)', t);
    -- A node writes for all environments that it serves; the statements take the tenant from the environment itself.
    EXECUTE format('CREATE POLICY of_sdk_plane ON %I TO stitchd_reader USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
