-- People, API tokens of a tenant, and the roles that both are given.

-- An e-mail address signs in to one tenant.
CREATE TABLE users (
  tenant_id     uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id            uuid NOT NULL DEFAULT gen_random_uuid(),
  email         text NOT NULL,
  name          text NOT NULL,
  password      text,                                 -- an Argon2id hash; null for who signs in elsewhere
  second_factor text,                                 -- a secret of TOTP, encrypted with the installation's
  roles_version bigint NOT NULL DEFAULT 1,
  created_at    timestamptz NOT NULL DEFAULT now(),
  created_by    text NOT NULL,
  last_login_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

-- Those without a tenant are platform administrators'. One that a person made is that person's, and lets do no more than the person may.
ALTER TABLE api_tokens
  ADD COLUMN tenant_id    uuid REFERENCES tenants (id) ON DELETE CASCADE,
  ADD COLUMN user_id      uuid,
  ADD COLUMN made_by      uuid,                       -- the token that made it, if one of the tenant did; ends with it
  ADD COLUMN created_by   text,
  ADD COLUMN expires_at   timestamptz,
  ADD COLUMN last_used_at timestamptz,                -- to the minute
  ADD FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  ADD CHECK (user_id IS NULL OR tenant_id IS NOT NULL);
CREATE UNIQUE INDEX ON api_tokens (tenant_id, id);
ALTER TABLE api_tokens ADD FOREIGN KEY (tenant_id, made_by) REFERENCES api_tokens (tenant_id, id) ON DELETE CASCADE;
CREATE INDEX ON api_tokens (tenant_id, made_by);
CREATE INDEX ON api_tokens (tenant_id, user_id);

-- A role, of a user or of a token, for the tenant, a project or an environment.
CREATE TABLE role_grants (
  tenant_id      uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id             uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id        uuid,
  token_id       uuid,
  role           text NOT NULL CHECK (role IN ('platform-admin', 'owner', 'admin', 'member', 'viewer', 'editor', 'publisher', 'approver')),
  project_id     uuid,
  environment_id uuid,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, token_id) REFERENCES api_tokens (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE,
  CHECK ((user_id IS NULL) <> (token_id IS NULL)),
  CHECK ((project_id IS NOT NULL) = (role IN ('viewer', 'editor', 'publisher', 'approver'))),
  CHECK (environment_id IS NULL OR project_id IS NOT NULL)
);
CREATE INDEX ON role_grants (tenant_id, user_id);
CREATE INDEX ON role_grants (tenant_id, token_id);
CREATE INDEX ON role_grants (tenant_id, project_id);
CREATE INDEX ON role_grants (tenant_id, environment_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON users, role_grants TO stitchd_app;
GRANT DELETE ON api_tokens TO stitchd_app;

DO $$
DECLARE
  in_function CONSTANT text := 'current_setting(''role'') IN (''stitchd_app'', ''stitchd_reader'')';
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['users', 'role_grants'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_owner ON %I TO CURRENT_USER USING (current_setting(''stitchd.owner'', true) = ''on'')', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['users', 'role_grants', 'api_tokens'] LOOP
    EXECUTE format('CREATE POLICY of_tenant ON %I TO stitchd_app
                      USING (tenant_id = NULLIF(current_setting(''stitchd.tenant'', true), '''')::uuid)', t);
  END LOOP;
  -- The owner's functions see these for a session that serves.
  FOREACH t IN ARRAY ARRAY['users', 'role_grants', 'projects', 'tenants'] LOOP
    EXECUTE format('CREATE POLICY of_functions ON %I FOR SELECT TO CURRENT_USER USING (%s)', t, in_function);
  END LOOP;
  EXECUTE format('CREATE POLICY of_functions ON api_tokens TO CURRENT_USER USING (%s)', in_function);
END $$;

-- The platform's part of api_tokens: those of no tenant.
DROP POLICY of_platform ON api_tokens;
CREATE POLICY of_platform ON api_tokens TO stitchd_app
  USING (tenant_id IS NULL AND current_setting('stitchd.platform', true) = 'on');

-- The roles of a user, or of a token: [{"role","project","environment"}], those in what was deleted left out.
CREATE FUNCTION stitchd_grants(of_tenant uuid, of_user uuid, of_token uuid) RETURNS jsonb
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('role', g.role, 'project', p.key, 'environment', e.key))
                                    ORDER BY g.role, p.key, e.key), '[]')
            FROM public.role_grants g
            LEFT JOIN public.projects p ON p.tenant_id = g.tenant_id AND p.id = g.project_id AND p.deleted_at IS NULL
            LEFT JOIN public.environments e ON e.tenant_id = g.tenant_id AND e.id = g.environment_id AND e.deleted_at IS NULL
           WHERE g.tenant_id = of_tenant
             AND (of_tenant = NULLIF(current_setting('stitchd.tenant', true), '')::uuid OR current_setting('stitchd.platform', true) = 'on')
             AND (g.user_id = of_user OR g.token_id = of_token)
             AND (g.project_id IS NULL OR p.id IS NOT NULL) AND (g.environment_id IS NULL OR e.id IS NOT NULL));
END $$;

-- An API token that has not expired, by the hash of its secret: whoever asks has been shown the secret. Notes that it was used, to the minute,
-- where that can be written.
CREATE FUNCTION stitchd_api_token(asked bytea)
  RETURNS TABLE (id uuid, name text, tenant_id uuid, tenant text, user_id uuid, expires_at timestamptz, granted jsonb, of_user jsonb)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' THEN
    UPDATE public.api_tokens t SET last_used_at = now()
     WHERE t.id = (SELECT u.id FROM public.api_tokens u
                    WHERE u.hash = asked AND (u.expires_at IS NULL OR u.expires_at > now())
                      AND (u.last_used_at IS NULL OR u.last_used_at < now() - interval '1 minute')
                      FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN QUERY
  SELECT t.id, t.name, t.tenant_id, n.key, t.user_id, t.expires_at,
         public.stitchd_grants(t.tenant_id, NULL, t.id),
         CASE WHEN t.user_id IS NOT NULL THEN public.stitchd_grants(t.tenant_id, t.user_id, NULL) END
    FROM public.api_tokens t LEFT JOIN public.tenants n ON n.id = t.tenant_id
   WHERE t.hash = asked AND (t.expires_at IS NULL OR t.expires_at > now());
END $$;

REVOKE ALL ON FUNCTION stitchd_grants(uuid, uuid, uuid), stitchd_api_token(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stitchd_grants(uuid, uuid, uuid), stitchd_api_token(bytea) TO stitchd_app;
