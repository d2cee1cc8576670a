-- Least privilege on PostgreSQL: what each part of the service may do, and no more.
--
-- Run once as a superuser, in the archive's database, after its owner has made the tables:
--
--     NASHFORGE_DATABASE=postgresql://nashforge_owner@HOST/nashforge nashforge db upgrade
--     psql -d nashforge -f deploy/roles.sql
--
-- and again after every `nashforge db upgrade` that adds tables. Passwords are not set here: use
-- \password ROLE in psql, or certificates.
--
--   nashforge_owner        owns the tables: nashforge db upgrade, db copy, archive import. Nobody runs as it.
--   nashforge_coordinator  nashforge run, resume, stop, pause, evaluate: reads and writes everything, changes no
--                          table and deletes nothing that was measured.
--   nashforge_worker       nashforge worker: takes queued work and answers it. It can neither read nor write
--                          measurements, lineages, model calls and the library of programs.
--   nashforge_reader       nashforge runs, status, best, show, workers, archive export: reads.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['nashforge_owner', 'nashforge_coordinator', 'nashforge_worker', 'nashforge_reader']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role);
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO nashforge_owner;
GRANT USAGE ON SCHEMA public TO nashforge_coordinator, nashforge_worker, nashforge_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM nashforge_coordinator, nashforge_worker, nashforge_reader;

-- Readers.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO nashforge_reader, nashforge_coordinator;

-- Coordinators. Nothing that was measured is ever changed or deleted.
GRANT INSERT ON programs, runs, run_state, candidates, parents, evaluations, scores, model_calls, attempts
    TO nashforge_coordinator;
GRANT UPDATE ON runs, run_state, candidates, model_calls, attempts TO nashforge_coordinator;
GRANT UPDATE (ast_hash) ON programs TO nashforge_coordinator;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO nashforge_coordinator;

-- Workers: the queue, the list of workers, the names of runs, which runs are held back.
GRANT SELECT ON nashforge_version, archive_info TO nashforge_worker;
GRANT SELECT, INSERT, UPDATE ON attempts TO nashforge_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO nashforge_worker;
GRANT SELECT (id, uid, nickname, domain, config, seed, state, stop_reason, created, started, finished, versions,
    host, owner, heartbeat, stop_requested, pause_requested) ON runs TO nashforge_worker;
GRANT USAGE ON SEQUENCE attempts_id_seq, workers_id_seq TO nashforge_worker;
