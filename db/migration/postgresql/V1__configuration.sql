-- The configuration: tenants, what they own, and the log of what was published to SDKs.
--
-- Tenants cannot see each other: every table names its tenant, every foreign key includes it, and row-level security below is the
-- second lock. Two roles are used to serve (see the end): stitchd_app for management, stitchd_reader for the SDK plane.

-- What is published or answered is json, not jsonb: it keeps the order of names and the spelling of numbers (1.0E21) exactly.

-- One row. A new epoch tells SDKs that their cursors are void (a restored backup).
CREATE TABLE installation (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  epoch     uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO installation DEFAULT VALUES;

CREATE TABLE tenants (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  key        text NOT NULL UNIQUE,
  name       text NOT NULL,
  version    bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO tenants (key, name, created_by) VALUES ('default', 'Default', 'first start');

-- Tokens of platform administrators; only a SHA-256 is kept.
CREATE TABLE api_tokens (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name       text NOT NULL,
  hash       bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE projects (
  tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id         uuid NOT NULL DEFAULT gen_random_uuid(),
  key        text NOT NULL,
  name       text NOT NULL,
  version    bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, key)
);

CREATE TABLE environments (
  tenant_id      uuid NOT NULL,
  id             uuid NOT NULL DEFAULT gen_random_uuid(),
  project_id     uuid NOT NULL,
  key            text NOT NULL,
  name           text NOT NULL,
  production     boolean NOT NULL DEFAULT false,
  settings       jsonb NOT NULL DEFAULT '{}',
  revision       bigint NOT NULL DEFAULT 0,   -- gap-free; the row's lock is what makes commit order revision order
  access_version bigint NOT NULL DEFAULT 1,   -- rises with every change of the environment's keys or settings
  version        bigint NOT NULL DEFAULT 1,
  created_at     timestamptz NOT NULL DEFAULT now(),
  created_by     text NOT NULL,
  updated_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (id),
  UNIQUE (tenant_id, project_id, key),
  FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE sdk_keys (
  tenant_id      uuid NOT NULL,
  id             uuid NOT NULL DEFAULT gen_random_uuid(),
  environment_id uuid NOT NULL,
  name           text NOT NULL,
  kind           text NOT NULL CHECK (kind IN ('server', 'client')),
  hash           bytea NOT NULL UNIQUE,       -- SHA-256 of the key; the key itself is shown once and never kept
  version        bigint NOT NULL DEFAULT 1,
  created_at     timestamptz NOT NULL DEFAULT now(),
  created_by     text NOT NULL,
  revoked_at     timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ON sdk_keys (tenant_id, environment_id);

CREATE TABLE feature_flags (
  tenant_id      uuid NOT NULL,
  id             uuid NOT NULL DEFAULT gen_random_uuid(),
  project_id     uuid NOT NULL,
  key            text NOT NULL,
  name           text NOT NULL,
  type           text NOT NULL CHECK (type IN ('boolean', 'string', 'integer', 'number', 'json')),
  description    text,
  tags           text[] NOT NULL DEFAULT '{}',
  owner          text,
  client_visible boolean NOT NULL DEFAULT false,
  temporary      boolean NOT NULL DEFAULT false,
  archived       boolean NOT NULL DEFAULT false,
  version        bigint NOT NULL DEFAULT 1,
  created_at     timestamptz NOT NULL DEFAULT now(),
  created_by     text NOT NULL,
  updated_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, project_id, key),
  FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE variants (
  tenant_id uuid NOT NULL,
  flag_id   uuid NOT NULL,
  position  int NOT NULL,
  key       text NOT NULL,
  value     json NOT NULL,
  PRIMARY KEY (tenant_id, flag_id, key),
  UNIQUE (tenant_id, flag_id, position),
  FOREIGN KEY (tenant_id, flag_id) REFERENCES feature_flags (tenant_id, id) ON DELETE CASCADE
);

-- A flag's targeting in one environment.
CREATE TABLE flag_values (
  tenant_id      uuid NOT NULL,
  flag_id        uuid NOT NULL,
  environment_id uuid NOT NULL,
  enabled        boolean NOT NULL DEFAULT false,
  off_variant    text NOT NULL,
  targeting      json NOT NULL,               -- targets, prerequisites, rules and default, as the API answers them
  version        bigint NOT NULL DEFAULT 1,
  created_at     timestamptz NOT NULL DEFAULT now(),
  created_by     text NOT NULL,
  updated_at     timestamptz NOT NULL DEFAULT now(),
  updated_by     text NOT NULL,
  PRIMARY KEY (tenant_id, flag_id, environment_id),
  FOREIGN KEY (tenant_id, flag_id) REFERENCES feature_flags (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ON flag_values (tenant_id, environment_id);

CREATE TABLE segments (
  tenant_id      uuid NOT NULL,
  id             uuid NOT NULL DEFAULT gen_random_uuid(),
  environment_id uuid NOT NULL,
  key            text NOT NULL,
  name           text NOT NULL,
  description    text,
  context_type   text NOT NULL DEFAULT 'user',
  version        bigint NOT NULL DEFAULT 1,
  created_at     timestamptz NOT NULL DEFAULT now(),
  created_by     text NOT NULL,
  updated_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, environment_id, key),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
);

-- The condition of a rule segment.
CREATE TABLE segment_rules (
  tenant_id  uuid NOT NULL,
  segment_id uuid NOT NULL,
  condition  json NOT NULL,
  PRIMARY KEY (tenant_id, segment_id),
  FOREIGN KEY (tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE
);

-- Who did what. Kept when the resource goes, so it names resources by key and has no foreign key but the tenant's.
CREATE TABLE audit_logs (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id        bigint GENERATED ALWAYS AS IDENTITY,
  at        timestamptz NOT NULL DEFAULT now(),
  actor     text NOT NULL,
  action    text NOT NULL,
  resource  text NOT NULL,                    -- the resource's path, as /projects/web/flags/checkout
  project   text,
  revisions jsonb NOT NULL DEFAULT '{}',      -- {"<environment key>": revision}
  comment   text,
  before    jsonb,
  after     jsonb,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON audit_logs (tenant_id, resource, id);

-- The log of what was published: each changed item's whole new state, null when it was removed.
CREATE TABLE environment_changes (
  tenant_id      uuid NOT NULL,
  environment_id uuid NOT NULL,
  revision       bigint NOT NULL,
  item_kind      text NOT NULL CHECK (item_kind IN ('flag', 'segment')),
  item_key       text NOT NULL,
  item           json,
  actor          text NOT NULL,
  committed_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (environment_id, revision, item_kind, item_key),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ON environment_changes (environment_id, item_kind, item_key, revision DESC);

-- The current state of every published item.
CREATE TABLE environment_items (
  tenant_id      uuid NOT NULL,
  environment_id uuid NOT NULL,
  item_kind      text NOT NULL CHECK (item_kind IN ('flag', 'segment')),
  item_key       text NOT NULL,
  item           json NOT NULL,
  revision       bigint NOT NULL,
  PRIMARY KEY (environment_id, item_kind, item_key),
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
);

-- Answers of creations that carried an Idempotency-Key, for 24 hours; never a secret (see docs/api.md).
CREATE TABLE idempotency_keys (
  tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  actor       text NOT NULL,
  key         text NOT NULL,
  fingerprint bytea NOT NULL,
  answer      json NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, actor, key)
);

-- The two roles. They are cluster-wide, so another database of the same server may have made them already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stitchd_app') THEN
    CREATE ROLE stitchd_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stitchd_reader') THEN
    CREATE ROLE stitchd_reader NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- another migrator was faster
END $$;
GRANT stitchd_app, stitchd_reader TO CURRENT_USER;

GRANT USAGE ON SCHEMA public TO stitchd_app, stitchd_reader;

GRANT SELECT, INSERT, UPDATE, DELETE ON
  tenants, projects, environments, sdk_keys, feature_flags, variants, flag_values, segments, segment_rules,
  environment_items, idempotency_keys TO stitchd_app;
GRANT SELECT, INSERT ON audit_logs, environment_changes, api_tokens TO stitchd_app;
GRANT SELECT ON installation TO stitchd_app;

GRANT SELECT ON installation, environment_changes, environment_items TO stitchd_reader;
GRANT UPDATE (epoch) ON installation TO stitchd_reader; -- a node that sees a revision go backwards replaces the epoch
GRANT SELECT (tenant_id, id, project_id, key, settings, revision, access_version) ON environments TO stitchd_reader;
GRANT SELECT (tenant_id, id, environment_id, kind, hash, revoked_at) ON sdk_keys TO stitchd_reader;

-- Row-level security: a management transaction names its tenant with set_config('stitchd.tenant', …, true); without it, nothing
-- is visible. Platform administrators may see and make tenants, and nothing inside them, with 'stitchd.platform' = 'on'.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON tenants TO stitchd_app
  USING (id = NULLIF(current_setting('stitchd.tenant', true), '')::uuid
         OR current_setting('stitchd.platform', true) = 'on');

-- Who may administer the platform is no tenant's business.
ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_platform ON api_tokens TO stitchd_app USING (current_setting('stitchd.platform', true) = 'on');

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['projects', 'environments', 'sdk_keys', 'feature_flags', 'variants', 'flag_values', 'segments',
                           'segment_rules', 'audit_logs', 'environment_changes', 'environment_items', 'idempotency_keys'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I TO stitchd_app
                      USING (tenant_id = NULLIF(current_setting(''stitchd.tenant'', true), '''')::uuid)', t);
  END LOOP;
  -- The SDK plane reads by the environment that a key names; the statements carry that scope themselves.
  FOREACH t IN ARRAY ARRAY['environments', 'sdk_keys', 'environment_changes', 'environment_items'] LOOP
    EXECUTE format('CREATE POLICY of_sdk_plane ON %I FOR SELECT TO stitchd_reader USING (true)', t);
  END LOOP;
END $$;
