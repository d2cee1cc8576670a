BEGIN TRANSACTION;
CREATE TABLE agent_requests (
	id INTEGER NOT NULL, 
	token VARCHAR(64) NOT NULL, 
	run_id INTEGER NOT NULL, 
	candidate_id INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	state VARCHAR(24) NOT NULL, 
	payload JSON NOT NULL, 
	answer JSON, 
	reason TEXT, 
	refused INTEGER NOT NULL, 
	author VARCHAR(128), 
	client VARCHAR(128), 
	opened DATETIME NOT NULL, 
	created DATETIME NOT NULL, 
	claimed DATETIME, 
	expires DATETIME, 
	finished DATETIME, 
	measured DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_agent_requests PRIMARY KEY (id), 
	CONSTRAINT fk_agent_requests_candidate_id FOREIGN KEY(candidate_id) REFERENCES candidates (id) ON DELETE CASCADE, 
	CONSTRAINT fk_agent_requests_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_agent_requests_candidate_id_attempt UNIQUE (candidate_id, attempt), 
	CONSTRAINT uq_agent_requests_token UNIQUE (token)
);
CREATE TABLE archive_info (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_archive_info PRIMARY KEY ("key")
);
INSERT INTO "archive_info" VALUES('uid','a690cf1de98c422898886f06065bf94d');
CREATE TABLE attempts (
	id INTEGER NOT NULL, 
	token VARCHAR(64) NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	attempt INTEGER NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	run_id INTEGER, 
	candidate_id INTEGER, 
	tag DOUBLE NOT NULL, 
	state VARCHAR(24) NOT NULL, 
	payload JSON, 
	result JSON, 
	reason TEXT, 
	worker VARCHAR(128), 
	queued DATETIME NOT NULL, 
	started DATETIME, 
	heartbeat DATETIME, 
	finished DATETIME, 
	CONSTRAINT pk_attempts PRIMARY KEY (id), 
	CONSTRAINT fk_attempts_candidate_id FOREIGN KEY(candidate_id) REFERENCES candidates (id) ON DELETE SET NULL, 
	CONSTRAINT fk_attempts_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_attempts_token UNIQUE (token)
);
CREATE TABLE candidates (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	status VARCHAR(24) NOT NULL, 
	program VARCHAR(64), 
	operator VARCHAR(64) NOT NULL, 
	proposer VARCHAR(128) NOT NULL, 
	island INTEGER, 
	train DOUBLE, 
	validation DOUBLE, 
	test DOUBLE, 
	created DATETIME NOT NULL, 
	finished DATETIME, 
	reason TEXT, 
	note TEXT, 
	data JSON, imported DATETIME, 
	CONSTRAINT pk_candidates PRIMARY KEY (id), 
	CONSTRAINT fk_candidates_program FOREIGN KEY(program) REFERENCES programs (hash), 
	CONSTRAINT fk_candidates_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_candidates_run_id_index UNIQUE (run_id, "index")
);
INSERT INTO "candidates" VALUES(1,1,0,'ok','e0c55a72b4eff228a25a2b8d04a3d0cbd69427344915aa8a6e194226ba932f01','mutate','offline',NULL,0.5,NULL,NULL,'2026-11-22 06:49:40.722000','2026-11-22 06:49:40.883000',NULL,'a note','{"k":0}',NULL);
INSERT INTO "candidates" VALUES(2,1,1,'crashed','df24d2ae8f221a6864b39a9952777fc09c69c25a0d56b67fa579bde7f8b4da85','mutate','offline',NULL,NULL,NULL,NULL,'2026-11-22 06:49:40.957000','2026-11-22 06:49:40.973000','ValueError: no','a note','{"k":1}',NULL);
INSERT INTO "candidates" VALUES(3,1,2,'pending','6bc7b1be9a1b71d57d52e0bc9392d6b0c9727ecc4f1dc70a9fc76cff6361355d','mutate','offline',NULL,NULL,NULL,NULL,'2026-11-22 06:49:41.001000',NULL,NULL,'a note','{"k":2}',NULL);
CREATE TABLE evaluations (
	id INTEGER NOT NULL, 
	token VARCHAR(64) NOT NULL, 
	attempt INTEGER NOT NULL, 
	program VARCHAR(64) NOT NULL, 
	run_id INTEGER, 
	candidate_id INTEGER, 
	split VARCHAR(24), 
	suite VARCHAR(128) NOT NULL, 
	suite_digest VARCHAR(64) NOT NULL, 
	evaluator VARCHAR(64) NOT NULL, 
	status VARCHAR(24) NOT NULL, 
	worker VARCHAR(128), 
	tier VARCHAR(32), 
	queued DATETIME NOT NULL, 
	started DATETIME, 
	heartbeat DATETIME, 
	finished DATETIME, 
	cpu_seconds DOUBLE, 
	wall_seconds DOUBLE, 
	peak_memory INTEGER, 
	fitness DOUBLE, 
	fingerprint VARCHAR(64), 
	seeds JSON NOT NULL, 
	settings JSON, 
	reason TEXT, 
	log TEXT, imported DATETIME, 
	CONSTRAINT pk_evaluations PRIMARY KEY (id), 
	CONSTRAINT fk_evaluations_candidate_id FOREIGN KEY(candidate_id) REFERENCES candidates (id) ON DELETE CASCADE, 
	CONSTRAINT fk_evaluations_program FOREIGN KEY(program) REFERENCES programs (hash), 
	CONSTRAINT fk_evaluations_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_evaluations_token UNIQUE (token)
);
INSERT INTO "evaluations" VALUES(1,'ttttttttttttttttttttttttttttttt0',1,'e0c55a72b4eff228a25a2b8d04a3d0cbd69427344915aa8a6e194226ba932f01',1,1,'train','s','d','1','ok',NULL,NULL,'2026-11-22 06:49:40.898000',NULL,NULL,'2026-11-22 06:49:40.898000',NULL,NULL,NULL,0.5,NULL,'[1,2]','{"horizon":5}',NULL,NULL,NULL);
INSERT INTO "evaluations" VALUES(2,'qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq',1,'6bc7b1be9a1b71d57d52e0bc9392d6b0c9727ecc4f1dc70a9fc76cff6361355d',1,3,NULL,'s','','','cancelled',NULL,NULL,'2026-11-22 06:49:41.053000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',NULL,NULL,NULL,NULL);
CREATE TABLE model_calls (
	id INTEGER NOT NULL, 
	token VARCHAR(64) NOT NULL, 
	run_id INTEGER, 
	candidate_id INTEGER, 
	provider VARCHAR(64) NOT NULL, 
	model VARCHAR(128) NOT NULL, 
	status VARCHAR(24) NOT NULL, 
	input_tokens INTEGER NOT NULL, 
	cached_tokens INTEGER NOT NULL, 
	cache_write_tokens INTEGER NOT NULL, 
	output_tokens INTEGER NOT NULL, 
	reserved_cost DOUBLE NOT NULL, 
	cost DOUBLE, 
	latency DOUBLE, 
	created DATETIME NOT NULL, 
	finished DATETIME, 
	reason TEXT, 
	request JSON NOT NULL, 
	response JSON, imported DATETIME, 
	CONSTRAINT pk_model_calls PRIMARY KEY (id), 
	CONSTRAINT fk_model_calls_candidate_id FOREIGN KEY(candidate_id) REFERENCES candidates (id) ON DELETE SET NULL, 
	CONSTRAINT fk_model_calls_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_model_calls_token UNIQUE (token)
);
INSERT INTO "model_calls" VALUES(1,'cccccccccccccccccccccccccccccccc',1,NULL,'p','m','ok',0,0,0,0,0.5,0.25,NULL,'2026-11-22 06:49:41.103000','2026-11-22 06:49:41.145000',NULL,'{"q":"?"}','{"a":"!"}',NULL);
CREATE TABLE nashforge_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT nashforge_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "nashforge_version" VALUES('0005');
CREATE TABLE notes (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	author VARCHAR(128), 
	text TEXT NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_notes PRIMARY KEY (id), 
	CONSTRAINT fk_notes_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
CREATE TABLE parents (
	candidate_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	parent_id INTEGER NOT NULL, 
	role VARCHAR(24) NOT NULL, 
	CONSTRAINT pk_parents PRIMARY KEY (candidate_id, position), 
	CONSTRAINT fk_parents_candidate_id FOREIGN KEY(candidate_id) REFERENCES candidates (id) ON DELETE CASCADE, 
	CONSTRAINT fk_parents_parent_id FOREIGN KEY(parent_id) REFERENCES candidates (id) ON DELETE CASCADE
);
INSERT INTO "parents" VALUES(2,0,1,'parent');
INSERT INTO "parents" VALUES(3,0,1,'parent');
INSERT INTO "parents" VALUES(3,1,2,'parent');
CREATE TABLE programs (
	hash VARCHAR(64) NOT NULL, 
	nickname VARCHAR(64) NOT NULL, 
	domain VARCHAR(64) NOT NULL, 
	ast_hash VARCHAR(64), 
	created DATETIME NOT NULL, 
	source TEXT NOT NULL, imported DATETIME, 
	CONSTRAINT pk_programs PRIMARY KEY (hash), 
	CONSTRAINT uq_programs_nickname UNIQUE (nickname)
);
INSERT INTO "programs" VALUES('e0c55a72b4eff228a25a2b8d04a3d0cbd69427344915aa8a6e194226ba932f01','happy-lemming','cfr','0000000000000000000000000000000000000000000000000000000000000000','2026-11-22 06:49:40.649000','x = 0
',NULL);
INSERT INTO "programs" VALUES('df24d2ae8f221a6864b39a9952777fc09c69c25a0d56b67fa579bde7f8b4da85','polite-rhino','cfr','0000000000000000000000000000000000000000000000000000000000000001','2026-11-22 06:49:40.935000','x = 1
',NULL);
INSERT INTO "programs" VALUES('6bc7b1be9a1b71d57d52e0bc9392d6b0c9727ecc4f1dc70a9fc76cff6361355d','open-tuna','cfr','0000000000000000000000000000000000000000000000000000000000000002','2026-11-22 06:49:40.995000','x = 2
',NULL);
CREATE TABLE run_state (
	run_id INTEGER NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	value JSON NOT NULL, 
	updated DATETIME NOT NULL, 
	CONSTRAINT pk_run_state PRIMARY KEY (run_id, "key"), 
	CONSTRAINT fk_run_state_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "run_state" VALUES(1,'bandit','[1,null]','2026-11-22 06:49:41.187000');
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	uid VARCHAR(32) NOT NULL, 
	nickname VARCHAR(64) NOT NULL, 
	domain VARCHAR(64) NOT NULL, 
	config JSON NOT NULL, 
	seed INTEGER, 
	state VARCHAR(24) NOT NULL, 
	stop_reason TEXT, 
	created DATETIME NOT NULL, 
	started DATETIME, 
	finished DATETIME, 
	versions JSON NOT NULL, 
	host JSON NOT NULL, 
	owner VARCHAR(128), 
	heartbeat DATETIME, 
	stop_requested DATETIME, pause_requested DATETIME, imported DATETIME, 
	CONSTRAINT pk_runs PRIMARY KEY (id), 
	CONSTRAINT uq_runs_nickname UNIQUE (nickname), 
	CONSTRAINT uq_runs_uid UNIQUE (uid)
);
INSERT INTO "runs" VALUES(1,'918d9d60fa4f41efadb70e02461e7ad3','calm-lake','cfr','{"max_evaluations":3,"name":"\u00fc"}',7,'running',NULL,'2026-11-22 06:49:40.467000','2026-11-22 06:49:40.510000',NULL,'{"python":"3.11"}','{"node":"vm"}','vm:1','2026-11-22 06:49:40.510000',NULL,NULL,NULL);
CREATE TABLE scores (
	id INTEGER NOT NULL, 
	evaluation_id INTEGER NOT NULL, 
	game TEXT NOT NULL, 
	metric VARCHAR(64) NOT NULL, 
	iteration INTEGER, 
	value DOUBLE NOT NULL, 
	direction VARCHAR(3) NOT NULL, 
	CONSTRAINT pk_scores PRIMARY KEY (id), 
	CONSTRAINT fk_scores_evaluation_id FOREIGN KEY(evaluation_id) REFERENCES evaluations (id) ON DELETE CASCADE
);
INSERT INTO "scores" VALUES(1,1,'kuhn','exploitability',5,0.125,'min');
INSERT INTO "scores" VALUES(2,1,'kuhn','seconds',NULL,1.5,'min');
CREATE TABLE studies (
	id INTEGER NOT NULL, 
	uid VARCHAR(32) NOT NULL, 
	nickname VARCHAR(64) NOT NULL, 
	domain VARCHAR(64) NOT NULL, 
	config JSON NOT NULL, 
	created DATETIME NOT NULL, 
	imported DATETIME, 
	CONSTRAINT pk_studies PRIMARY KEY (id), 
	CONSTRAINT uq_studies_uid UNIQUE (uid), 
	CONSTRAINT uq_studies_nickname UNIQUE (nickname)
);
CREATE TABLE study_runs (
	run_id INTEGER NOT NULL, 
	study_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_study_runs PRIMARY KEY (run_id), 
	CONSTRAINT fk_study_runs_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT fk_study_runs_study_id FOREIGN KEY(study_id) REFERENCES studies (id) ON DELETE CASCADE
);
CREATE TABLE workers (
	id INTEGER NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	host VARCHAR(128) NOT NULL, 
	pid INTEGER NOT NULL, 
	kinds VARCHAR(64) NOT NULL, 
	slots INTEGER NOT NULL, 
	versions JSON NOT NULL, 
	started DATETIME NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	stopped DATETIME, 
	CONSTRAINT pk_workers PRIMARY KEY (id), 
	CONSTRAINT uq_workers_name UNIQUE (name)
);
CREATE INDEX ix_programs_ast_hash ON programs (ast_hash);
CREATE INDEX ix_candidates_program ON candidates (program);
CREATE INDEX ix_candidates_run_id_status ON candidates (run_id, status);
CREATE INDEX ix_candidates_run_id_test ON candidates (run_id, test);
CREATE INDEX ix_candidates_run_id_train ON candidates (run_id, train);
CREATE INDEX ix_candidates_run_id_validation ON candidates (run_id, validation);
CREATE INDEX ix_evaluations_candidate_id ON evaluations (candidate_id);
CREATE INDEX ix_evaluations_program_suite_digest ON evaluations (program, suite_digest);
CREATE INDEX ix_evaluations_run_id ON evaluations (run_id);
CREATE INDEX ix_evaluations_status_heartbeat ON evaluations (status, heartbeat);
CREATE INDEX ix_model_calls_candidate_id ON model_calls (candidate_id);
CREATE INDEX ix_parents_parent_id ON parents (parent_id);
CREATE INDEX ix_scores_evaluation_id ON scores (evaluation_id);
CREATE INDEX ix_attempts_candidate_id ON attempts (candidate_id);
CREATE INDEX ix_attempts_finished ON attempts (finished);
CREATE INDEX ix_attempts_key ON attempts ("key");
CREATE INDEX ix_attempts_run_id_kind_tag ON attempts (run_id, kind, tag);
CREATE INDEX ix_attempts_state_kind_tag ON attempts (state, kind, tag);
CREATE INDEX ix_model_calls_ledger ON model_calls (run_id, status, reserved_cost, cost, input_tokens, cached_tokens, cache_write_tokens, output_tokens);
CREATE INDEX ix_study_runs_study_id ON study_runs (study_id);
CREATE INDEX ix_agent_requests_run_id_state_index ON agent_requests (run_id, state, "index");
CREATE INDEX ix_notes_run_id ON notes (run_id);
COMMIT;
