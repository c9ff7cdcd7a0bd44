-- The members of segments: for one context type, a set of included keys and a set of excluded keys, each up to millions.
--
-- A list is never replaced in place. Its members belong to a generation, and one row, segment_lists, says which generation is the
-- list. An import fills a generation that nobody reads; then that row flips. A reader joins the row and the members in one statement,
-- so it sees the one list or the other, whole, and waits for nobody. What is nobody's generation any more is removed in the
-- background, in batches.
--
-- Lock order: project, environment (both by the catalog), the list's row, the import's row. A transaction that changes members holds
-- the list's row; an import begins with the list's row, so that it and single changes exclude each other.

-- Every generation that has, had or will have members, so that none is forgotten. Its numbers are unique in the installation, so a
-- member needs to name nothing else, and the index that answers for a key stays small. No foreign key: it outlives the segment, the
-- environment and the tenant until its members are removed.
CREATE TABLE segment_generations (
  tenant_id      uuid NOT NULL,
  generation     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  environment_id uuid NOT NULL,
  segment_id     uuid NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  retired_at     timestamptz,                     -- when another generation took its place
  removing       boolean NOT NULL DEFAULT false   -- its members are being removed: it can no longer be read whole
);

-- One row for each segment, from the segment's creation on. This is the row that flips. Nothing that changes is indexed and pages are
-- half empty, so that a thousand changes a second of one list stay on its page.
CREATE TABLE segment_lists (
  tenant_id         uuid NOT NULL,
  environment_id    uuid NOT NULL,
  segment_id        uuid NOT NULL,
  segment_key       text NOT NULL,                -- as in segments, where it cannot change; the SDK plane knows segments by it
  generation        bigint NOT NULL,              -- whose members are the list
  version           bigint NOT NULL DEFAULT 0,    -- rises with every change of members; 0 if there never were any
  included_count    bigint NOT NULL DEFAULT 0,
  excluded_count    bigint NOT NULL DEFAULT 0,
  published_version bigint NOT NULL DEFAULT 0,    -- the version that SDKs have been told of
  published_at      timestamptz NOT NULL DEFAULT '-infinity',
  updated_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, segment_id),
  UNIQUE (environment_id, segment_key),
  FOREIGN KEY (tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

-- The members. A key may be on both sides; excluded wins. Keys are equal if their bytes are. No foreign key: checking it would cost
-- more than the rest of an import, and a cascade would remove millions of rows in the transaction that deletes a segment.
CREATE TABLE segment_list_members (
  tenant_id   uuid NOT NULL,
  generation  bigint NOT NULL,
  included    boolean NOT NULL,
  context_key text COLLATE "C" NOT NULL CHECK (octet_length(context_key) BETWEEN 1 AND 512),
  PRIMARY KEY (generation, included, context_key)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- Answers "in which of these lists is this key" from one place of the index, without the table.
CREATE INDEX segment_list_members_by_key ON segment_list_members (context_key, generation) INCLUDE (included);

-- Replacements of whole lists, running and past. The process that runs one says so again and again; when it falls silent, another
-- one finds the import, calls it failed, and its generation is removed.
CREATE TABLE segment_imports (
  tenant_id      uuid NOT NULL,
  id             uuid NOT NULL DEFAULT gen_random_uuid(),
  environment_id uuid NOT NULL,
  segment_id     uuid NOT NULL,
  generation     bigint NOT NULL,
  state          text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed')),
  owner          uuid NOT NULL,                   -- the process that runs it
  rows           bigint NOT NULL DEFAULT 0,       -- lines read that hold a key
  duplicates     bigint NOT NULL DEFAULT 0,       -- of these, keys that had come before
  rejected       bigint NOT NULL DEFAULT 0,       -- lines that hold no valid key
  errors         json NOT NULL DEFAULT '[]',      -- the first of them
  failure        text,                            -- why it failed, for people
  actor          text NOT NULL,
  started_at     timestamptz NOT NULL DEFAULT now(),
  heartbeat_at   timestamptz NOT NULL DEFAULT now(),
  finished_at    timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, segment_id) REFERENCES segments (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX segment_imports_one_running ON segment_imports (tenant_id, segment_id) WHERE state = 'running';
CREATE INDEX ON segment_imports (tenant_id, segment_id, started_at DESC);
CREATE INDEX ON segment_imports (tenant_id, environment_id);
CREATE INDEX ON segment_lists (tenant_id, environment_id);

-- Segments that are there already have empty lists.
WITH made AS (
  INSERT INTO segment_generations (tenant_id, environment_id, segment_id)
  SELECT tenant_id, environment_id, id FROM segments
  RETURNING tenant_id, environment_id, segment_id, generation)
INSERT INTO segment_lists (tenant_id, environment_id, segment_id, segment_key, generation)
SELECT m.tenant_id, m.environment_id, m.segment_id, s.key, m.generation
  FROM made m JOIN segments s ON s.tenant_id = m.tenant_id AND s.id = m.segment_id;

GRANT SELECT, INSERT, UPDATE, DELETE ON segment_generations, segment_lists, segment_list_members, segment_imports TO stitchd_app;

-- COPY does not go through row-level security, so an import copies into a table of its own session and inserts from there.
DO $$
BEGIN
  EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO stitchd_app', current_database());
END $$;

GRANT SELECT ON segment_generations, segment_lists, segment_list_members TO stitchd_reader;
GRANT SELECT (tenant_id, id, generation, state, heartbeat_at) ON segment_imports TO stitchd_reader; -- to find what was left behind

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['segment_generations', 'segment_lists', 'segment_list_members', 'segment_imports'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I TO stitchd_app
                      USING (tenant_id = NULLIF(current_setting(''stitchd.tenant'', true), '''')::uuid)', t);
    EXECUTE format('CREATE POLICY of_sdk_plane ON %I FOR SELECT TO stitchd_reader USING (true)', t);
  END LOOP;
END $$;
