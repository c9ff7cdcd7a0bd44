-- Who is on which list the SDK plane asks for one environment at a time, and it has no other right to members. The function is the owner's
-- and is planned once for each connection, as a statement would be. Row-level security binds the owner too: it sees these rows in a session
-- that serves as the SDK plane, where nothing but this function is the owner's.
CREATE FUNCTION stitchd_segment_list_members(environment uuid, segments text[], keys text[])
  RETURNS TABLE (segment_key text, context_key text, included boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT l.segment_key, m.context_key, m.included
    FROM public.segment_lists l JOIN public.segment_list_members m ON m.generation = l.generation
   WHERE l.environment_id = environment AND l.segment_key = ANY (segments) AND m.context_key = ANY (keys);
END $$;
REVOKE ALL ON FUNCTION stitchd_segment_list_members(uuid, text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stitchd_segment_list_members(uuid, text[], text[]) TO stitchd_reader;

CREATE POLICY of_look_ups ON segment_lists FOR SELECT TO CURRENT_USER USING (current_setting('role') = 'stitchd_reader');
CREATE POLICY of_look_ups ON segment_list_members FOR SELECT TO CURRENT_USER USING (current_setting('role') = 'stitchd_reader');

REVOKE SELECT ON segment_list_members FROM stitchd_reader;
DROP POLICY of_sdk_plane ON segment_list_members;

-- What is left of lists is what their upkeep finds its work by, in all tenants: which have changed, and which generations are in use.
REVOKE SELECT ON segment_lists, segment_generations FROM stitchd_reader;
GRANT SELECT (tenant_id, environment_id, generation, version, published_version, published_at) ON segment_lists TO stitchd_reader;
GRANT SELECT (tenant_id, generation, retired_at) ON segment_generations TO stitchd_reader;
