-- Signing in: sessions of browsers, links that invite or reset, and what was guessed wrong.

-- A session of the dashboard, whose cookie's SHA-256 this is.
CREATE TABLE sessions (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id      uuid NOT NULL,
  hash         bytea NOT NULL UNIQUE,
  created_at   timestamptz NOT NULL DEFAULT now(),
  idle         interval NOT NULL,                      -- it ends when it was not used for so long
  used_at      timestamptz NOT NULL DEFAULT now(),     -- to the minute
  ends_at      timestamptz NOT NULL,                   -- however much it is used
  address      text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ON sessions (tenant_id, user_id, created_at);
CREATE INDEX ON sessions (used_at);
CREATE INDEX ON sessions (ends_at);

-- A link that lets somebody in once: to join with roles, or to set a new password.
CREATE TABLE account_links (
  tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id         uuid NOT NULL DEFAULT gen_random_uuid(),
  hash       bytea NOT NULL UNIQUE,                    -- SHA-256 of the token in the link
  email      text NOT NULL,
  user_id    uuid,                                     -- whose password it sets; null for an invitation
  roles      jsonb NOT NULL DEFAULT '[]',              -- an invitation's, as stitchd_grants() has them
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ON account_links (tenant_id, email);
CREATE INDEX ON account_links (expires_at);

-- Attempts to sign in that were wrong, or are not known to be right yet; of no tenant, since an e-mail address may be nobody's. Counted over
-- all nodes for five minutes, then forgotten.
CREATE TABLE login_attempts (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account    bytea NOT NULL,                           -- SHA-256 of the e-mail address
  address    text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON login_attempts (account, address, created_at);
CREATE INDEX ON login_attempts (address, created_at);
CREATE INDEX ON login_attempts (created_at);

ALTER TABLE users ADD COLUMN second_factor_step bigint; -- the last step of TOTP that was used, so that no code serves twice

GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, account_links, login_attempts TO stitchd_app;

DO $$
DECLARE
  in_function CONSTANT text := 'current_setting(''role'') IN (''stitchd_app'', ''stitchd_reader'')';
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['sessions', 'account_links', 'login_attempts'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_owner ON %I TO CURRENT_USER USING (current_setting(''stitchd.owner'', true) = ''on'')', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['sessions', 'account_links'] LOOP
    EXECUTE format('CREATE POLICY of_tenant ON %I TO stitchd_app
                      USING (tenant_id = NULLIF(current_setting(''stitchd.tenant'', true), '''')::uuid)', t);
    EXECUTE format('CREATE POLICY of_functions ON %I TO CURRENT_USER USING (%s)', t, in_function);
  END LOOP;
  CREATE POLICY of_platform ON login_attempts TO stitchd_app USING (current_setting('stitchd.platform', true) = 'on');
END $$;

-- Who a session belongs to, by the hash of its cookie, until it ends. Notes that it was used, to the minute, where that can be written.
CREATE FUNCTION stitchd_session(asked bytea)
  RETURNS TABLE (id uuid, tenant_id uuid, tenant text, user_id uuid, email text, ends_at timestamptz, granted jsonb)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' THEN
    UPDATE public.sessions s SET used_at = now()
     WHERE s.id = (SELECT u.id FROM public.sessions u
                    WHERE u.hash = asked AND u.used_at < now() - interval '1 minute' AND u.used_at + u.idle > now() AND u.ends_at > now()
                      FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN QUERY
  SELECT s.id, s.tenant_id, t.key, u.id, u.email, least(s.used_at + s.idle, s.ends_at), public.stitchd_grants(s.tenant_id, s.user_id, NULL)
    FROM public.sessions s
    JOIN public.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
    JOIN public.tenants t ON t.id = s.tenant_id
   WHERE s.hash = asked AND s.used_at + s.idle > now() AND s.ends_at > now();
END $$;

-- The account that signs in by an e-mail address, whatever tenant it is of: whoever asks has no tenant yet.
CREATE FUNCTION stitchd_account(asked text)
  RETURNS TABLE (tenant_id uuid, id uuid, password text, second_factor text, second_factor_step bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT u.tenant_id, u.id, u.password, u.second_factor, u.second_factor_step FROM public.users u
   WHERE lower(u.email) = lower(asked) AND current_setting('stitchd.platform', true) = 'on';
END $$;

-- Whether there is an account at all, in any tenant.
CREATE FUNCTION stitchd_any_account() RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN EXISTS (SELECT FROM public.users);
END $$;

-- What a link lets do, by the hash of its token, until it ends.
CREATE FUNCTION stitchd_account_link(asked bytea)
  RETURNS TABLE (tenant_id uuid, id uuid, email text, user_id uuid)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT l.tenant_id, l.id, l.email, l.user_id FROM public.account_links l WHERE l.hash = asked AND l.expires_at > now();
END $$;

-- Removes sessions and links that have ended, in all tenants; how many sessions.
CREATE FUNCTION stitchd_clear_ended() RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  cleared bigint;
BEGIN
  DELETE FROM public.sessions WHERE used_at + idle < now() OR ends_at < now();
  GET DIAGNOSTICS cleared = ROW_COUNT;
  DELETE FROM public.account_links WHERE expires_at < now();
  RETURN cleared;
END $$;

REVOKE ALL ON FUNCTION stitchd_session(bytea), stitchd_account(text), stitchd_any_account(), stitchd_account_link(bytea),
  stitchd_clear_ended() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stitchd_session(bytea), stitchd_account(text), stitchd_any_account(), stitchd_account_link(bytea),
  stitchd_clear_ended() TO stitchd_app;
