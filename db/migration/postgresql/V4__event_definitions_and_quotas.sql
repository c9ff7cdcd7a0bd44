-- What an environment lets its SDKs track. Ingest reads these by environment, as it reads keys; each change raises the environment's
-- access version, which is how nodes learn of it.
CREATE TABLE event_definitions (
  tenant_id          uuid NOT NULL,
  id                 uuid NOT NULL DEFAULT gen_random_uuid(),
  environment_id     uuid NOT NULL,
  key                text NOT NULL,
  name               text NOT NULL,
  description        text,
  value_type         text NOT NULL CHECK (value_type IN ('none', 'optional', 'number', 'integer')),
  unit               text,
  allowed_properties text[],                  -- null: any
  version            bigint NOT NULL DEFAULT 1,
  created_at         timestamptz NOT NULL DEFAULT now(),
  created_by         text NOT NULL,
  updated_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, environment_id, key),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
);

-- The token buckets that all nodes draw events from: 'all' for everybody's events, 'client' for the part of public keys. Rate and
-- burst are those of the latest lease; tokens are as of refilled_at, by this database's clock. Nothing here is configuration, and
-- losing it costs one burst.
CREATE TABLE event_quotas (
  tenant_id      uuid NOT NULL,
  environment_id uuid NOT NULL,
  share          text NOT NULL CHECK (share IN ('all', 'client')),
  per_second     double precision NOT NULL,
  burst          double precision NOT NULL,
  tokens         double precision NOT NULL,
  granted        double precision NOT NULL,   -- by the latest lease
  refilled_at    timestamptz NOT NULL,
  PRIMARY KEY (environment_id, share),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50); -- updated four times a second by each node, in place

GRANT SELECT, INSERT, UPDATE, DELETE ON event_definitions TO stitchd_app;
GRANT SELECT ON event_quotas TO stitchd_app;
GRANT SELECT (tenant_id, environment_id, key, value_type, allowed_properties) ON event_definitions TO stitchd_reader;
GRANT SELECT, INSERT, UPDATE ON event_quotas TO stitchd_reader; -- the SDK plane spends them

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['event_definitions', 'event_quotas'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I TO stitchd_app
                      USING (tenant_id = NULLIF(current_setting(''stitchd.tenant'', true), '''')::uuid)', t);
  END LOOP;
END $$;
CREATE POLICY of_sdk_plane ON event_definitions FOR SELECT TO stitchd_reader USING (true);
CREATE POLICY of_sdk_plane ON event_quotas TO stitchd_reader USING (true);
