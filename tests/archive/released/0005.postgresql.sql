CREATE TABLE agent_requests (
    id bigint NOT NULL,
    token character varying(64) NOT NULL,
    run_id bigint NOT NULL,
    candidate_id bigint NOT NULL,
    index bigint NOT NULL,
    attempt bigint NOT NULL,
    kind character varying(64) NOT NULL,
    state character varying(24) NOT NULL,
    payload json NOT NULL,
    answer json,
    reason text,
    refused bigint NOT NULL,
    author character varying(128),
    client character varying(128),
    opened timestamp with time zone NOT NULL,
    created timestamp with time zone NOT NULL,
    claimed timestamp with time zone,
    expires timestamp with time zone,
    finished timestamp with time zone,
    measured double precision DEFAULT '0'::double precision NOT NULL
);
CREATE SEQUENCE agent_requests_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE agent_requests_id_seq OWNED BY agent_requests.id;
CREATE TABLE archive_info (
    key character varying(64) NOT NULL,
    value text NOT NULL
);
CREATE TABLE attempts (
    id bigint NOT NULL,
    token character varying(64) NOT NULL,
    key character varying(64) NOT NULL,
    attempt bigint NOT NULL,
    kind character varying(24) NOT NULL,
    run_id bigint,
    candidate_id bigint,
    tag double precision NOT NULL,
    state character varying(24) NOT NULL,
    payload json,
    result json,
    reason text,
    worker character varying(128),
    queued timestamp with time zone NOT NULL,
    started timestamp with time zone,
    heartbeat timestamp with time zone,
    finished timestamp with time zone
);
CREATE SEQUENCE attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE attempts_id_seq OWNED BY attempts.id;
CREATE TABLE candidates (
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    index bigint NOT NULL,
    status character varying(24) NOT NULL,
    program character varying(64),
    operator character varying(64) NOT NULL,
    proposer character varying(128) NOT NULL,
    island bigint,
    train double precision,
    validation double precision,
    test double precision,
    created timestamp with time zone NOT NULL,
    finished timestamp with time zone,
    reason text,
    note text,
    data json,
    imported timestamp with time zone
);
CREATE SEQUENCE candidates_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE candidates_id_seq OWNED BY candidates.id;
CREATE TABLE evaluations (
    id bigint NOT NULL,
    token character varying(64) NOT NULL,
    attempt bigint NOT NULL,
    program character varying(64) NOT NULL,
    run_id bigint,
    candidate_id bigint,
    split character varying(24),
    suite character varying(128) NOT NULL,
    suite_digest character varying(64) NOT NULL,
    evaluator character varying(64) NOT NULL,
    status character varying(24) NOT NULL,
    worker character varying(128),
    tier character varying(32),
    queued timestamp with time zone NOT NULL,
    started timestamp with time zone,
    heartbeat timestamp with time zone,
    finished timestamp with time zone,
    cpu_seconds double precision,
    wall_seconds double precision,
    peak_memory bigint,
    fitness double precision,
    fingerprint character varying(64),
    seeds json NOT NULL,
    settings json,
    reason text,
    log text,
    imported timestamp with time zone
);
CREATE SEQUENCE evaluations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE evaluations_id_seq OWNED BY evaluations.id;
CREATE TABLE model_calls (
    id bigint NOT NULL,
    token character varying(64) NOT NULL,
    run_id bigint,
    candidate_id bigint,
    provider character varying(64) NOT NULL,
    model character varying(128) NOT NULL,
    status character varying(24) NOT NULL,
    input_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    reserved_cost double precision NOT NULL,
    cost double precision,
    latency double precision,
    created timestamp with time zone NOT NULL,
    finished timestamp with time zone,
    reason text,
    request json NOT NULL,
    response json,
    imported timestamp with time zone
);
CREATE SEQUENCE model_calls_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE model_calls_id_seq OWNED BY model_calls.id;
CREATE TABLE nashforge_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE notes (
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    author character varying(128),
    text text NOT NULL,
    created timestamp with time zone NOT NULL
);
CREATE SEQUENCE notes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE notes_id_seq OWNED BY notes.id;
CREATE TABLE parents (
    candidate_id bigint NOT NULL,
    "position" bigint NOT NULL,
    parent_id bigint NOT NULL,
    role character varying(24) NOT NULL
);
CREATE TABLE programs (
    hash character varying(64) NOT NULL,
    nickname character varying(64) NOT NULL,
    domain character varying(64) NOT NULL,
    ast_hash character varying(64),
    created timestamp with time zone NOT NULL,
    source text NOT NULL,
    imported timestamp with time zone
);
CREATE TABLE run_state (
    run_id bigint NOT NULL,
    key character varying(64) NOT NULL,
    value json NOT NULL,
    updated timestamp with time zone NOT NULL
);
CREATE TABLE runs (
    id bigint NOT NULL,
    uid character varying(32) NOT NULL,
    nickname character varying(64) NOT NULL,
    domain character varying(64) NOT NULL,
    config json NOT NULL,
    seed bigint,
    state character varying(24) NOT NULL,
    stop_reason text,
    created timestamp with time zone NOT NULL,
    started timestamp with time zone,
    finished timestamp with time zone,
    versions json NOT NULL,
    host json NOT NULL,
    owner character varying(128),
    heartbeat timestamp with time zone,
    stop_requested timestamp with time zone,
    pause_requested timestamp with time zone,
    imported timestamp with time zone
);
CREATE SEQUENCE runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE runs_id_seq OWNED BY runs.id;
CREATE TABLE scores (
    id bigint NOT NULL,
    evaluation_id bigint NOT NULL,
    game text NOT NULL,
    metric character varying(64) NOT NULL,
    iteration bigint,
    value double precision NOT NULL,
    direction character varying(3) NOT NULL
);
CREATE SEQUENCE scores_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE scores_id_seq OWNED BY scores.id;
CREATE TABLE studies (
    id bigint NOT NULL,
    uid character varying(32) NOT NULL,
    nickname character varying(64) NOT NULL,
    domain character varying(64) NOT NULL,
    config json NOT NULL,
    created timestamp with time zone NOT NULL,
    imported timestamp with time zone
);
CREATE SEQUENCE studies_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE studies_id_seq OWNED BY studies.id;
CREATE TABLE study_runs (
    run_id bigint NOT NULL,
    study_id bigint NOT NULL,
    "position" bigint NOT NULL
);
CREATE TABLE workers (
    id bigint NOT NULL,
    name character varying(128) NOT NULL,
    host character varying(128) NOT NULL,
    pid bigint NOT NULL,
    kinds character varying(64) NOT NULL,
    slots bigint NOT NULL,
    versions json NOT NULL,
    started timestamp with time zone NOT NULL,
    heartbeat timestamp with time zone NOT NULL,
    stopped timestamp with time zone
);
CREATE SEQUENCE workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE workers_id_seq OWNED BY workers.id;
ALTER TABLE ONLY agent_requests ALTER COLUMN id SET DEFAULT nextval('agent_requests_id_seq'::regclass);
ALTER TABLE ONLY attempts ALTER COLUMN id SET DEFAULT nextval('attempts_id_seq'::regclass);
ALTER TABLE ONLY candidates ALTER COLUMN id SET DEFAULT nextval('candidates_id_seq'::regclass);
ALTER TABLE ONLY evaluations ALTER COLUMN id SET DEFAULT nextval('evaluations_id_seq'::regclass);
ALTER TABLE ONLY model_calls ALTER COLUMN id SET DEFAULT nextval('model_calls_id_seq'::regclass);
ALTER TABLE ONLY notes ALTER COLUMN id SET DEFAULT nextval('notes_id_seq'::regclass);
ALTER TABLE ONLY runs ALTER COLUMN id SET DEFAULT nextval('runs_id_seq'::regclass);
ALTER TABLE ONLY scores ALTER COLUMN id SET DEFAULT nextval('scores_id_seq'::regclass);
ALTER TABLE ONLY studies ALTER COLUMN id SET DEFAULT nextval('studies_id_seq'::regclass);
ALTER TABLE ONLY workers ALTER COLUMN id SET DEFAULT nextval('workers_id_seq'::regclass);
INSERT INTO archive_info VALUES ('uid', 'f0e254c1f5034cee97c60d1ffdadcc69');
INSERT INTO candidates VALUES (1, 1, 0, 'ok', 'e0c55a72b4eff228a25a2b8d04a3d0cbd69427344915aa8a6e194226ba932f01', 'mutate', 'offline', NULL, 0.5, NULL, NULL, '2026-11-22 06:49:57.259535+00', '2026-11-22 06:49:57.468371+00', NULL, 'a note', '{"k":0}', NULL);
INSERT INTO candidates VALUES (2, 1, 1, 'crashed', 'df24d2ae8f221a6864b39a9952777fc09c69c25a0d56b67fa579bde7f8b4da85', 'mutate', 'offline', NULL, NULL, NULL, NULL, '2026-11-22 06:49:57.610302+00', '2026-11-22 06:49:57.729708+00', 'ValueError: no', 'a note', '{"k":1}', NULL);
INSERT INTO candidates VALUES (3, 1, 2, 'pending', '6bc7b1be9a1b71d57d52e0bc9392d6b0c9727ecc4f1dc70a9fc76cff6361355d', 'mutate', 'offline', NULL, NULL, NULL, NULL, '2026-11-22 06:49:57.833902+00', NULL, NULL, 'a note', '{"k":2}', NULL);
INSERT INTO evaluations VALUES (1, 'ttttttttttttttttttttttttttttttt0', 1, 'e0c55a72b4eff228a25a2b8d04a3d0cbd69427344915aa8a6e194226ba932f01', 1, 1, 'train', 's', 'd', '1', 'ok', NULL, NULL, '2026-11-22 06:49:57.488736+00', NULL, NULL, '2026-11-22 06:49:57.488736+00', NULL, NULL, NULL, 0.5, NULL, '[1,2]', '{"horizon":5}', NULL, NULL, NULL);
INSERT INTO evaluations VALUES (2, 'qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq', 1, '6bc7b1be9a1b71d57d52e0bc9392d6b0c9727ecc4f1dc70a9fc76cff6361355d', 1, 3, NULL, 's', '', '', 'cancelled', NULL, NULL, '2026-11-22 06:49:57.942188+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', NULL, NULL, NULL, NULL);
INSERT INTO model_calls VALUES (1, 'cccccccccccccccccccccccccccccccc', 1, NULL, 'p', 'm', 'ok', 0, 0, 0, 0, 0.5, 0.25, NULL, '2026-11-22 06:49:58.098303+00', '2026-11-22 06:49:58.145061+00', NULL, '{"q":"?"}', '{"a":"!"}', NULL);
INSERT INTO nashforge_version VALUES ('0005');
INSERT INTO parents VALUES (2, 0, 1, 'parent');
INSERT INTO parents VALUES (3, 0, 1, 'parent');
INSERT INTO parents VALUES (3, 1, 2, 'parent');
INSERT INTO programs VALUES ('e0c55a72b4eff228a25a2b8d04a3d0cbd69427344915aa8a6e194226ba932f01', 'happy-lemming', 'cfr', '0000000000000000000000000000000000000000000000000000000000000000', '2026-11-22 06:49:57.157195+00', 'x = 0
', NULL);
INSERT INTO programs VALUES ('df24d2ae8f221a6864b39a9952777fc09c69c25a0d56b67fa579bde7f8b4da85', 'polite-rhino', 'cfr', '0000000000000000000000000000000000000000000000000000000000000001', '2026-11-22 06:49:57.573188+00', 'x = 1
', NULL);
INSERT INTO programs VALUES ('6bc7b1be9a1b71d57d52e0bc9392d6b0c9727ecc4f1dc70a9fc76cff6361355d', 'open-tuna', 'cfr', '0000000000000000000000000000000000000000000000000000000000000002', '2026-11-22 06:49:57.786035+00', 'x = 2
', NULL);
INSERT INTO run_state VALUES (1, 'bandit', '[1,null]', '2026-11-22 06:49:58.26624+00');
INSERT INTO runs VALUES (1, '202088bddbd8481fabdebef7d25c3461', 'calm-lake', 'cfr', '{"max_evaluations":3,"name":"\u00fc"}', 7, 'running', NULL, '2026-11-22 06:49:56.833734+00', '2026-11-22 06:49:56.89079+00', NULL, '{"python":"3.11"}', '{"node":"vm"}', 'vm:1', '2026-11-22 06:49:56.89079+00', NULL, NULL, NULL);
INSERT INTO scores VALUES (1, 1, 'kuhn', 'exploitability', 5, 0.125, 'min');
INSERT INTO scores VALUES (2, 1, 'kuhn', 'seconds', NULL, 1.5, 'min');
SELECT pg_catalog.setval('agent_requests_id_seq', 1, false);
SELECT pg_catalog.setval('attempts_id_seq', 1, false);
SELECT pg_catalog.setval('candidates_id_seq', 3, true);
SELECT pg_catalog.setval('evaluations_id_seq', 2, true);
SELECT pg_catalog.setval('model_calls_id_seq', 1, true);
SELECT pg_catalog.setval('notes_id_seq', 1, false);
SELECT pg_catalog.setval('runs_id_seq', 1, true);
SELECT pg_catalog.setval('scores_id_seq', 2, true);
SELECT pg_catalog.setval('studies_id_seq', 1, false);
SELECT pg_catalog.setval('workers_id_seq', 1, false);
ALTER TABLE ONLY nashforge_version
    ADD CONSTRAINT nashforge_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY agent_requests
    ADD CONSTRAINT pk_agent_requests PRIMARY KEY (id);
ALTER TABLE ONLY archive_info
    ADD CONSTRAINT pk_archive_info PRIMARY KEY (key);
ALTER TABLE ONLY attempts
    ADD CONSTRAINT pk_attempts PRIMARY KEY (id);
ALTER TABLE ONLY candidates
    ADD CONSTRAINT pk_candidates PRIMARY KEY (id);
ALTER TABLE ONLY evaluations
    ADD CONSTRAINT pk_evaluations PRIMARY KEY (id);
ALTER TABLE ONLY model_calls
    ADD CONSTRAINT pk_model_calls PRIMARY KEY (id);
ALTER TABLE ONLY notes
    ADD CONSTRAINT pk_notes PRIMARY KEY (id);
ALTER TABLE ONLY parents
    ADD CONSTRAINT pk_parents PRIMARY KEY (candidate_id, "position");
ALTER TABLE ONLY programs
    ADD CONSTRAINT pk_programs PRIMARY KEY (hash);
ALTER TABLE ONLY run_state
    ADD CONSTRAINT pk_run_state PRIMARY KEY (run_id, key);
ALTER TABLE ONLY runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (id);
ALTER TABLE ONLY scores
    ADD CONSTRAINT pk_scores PRIMARY KEY (id);
ALTER TABLE ONLY studies
    ADD CONSTRAINT pk_studies PRIMARY KEY (id);
ALTER TABLE ONLY study_runs
    ADD CONSTRAINT pk_study_runs PRIMARY KEY (run_id);
ALTER TABLE ONLY workers
    ADD CONSTRAINT pk_workers PRIMARY KEY (id);
ALTER TABLE ONLY agent_requests
    ADD CONSTRAINT uq_agent_requests_candidate_id_attempt UNIQUE (candidate_id, attempt);
ALTER TABLE ONLY agent_requests
    ADD CONSTRAINT uq_agent_requests_token UNIQUE (token);
ALTER TABLE ONLY attempts
    ADD CONSTRAINT uq_attempts_token UNIQUE (token);
ALTER TABLE ONLY candidates
    ADD CONSTRAINT uq_candidates_run_id_index UNIQUE (run_id, index);
ALTER TABLE ONLY evaluations
    ADD CONSTRAINT uq_evaluations_token UNIQUE (token);
ALTER TABLE ONLY model_calls
    ADD CONSTRAINT uq_model_calls_token UNIQUE (token);
ALTER TABLE ONLY programs
    ADD CONSTRAINT uq_programs_nickname UNIQUE (nickname);
ALTER TABLE ONLY runs
    ADD CONSTRAINT uq_runs_nickname UNIQUE (nickname);
ALTER TABLE ONLY runs
    ADD CONSTRAINT uq_runs_uid UNIQUE (uid);
ALTER TABLE ONLY studies
    ADD CONSTRAINT uq_studies_nickname UNIQUE (nickname);
ALTER TABLE ONLY studies
    ADD CONSTRAINT uq_studies_uid UNIQUE (uid);
ALTER TABLE ONLY workers
    ADD CONSTRAINT uq_workers_name UNIQUE (name);
CREATE INDEX ix_agent_requests_run_id_state_index ON agent_requests USING btree (run_id, state, index);
CREATE INDEX ix_attempts_candidate_id ON attempts USING btree (candidate_id);
CREATE INDEX ix_attempts_finished ON attempts USING btree (finished);
CREATE INDEX ix_attempts_key ON attempts USING btree (key);
CREATE INDEX ix_attempts_run_id_kind_tag ON attempts USING btree (run_id, kind, tag);
CREATE INDEX ix_attempts_state_kind_tag ON attempts USING btree (state, kind, tag);
CREATE INDEX ix_candidates_program ON candidates USING btree (program);
CREATE INDEX ix_candidates_run_id_status ON candidates USING btree (run_id, status);
CREATE INDEX ix_candidates_run_id_test ON candidates USING btree (run_id, test);
CREATE INDEX ix_candidates_run_id_train ON candidates USING btree (run_id, train);
CREATE INDEX ix_candidates_run_id_validation ON candidates USING btree (run_id, validation);
CREATE INDEX ix_evaluations_candidate_id ON evaluations USING btree (candidate_id);
CREATE INDEX ix_evaluations_program_suite_digest ON evaluations USING btree (program, suite_digest);
CREATE INDEX ix_evaluations_run_id ON evaluations USING btree (run_id);
CREATE INDEX ix_evaluations_status_heartbeat ON evaluations USING btree (status, heartbeat);
CREATE INDEX ix_model_calls_candidate_id ON model_calls USING btree (candidate_id);
CREATE INDEX ix_model_calls_ledger ON model_calls USING btree (run_id, status, reserved_cost, cost, input_tokens, cached_tokens, cache_write_tokens, output_tokens);
CREATE INDEX ix_notes_run_id ON notes USING btree (run_id);
CREATE INDEX ix_parents_parent_id ON parents USING btree (parent_id);
CREATE INDEX ix_programs_ast_hash ON programs USING btree (ast_hash);
CREATE INDEX ix_scores_evaluation_id ON scores USING btree (evaluation_id);
CREATE INDEX ix_study_runs_study_id ON study_runs USING btree (study_id);
ALTER TABLE ONLY agent_requests
    ADD CONSTRAINT fk_agent_requests_candidate_id FOREIGN KEY (candidate_id) REFERENCES candidates(id) ON DELETE CASCADE;
ALTER TABLE ONLY agent_requests
    ADD CONSTRAINT fk_agent_requests_run_id FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY attempts
    ADD CONSTRAINT fk_attempts_candidate_id FOREIGN KEY (candidate_id) REFERENCES candidates(id) ON DELETE SET NULL;
ALTER TABLE ONLY attempts
    ADD CONSTRAINT fk_attempts_run_id FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY candidates
    ADD CONSTRAINT fk_candidates_program FOREIGN KEY (program) REFERENCES programs(hash);
ALTER TABLE ONLY candidates
    ADD CONSTRAINT fk_candidates_run_id FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY evaluations
    ADD CONSTRAINT fk_evaluations_candidate_id FOREIGN KEY (candidate_id) REFERENCES candidates(id) ON DELETE CASCADE;
ALTER TABLE ONLY evaluations
    ADD CONSTRAINT fk_evaluations_program FOREIGN KEY (program) REFERENCES programs(hash);
ALTER TABLE ONLY evaluations
    ADD CONSTRAINT fk_evaluations_run_id FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY model_calls
    ADD CONSTRAINT fk_model_calls_candidate_id FOREIGN KEY (candidate_id) REFERENCES candidates(id) ON DELETE SET NULL;
ALTER TABLE ONLY model_calls
    ADD CONSTRAINT fk_model_calls_run_id FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY notes
    ADD CONSTRAINT fk_notes_run_id FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY parents
    ADD CONSTRAINT fk_parents_candidate_id FOREIGN KEY (candidate_id) REFERENCES candidates(id) ON DELETE CASCADE;
ALTER TABLE ONLY parents
    ADD CONSTRAINT fk_parents_parent_id FOREIGN KEY (parent_id) REFERENCES candidates(id) ON DELETE CASCADE;
ALTER TABLE ONLY run_state
    ADD CONSTRAINT fk_run_state_run_id FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY scores
    ADD CONSTRAINT fk_scores_evaluation_id FOREIGN KEY (evaluation_id) REFERENCES evaluations(id) ON DELETE CASCADE;
ALTER TABLE ONLY study_runs
    ADD CONSTRAINT fk_study_runs_run_id FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY study_runs
    ADD CONSTRAINT fk_study_runs_study_id FOREIGN KEY (study_id) REFERENCES studies(id) ON DELETE CASCADE;
