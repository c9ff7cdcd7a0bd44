-- The form that an upload was taken for: its delimiter, header, line ends. The JSON value null as long as it is not known.
ALTER TABLE segment_imports ADD COLUMN recognized json NOT NULL DEFAULT 'null';
