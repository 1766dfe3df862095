-- Least privilege on PostgreSQL. Run once as the owner of the database, after `evenhand` has made its tables;
-- run it again after an upgrade. Give each service its own login:  CREATE ROLE nightly LOGIN IN ROLE evenhand_app;
--
--   evenhand_app     writes results and events; can neither change nor remove an entry of the ledger, a signed
--                    head or an event; cannot change a table's shape (upgrades are run by the owner)
--   evenhand_reader  reads: audit, reports, replicas

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'evenhand_app') THEN CREATE ROLE evenhand_app NOLOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'evenhand_reader') THEN CREATE ROLE evenhand_reader NOLOGIN; END IF;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, evenhand_app, evenhand_reader;

GRANT USAGE ON SCHEMA public TO evenhand_app, evenhand_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO evenhand_app, evenhand_reader;
GRANT INSERT ON ALL TABLES IN SCHEMA public TO evenhand_app;
REVOKE INSERT ON alembic_version FROM evenhand_app;

-- a run that is repeated by a newer program replaces its own results
GRANT UPDATE ON runs TO evenhand_app;
GRANT DELETE ON run_inputs, rejected_rows, ratings, plans, planned_visits, left_out, draws, tenders, bid_scores, exports
  TO evenhand_app;
