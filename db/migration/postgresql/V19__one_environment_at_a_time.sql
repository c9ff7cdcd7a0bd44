-- What the SDK plane reads and writes it asks functions for, which take the environments, or the key, that are meant. They are the owner's,
-- and serve nobody but the role that they are for. Nothing is read by any other way from here on; V20 takes away what allowed that.
--
-- In PL/pgSQL, so that a query is planned once for a connection. Every name is qualified: nothing of the caller's is found by them. A
-- superuser may be the owner, whom no policy binds, so the queries say themselves what is deleted. Where a row is found by an index, even if
-- it is the only one, a plan without sequential scans is as cheap as it looks.

-- Row-level security binds the owner too. It sees these rows in a session that serves as one of the two roles, where nothing but such a
-- function is the owner's.
DO $$
DECLARE
  in_function CONSTANT text := 'current_setting(''role'') IN (''stitchd_app'', ''stitchd_reader'')';
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['environments', 'environment_items', 'environment_changes', 'environment_revisions', 'sdk_keys',
                           'event_definitions', 'segment_lists', 'segment_generations', 'segment_imports', 'deletions'] LOOP
    EXECUTE format('CREATE POLICY of_functions ON %I FOR SELECT TO CURRENT_USER USING (%s)', t, in_function);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['event_quotas', 'propagation_nodes', 'propagation_instances'] LOOP
    EXECUTE format('CREATE POLICY of_functions ON %I TO CURRENT_USER USING (%s)', t, in_function);
  END LOOP;
  EXECUTE format('CREATE POLICY of_functions_epoch ON environments FOR UPDATE TO CURRENT_USER USING (%s)', in_function);
END $$;

