-- What the upkeep of lists tells of a list again and again, up to once a second, is kept in the log as its first and its newest row alone:
-- a list's members have no history, so what lies between says nothing that another row does not say.

GRANT DELETE ON environment_changes TO stitchd_app;