-- Where environments are, and what they are called.
CREATE FUNCTION stitchd_environments(asked uuid[])
  RETURNS TABLE (tenant_id uuid, id uuid, key text, settings jsonb, revision bigint, access_version bigint, identity bigint, epoch uuid, pruned bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT e.tenant_id, e.id, e.key, e.settings, e.revision, e.access_version, e.identity, COALESCE(e.epoch, i.epoch), e.pruned
    FROM public.environments e JOIN public.installation i ON i.singleton
   WHERE e.id = ANY (asked) AND e.deleted_at IS NULL;
END $$;

-- The current state of everything that is published in an environment.
CREATE FUNCTION stitchd_items(asked uuid)
  RETURNS TABLE (item_kind text, item_key text, item json, revision bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT x.item_kind, x.item_key, x.item, x.revision FROM public.environment_items x WHERE x.environment_id = asked;
END $$;

-- The newest state of everything that changed after a revision.
CREATE FUNCTION stitchd_changes(asked uuid, since bigint)
  RETURNS TABLE (item_kind text, item_key text, item json, revision bigint, committed_at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT DISTINCT ON (c.item_kind, c.item_key) c.item_kind, c.item_key, c.item, c.revision, c.committed_at
    FROM public.environment_changes c
   WHERE c.environment_id = asked AND c.revision > since
   ORDER BY c.item_kind, c.item_key, c.revision DESC;
END $$;

-- What was removed between two revisions and not there again at the later one, the newest first.
CREATE FUNCTION stitchd_removals(asked uuid, since bigint, until bigint, most int)
  RETURNS TABLE (item_kind text, item_key text, revision bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT c.item_kind, c.item_key, c.revision
    FROM public.environment_changes c
   WHERE c.environment_id = asked AND c.item IS NULL AND c.revision > since AND c.revision <= until
     AND NOT EXISTS (SELECT FROM public.environment_changes n
                      WHERE n.environment_id = c.environment_id AND n.item_kind = c.item_kind AND n.item_key = c.item_key
                        AND n.revision > c.revision AND n.revision <= until)
   ORDER BY c.revision DESC LIMIT most;
END $$;

-- The identity of a revision, as long as it is known.
CREATE FUNCTION stitchd_revision_identity(asked uuid, of_revision bigint) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT ('x' || encode(substring(r.identities FROM (8 * (of_revision % 128) + 1)::int FOR 8), 'hex'))::bit(64)::bigint
            FROM public.environment_revisions r WHERE r.environment_id = asked AND r.block = of_revision / 128);
END $$;

-- Gives a history a new epoch unless somebody did; the epoch that it has then.
CREATE FUNCTION stitchd_replace_epoch(asked uuid, seen uuid)
  RETURNS TABLE (epoch uuid)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH replaced AS (
    UPDATE public.environments e SET epoch = gen_random_uuid()
     WHERE e.id = asked AND e.deleted_at IS NULL AND COALESCE(e.epoch, (SELECT i.epoch FROM public.installation i WHERE i.singleton)) = seen
    RETURNING e.epoch)
  SELECT r.epoch FROM replaced r
   UNION ALL SELECT COALESCE(e.epoch, i.epoch) FROM public.environments e JOIN public.installation i ON i.singleton
              WHERE e.id = asked AND e.deleted_at IS NULL AND NOT EXISTS (SELECT FROM replaced);
END $$;

-- A key that is not revoked, by the hash of its secret: whoever asks has been shown the secret and does not know the environment yet.
CREATE FUNCTION stitchd_sdk_key_by_hash(asked bytea)
  RETURNS TABLE (id uuid, tenant_id uuid, environment_id uuid, kind text, hash bytea, access_version bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT k.id, k.tenant_id, k.environment_id, k.kind, k.hash, e.access_version
    FROM public.sdk_keys k JOIN public.environments e ON e.tenant_id = k.tenant_id AND e.id = k.environment_id
   WHERE k.hash = asked AND k.revoked_at IS NULL AND e.deleted_at IS NULL;
END $$;

-- The same by its id, which is what a stream token names.
CREATE FUNCTION stitchd_sdk_key_by_id(asked uuid)
  RETURNS TABLE (id uuid, tenant_id uuid, environment_id uuid, kind text, hash bytea, access_version bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT k.id, k.tenant_id, k.environment_id, k.kind, k.hash, e.access_version
    FROM public.sdk_keys k JOIN public.environments e ON e.tenant_id = k.tenant_id AND e.id = k.environment_id
   WHERE k.id = asked AND k.revoked_at IS NULL AND e.deleted_at IS NULL;
END $$;

-- Which keys of environments are not revoked; by their ids alone.
CREATE FUNCTION stitchd_sdk_keys(asked uuid[])
  RETURNS TABLE (environment_id uuid, id uuid)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT k.environment_id, k.id
    FROM public.environments e JOIN public.sdk_keys k ON k.tenant_id = e.tenant_id AND k.environment_id = e.id
   WHERE e.id = ANY (asked) AND e.deleted_at IS NULL AND k.revoked_at IS NULL;
END $$;

-- What an environment lets its SDKs track.
CREATE FUNCTION stitchd_event_definitions(asked uuid)
  RETURNS TABLE (key text, value_type text, allowed_properties text[])
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT d.key, d.value_type, d.allowed_properties
    FROM public.environments e JOIN public.event_definitions d ON d.tenant_id = e.tenant_id AND d.environment_id = e.id
   WHERE e.id = asked AND e.deleted_at IS NULL;
END $$;

-- Takes tokens out of buckets, by this database's clock; what is given may be less than is wanted. Rows are locked in one order.
CREATE FUNCTION stitchd_lease_event_tokens(asked uuid[], shares text[], wanted float8[], rates float8[], bursts float8[])
  RETURNS TABLE (environment_id uuid, share text, granted float8)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  INSERT INTO public.event_quotas AS q (tenant_id, environment_id, share, per_second, burst, tokens, granted, refilled_at)
  SELECT e.tenant_id, e.id, a.share, a.per_second, a.burst, a.burst - LEAST(a.wanted, a.burst),
         LEAST(a.wanted, a.burst), clock_timestamp()
    FROM unnest(asked, shares, wanted, rates, bursts) AS a (environment_id, share, wanted, per_second, burst)
    JOIN public.environments e ON e.id = a.environment_id
   WHERE e.deleted_at IS NULL
   ORDER BY e.id, a.share
  ON CONFLICT (environment_id, share) DO UPDATE SET
    per_second = excluded.per_second,
    burst = excluded.burst,
    granted = LEAST(excluded.granted, LEAST(excluded.burst,
      q.tokens + excluded.per_second * GREATEST(0, EXTRACT(EPOCH FROM clock_timestamp() - q.refilled_at)))),
    tokens = LEAST(excluded.burst, GREATEST(0, LEAST(excluded.burst,
      q.tokens + excluded.per_second * GREATEST(0, EXTRACT(EPOCH FROM clock_timestamp() - q.refilled_at)))
      - excluded.granted)),
    refilled_at = clock_timestamp()
  RETURNING q.environment_id, q.share, q.granted;
END $$;

-- Writes what a node's streams and SDKs have; answers this database's time, in milliseconds since 1970. Rows are locked in one order.
CREATE FUNCTION stitchd_write_propagation(
    of_node uuid, node_environments uuid[], node_streams int[], node_summaries text[],
    instance_environments uuid[], instances text[], instance_tags text[], instance_revisions bigint[], instance_receipts text[])
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO public.propagation_nodes AS n (tenant_id, environment_id, node, at, streams, summary)
  SELECT e.tenant_id, e.id, of_node, clock_timestamp(), u.streams, u.summary::json
    FROM unnest(node_environments, node_streams, node_summaries) AS u (environment_id, streams, summary)
    JOIN public.environments e ON e.id = u.environment_id
   WHERE e.deleted_at IS NULL
  ON CONFLICT (environment_id, node)
  DO UPDATE SET at = EXCLUDED.at, streams = EXCLUDED.streams, summary = EXCLUDED.summary;
  INSERT INTO public.propagation_instances AS i (tenant_id, environment_id, instance, tag, revision, receipts, seen_at)
  SELECT e.tenant_id, e.id, u.instance, u.tag, u.revision, u.receipts::json, clock_timestamp()
    FROM unnest(instance_environments, instances, instance_tags, instance_revisions, instance_receipts)
           AS u (environment_id, instance, tag, revision, receipts)
    JOIN public.environments e ON e.id = u.environment_id
   WHERE e.deleted_at IS NULL
   ORDER BY e.id, u.instance
  ON CONFLICT (environment_id, instance)
  DO UPDATE SET seen_at = EXCLUDED.seen_at,
    tag      = CASE WHEN EXCLUDED.revision > i.revision OR (EXCLUDED.tag <> i.tag AND EXCLUDED.tag <> '') THEN EXCLUDED.tag ELSE i.tag END,
    receipts = CASE WHEN EXCLUDED.revision > i.revision OR (EXCLUDED.tag <> i.tag AND EXCLUDED.tag <> '') THEN EXCLUDED.receipts ELSE i.receipts END,
    revision = CASE WHEN EXCLUDED.revision > i.revision OR (EXCLUDED.tag <> i.tag AND EXCLUDED.tag <> '') THEN EXCLUDED.revision ELSE i.revision END;
  RETURN (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
END $$;

-- Deletes what nodes and SDKs said so long ago that no answer counts it, in all environments; tells nothing of it but the time.
CREATE FUNCTION stitchd_clean_propagation(node_millis bigint, instance_millis bigint) RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM public.propagation_nodes WHERE (environment_id, node) IN (
    SELECT o.environment_id, o.node FROM public.propagation_nodes o WHERE o.at < clock_timestamp() - node_millis * interval '1 millisecond'
       FOR UPDATE SKIP LOCKED LIMIT 10000);
  DELETE FROM public.propagation_instances WHERE (environment_id, instance) IN (
    SELECT o.environment_id, o.instance FROM public.propagation_instances o WHERE o.seen_at < clock_timestamp() - instance_millis * interval '1 millisecond'
       FOR UPDATE SKIP LOCKED LIMIT 10000);
  RETURN (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
END $$;

-- What is to be done in the background, in all tenants: for the platform, which is told no more than whose it is.

-- Environments with lists that SDKs have not been told of, and were last told so long ago.
CREATE FUNCTION stitchd_lists_to_announce(gap_seconds float8)
  RETURNS TABLE (tenant_id uuid, environment_id uuid)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT DISTINCT l.tenant_id, l.environment_id FROM public.segment_lists l
   WHERE l.published_version < l.version AND l.published_at <= now() - make_interval(secs => gap_seconds)
     AND current_setting('stitchd.platform', true) = 'on';
END $$;

-- Running imports whose process has said nothing for so long.
CREATE FUNCTION stitchd_silent_imports(silence_seconds float8)
  RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT i.tenant_id, i.id FROM public.segment_imports i
   WHERE i.state = 'running' AND i.heartbeat_at < now() - make_interval(secs => silence_seconds)
     AND current_setting('stitchd.platform', true) = 'on';
END $$;

-- Generations that are no list and will never be one, the oldest first.
CREATE FUNCTION stitchd_unused_generations(retention_seconds float8)
  RETURNS TABLE (tenant_id uuid, generation bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT g.tenant_id, g.generation FROM public.segment_generations g
   WHERE (g.retired_at IS NULL OR g.retired_at < now() - make_interval(secs => retention_seconds))
     AND NOT EXISTS (SELECT FROM public.segment_lists l WHERE l.generation = g.generation)
     AND NOT EXISTS (SELECT FROM public.segment_imports i WHERE i.generation = g.generation AND i.state = 'running')
     AND current_setting('stitchd.platform', true) = 'on'
   ORDER BY g.generation LIMIT 100;
END $$;

-- Deletions that are not done, the oldest first, and those that were done so long ago.
CREATE FUNCTION stitchd_deletions_to_do(kept_seconds float8)
  RETURNS TABLE (tenant_id uuid, id uuid, old boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  (SELECT d.tenant_id, d.id, false FROM public.deletions d
    WHERE d.state <> 'done' AND current_setting('stitchd.platform', true) = 'on' ORDER BY d.number LIMIT 100)
  UNION ALL
  (SELECT d.tenant_id, d.id, true FROM public.deletions d
    WHERE d.state = 'done' AND d.finished_at < now() - make_interval(secs => kept_seconds)
      AND current_setting('stitchd.platform', true) = 'on' LIMIT 100);
END $$;

DO $$
DECLARE
  f regprocedure;
BEGIN
  FOREACH f IN ARRAY ARRAY['stitchd_environments(uuid[])', 'stitchd_items(uuid)', 'stitchd_changes(uuid, bigint)',
      'stitchd_removals(uuid, bigint, bigint, int)', 'stitchd_revision_identity(uuid, bigint)', 'stitchd_replace_epoch(uuid, uuid)',
      'stitchd_sdk_key_by_hash(bytea)', 'stitchd_sdk_key_by_id(uuid)', 'stitchd_sdk_keys(uuid[])', 'stitchd_event_definitions(uuid)',
      'stitchd_lease_event_tokens(uuid[], text[], float8[], float8[], float8[])',
      'stitchd_write_propagation(uuid, uuid[], int[], text[], uuid[], text[], text[], bigint[], text[])',
      'stitchd_clean_propagation(bigint, bigint)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO stitchd_reader', f);
  END LOOP;
  FOREACH f IN ARRAY ARRAY['stitchd_lists_to_announce(float8)', 'stitchd_silent_imports(float8)', 'stitchd_unused_generations(float8)',
      'stitchd_deletions_to_do(float8)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO stitchd_app', f);
  END LOOP;
END $$;
