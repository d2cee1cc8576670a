BEGIN TRANSACTION;
CREATE TABLE archive_info (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_archive_info PRIMARY KEY ("key")
);
INSERT INTO "archive_info" VALUES('uid','3e5a1aca8f834610a41cafec2e9fd61a');
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
	data JSON, 
	CONSTRAINT pk_candidates PRIMARY KEY (id), 
	CONSTRAINT fk_candidates_program FOREIGN KEY(program) REFERENCES programs (hash), 
	CONSTRAINT fk_candidates_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_candidates_run_id_index UNIQUE (run_id, "index")
);
INSERT INTO "candidates" VALUES(1,1,0,'ok','40a5a2f911470e51521a37921ee1e3030fc585ede9c8af7d0a497757840ddf04','seed','library',0,-8.77683939643367563854e-03,-0.00877683939226977,NULL,'2026-11-29 13:06:53.690000','2026-11-29 13:06:53.755000',NULL,'cfr_plus',NULL);
INSERT INTO "candidates" VALUES(2,1,1,'ok','a40f211e721522b65cd40e78ead1810ae6d021a2863dd53506c5ae20a49f78b0','mutate','offline',0,4.21980753161196264766e-01,4.21980753165354549594e-01,NULL,'2026-11-29 13:06:53.771000','2026-11-29 13:06:53.860000',NULL,'move the regrets on along their distance to a moving average, weight 0.95 decaying over 110',NULL);
INSERT INTO "candidates" VALUES(3,1,2,'ok','d30c0fecc23c3345a560a501c1ad8d10ffb713622777d605b01fae1964bfca3d','simplify','offline',0,7.08784241397460573752e-02,7.08784241439156109665e-02,NULL,'2026-11-29 13:06:53.880000','2026-11-29 13:06:53.957000',NULL,'replace np.maximum(self.regret + regret, 0.0) by self.regret + regret in observe()',NULL);
INSERT INTO "candidates" VALUES(4,1,3,'ok','1b963acc0c9f7bb119aa88cdd9a7cf14c4f4365cfad87f45ec5fbf52553b4398','mutate','offline',0,0.0923821107991889,9.23821108033667237613e-02,NULL,'2026-11-29 13:06:53.977000','2026-11-29 13:06:54.071000',NULL,'trend_weight 0.95 -> 0.955, decay_time 110 -> 140, memory 0.57 -> 0.62; let the cumulative regrets fall without bound; move the regrets on along their distance to a moving average, weight 1.4 decaying over 85; trend_weight_2 1.4 -> 0.82',NULL);
INSERT INTO "candidates" VALUES(5,1,4,'ok','ef8fb889d17d81918d2563e4feaaa4ec6d15af7e5c137b98e039fab89cbc61bf','mutate','offline',0,-1.32389565254508534408e+00,NULL,NULL,'2026-11-29 13:06:54.087000','2026-11-29 13:06:54.160000',NULL,'multiply the cumulative regrets by 0 every 21 iterations',NULL);
INSERT INTO "candidates" VALUES(6,1,5,'ok','273bb06b950d9cea3a7f9d7322bfdc8b70ba92fca80e53f07ce4abdc1f58bf62','mutate','offline',0,1.36783225249044126936e-01,1.36783225253217233241e-01,NULL,'2026-11-29 13:06:54.172000','2026-11-29 13:06:54.249000',NULL,'predict a moving average of the regrets, weight 1',NULL);
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
	log TEXT, 
	CONSTRAINT pk_evaluations PRIMARY KEY (id), 
	CONSTRAINT fk_evaluations_candidate_id FOREIGN KEY(candidate_id) REFERENCES candidates (id) ON DELETE CASCADE, 
	CONSTRAINT fk_evaluations_program FOREIGN KEY(program) REFERENCES programs (hash), 
	CONSTRAINT fk_evaluations_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_evaluations_token UNIQUE (token)
);
INSERT INTO "evaluations" VALUES(1,'c230599d89a45a2d858e251286e75f99',1,'89deda918f1cbd569d084380b2f4a82b6a19a0b9c1d324d240b0ac09880ed2f3',1,NULL,'train','cfr-smoke','9267b2625fe3217b','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.665000','2026-11-29 13:06:52.823546',NULL,'2026-11-29 13:06:53.665000',0.006456,6.88374843000019609462e-01,27344896,NULL,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(2,'cdeb85f5490a5fdcb6d2f4c6f3981697',1,'89deda918f1cbd569d084380b2f4a82b6a19a0b9c1d324d240b0ac09880ed2f3',1,NULL,'validation','cfr-smoke','e5b6b40a8d3e3463','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.674000','2026-11-29 13:06:53.632648',NULL,'2026-11-29 13:06:53.674000',0.00752,2.87411970000448491191e-02,27344896,NULL,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker (disguise 1000)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(3,'20c9f5b95e7b5e86b7dd018b932fac70',1,'40a5a2f911470e51521a37921ee1e3030fc585ede9c8af7d0a497757840ddf04',1,1,'smoke','cfr-smoke','2fd753d02d5963a7','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.756000','2026-11-29 13:06:53.696576',NULL,'2026-11-29 13:06:53.756000',0.012731,3.3588867000048594491e-02,27156480,NULL,'9c10ad1e69b786e3','[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker","leduc_poker (60 iterations)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(4,'bff9ec00bd565d82aa0f66f8f74179c2',1,'40a5a2f911470e51521a37921ee1e3030fc585ede9c8af7d0a497757840ddf04',1,1,'train','cfr-smoke','9267b2625fe3217b','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.756000','2026-11-29 13:06:53.730202',NULL,'2026-11-29 13:06:53.756000',0.005574,1.02871130000039556762e-02,26894336,-8.77683939643367563854e-03,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(5,'fdef19f4c76f58a4910231a461da417c',1,'40a5a2f911470e51521a37921ee1e3030fc585ede9c8af7d0a497757840ddf04',1,1,'validation','cfr-smoke','e5b6b40a8d3e3463','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.756000','2026-11-29 13:06:53.740519',NULL,'2026-11-29 13:06:53.756000',0.005906,1.15990199999487231252e-02,26894336,-0.00877683939226977,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker (disguise 1000)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(6,'fa7d31f08f94564187002804adda3c1d',1,'a40f211e721522b65cd40e78ead1810ae6d021a2863dd53506c5ae20a49f78b0',1,2,'smoke','cfr-smoke','2fd753d02d5963a7','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.860000','2026-11-29 13:06:53.774870',NULL,'2026-11-29 13:06:53.860000',1.34749999999999991312e-02,4.24706239999750323477e-02,27156480,NULL,'0c8659b27c90dfc3','[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker","leduc_poker (60 iterations)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(7,'de24d8252fdf578380ef03b87b00b5e3',1,'a40f211e721522b65cd40e78ead1810ae6d021a2863dd53506c5ae20a49f78b0',1,2,'train','cfr-smoke','9267b2625fe3217b','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.860000','2026-11-29 13:06:53.817378',NULL,'2026-11-29 13:06:53.860000',0.006004,2.11358340000060707097e-02,26894336,4.21980753161196264766e-01,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(8,'d48c9e40d54a5687a202ea9c0ebfabae',1,'a40f211e721522b65cd40e78ead1810ae6d021a2863dd53506c5ae20a49f78b0',1,2,'validation','cfr-smoke','e5b6b40a8d3e3463','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.860000','2026-11-29 13:06:53.838549',NULL,'2026-11-29 13:06:53.860000',6.43299999999999948252e-03,1.9914893000077427132e-02,26894336,4.21980753165354549594e-01,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker (disguise 1000)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(9,'2a06bd4be1b6535aaea0f7a7e7928755',1,'d30c0fecc23c3345a560a501c1ad8d10ffb713622777d605b01fae1964bfca3d',1,3,'smoke','cfr-smoke','2fd753d02d5963a7','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.957000','2026-11-29 13:06:53.890500',NULL,'2026-11-29 13:06:53.957000',0.013003,3.13971379999884447897e-02,27156480,NULL,'ab4124079cfea231','[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker","leduc_poker (60 iterations)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(10,'8e4988fd57e45c669e3a7875f671fac9',1,'d30c0fecc23c3345a560a501c1ad8d10ffb713622777d605b01fae1964bfca3d',1,3,'train','cfr-smoke','9267b2625fe3217b','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.958000','2026-11-29 13:06:53.921933',NULL,'2026-11-29 13:06:53.958000',5.80599999999999952932e-03,1.34411970000201108632e-02,26894336,7.08784241397460573752e-02,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(11,'533cd11dccd65891b514b16c02531fa7',1,'d30c0fecc23c3345a560a501c1ad8d10ffb713622777d605b01fae1964bfca3d',1,3,'validation','cfr-smoke','e5b6b40a8d3e3463','cfr-1','ok','local-14460','strict','2026-11-29 13:06:53.958000','2026-11-29 13:06:53.935406',NULL,'2026-11-29 13:06:53.958000',0.006286,2.03951290000077278818e-02,26894336,7.08784241439156109665e-02,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker (disguise 1000)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(12,'3989bc54d20159fda44040ca0b3d3cca',1,'1b963acc0c9f7bb119aa88cdd9a7cf14c4f4365cfad87f45ec5fbf52553b4398',1,4,'smoke','cfr-smoke','2fd753d02d5963a7','cfr-1','ok','local-14460','strict','2026-11-29 13:06:54.072000','2026-11-29 13:06:53.983604',NULL,'2026-11-29 13:06:54.072000',0.012421,3.63991000000396525138e-02,27156480,NULL,'cd6fe3f1c1855eca','[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker","leduc_poker (60 iterations)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(13,'ed5c8a27688a577f9f9a64750bfaa095',1,'1b963acc0c9f7bb119aa88cdd9a7cf14c4f4365cfad87f45ec5fbf52553b4398',1,4,'train','cfr-smoke','9267b2625fe3217b','cfr-1','ok','local-14460','strict','2026-11-29 13:06:54.072000','2026-11-29 13:06:54.020037',NULL,'2026-11-29 13:06:54.072000',0.006499,2.21536919999607562203e-02,26828800,0.0923821107991889,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(14,'a21f3fe05ee356d0a4877f8d34ad3a7b',1,'1b963acc0c9f7bb119aa88cdd9a7cf14c4f4365cfad87f45ec5fbf52553b4398',1,4,'validation','cfr-smoke','e5b6b40a8d3e3463','cfr-1','ok','local-14460','strict','2026-11-29 13:06:54.072000','2026-11-29 13:06:54.042219',NULL,'2026-11-29 13:06:54.072000',7.69399999999999945066e-03,2.78835679999929197947e-02,26832896,9.23821108033667237613e-02,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker (disguise 1000)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(15,'0e642fa77d6b5a7192856cd14aada1b3',1,'ef8fb889d17d81918d2563e4feaaa4ec6d15af7e5c137b98e039fab89cbc61bf',1,5,'smoke','cfr-smoke','2fd753d02d5963a7','cfr-1','ok','local-14460','strict','2026-11-29 13:06:54.160000','2026-11-29 13:06:54.089724',NULL,'2026-11-29 13:06:54.160000',0.013406,4.14560620000656854244e-02,27156480,NULL,'c8d233df7d0ab669','[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker","leduc_poker (60 iterations)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(16,'395c739b56d154e6ac73a8213b4eb817',1,'ef8fb889d17d81918d2563e4feaaa4ec6d15af7e5c137b98e039fab89cbc61bf',1,5,'train','cfr-smoke','9267b2625fe3217b','cfr-1','ok','local-14460','strict','2026-11-29 13:06:54.160000','2026-11-29 13:06:54.131217',NULL,'2026-11-29 13:06:54.160000',7.1319999999999994511e-03,2.60575050000397823168e-02,26832896,-1.32389565254508534408e+00,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(17,'f161aaddddfc5086b06fadfd37d4a635',1,'273bb06b950d9cea3a7f9d7322bfdc8b70ba92fca80e53f07ce4abdc1f58bf62',1,6,'smoke','cfr-smoke','2fd753d02d5963a7','cfr-1','ok','local-14460','strict','2026-11-29 13:06:54.249000','2026-11-29 13:06:54.174465',NULL,'2026-11-29 13:06:54.249000',1.34549999999999982114e-02,3.92873760000611582654e-02,27156480,NULL,'50df595c6c3aaf2a','[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker","leduc_poker (60 iterations)"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(18,'caf0e8a8b0295ea1a3bd0ea88b93048c',1,'273bb06b950d9cea3a7f9d7322bfdc8b70ba92fca80e53f07ce4abdc1f58bf62',1,6,'train','cfr-smoke','9267b2625fe3217b','cfr-1','ok','local-14460','strict','2026-11-29 13:06:54.249000','2026-11-29 13:06:54.213790',NULL,'2026-11-29 13:06:54.249000',5.51699999999999933508e-03,1.20046539999520973651e-02,26894336,1.36783225249044126936e-01,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker"]}',NULL,NULL);
INSERT INTO "evaluations" VALUES(19,'00e3074ba5d0595fbfece7a2b1bff40b',1,'273bb06b950d9cea3a7f9d7322bfdc8b70ba92fca80e53f07ce4abdc1f58bf62',1,6,'validation','cfr-smoke','e5b6b40a8d3e3463','cfr-1','ok','local-14460','strict','2026-11-29 13:06:54.249000','2026-11-29 13:06:54.225874',NULL,'2026-11-29 13:06:54.249000',0.005899,2.02478300000166200334e-02,26894336,1.36783225253217233241e-01,NULL,'[]','{"horizon":40,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"games":["kuhn_poker (disguise 1000)"]}',NULL,NULL);
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
	response JSON, 
	CONSTRAINT pk_model_calls PRIMARY KEY (id), 
	CONSTRAINT fk_model_calls_candidate_id FOREIGN KEY(candidate_id) REFERENCES candidates (id) ON DELETE SET NULL, 
	CONSTRAINT fk_model_calls_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE, 
	CONSTRAINT uq_model_calls_token UNIQUE (token)
);
CREATE TABLE nashforge_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT nashforge_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "nashforge_version" VALUES('0003');
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
INSERT INTO "parents" VALUES(3,0,2,'parent');
INSERT INTO "parents" VALUES(4,0,2,'parent');
INSERT INTO "parents" VALUES(5,0,4,'parent');
INSERT INTO "parents" VALUES(6,0,3,'parent');
CREATE TABLE programs (
	hash VARCHAR(64) NOT NULL, 
	nickname VARCHAR(64) NOT NULL, 
	domain VARCHAR(64) NOT NULL, 
	ast_hash VARCHAR(64), 
	created DATETIME NOT NULL, 
	source TEXT NOT NULL, 
	CONSTRAINT pk_programs PRIMARY KEY (hash), 
	CONSTRAINT uq_programs_nickname UNIQUE (nickname)
);
INSERT INTO "programs" VALUES('89deda918f1cbd569d084380b2f4a82b6a19a0b9c1d324d240b0ac09880ed2f3','ample-seal','cfr',NULL,'2026-11-29 13:06:52.311000','"""DCFR(1.5, 0, 2): discounted CFR.

R <- R * d(t - 1) + r, d(s) = s^a / (s^a + 1), a = alpha where R > 0, beta elsewhere
    policy proportional to [R]+
    C <- C + t^gamma * reach * policy

Source: Brown, Sandholm (2019), Solving Imperfect-Information Games via Discounted Regret
Minimization, arXiv 1809.04040.
"""

import numpy as np

from solvers.cfr.interface import RegretMinimizer


class DCFR(RegretMinimizer):
    alpha = 1.5
    beta = 0.0
    gamma = 2.0

    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        positive = (t - 1) ** self.alpha / ((t - 1) ** self.alpha + 1)
        negative = (t - 1) ** self.beta / ((t - 1) ** self.beta + 1)
        discount = np.where(self.regret > 0, positive, negative)
        self.regret = self.regret * discount + regret

    def accumulate(self, t, policy, reach, average):
        return average + t**self.gamma * reach * policy

    def policy(self, t):
        return self.infosets.normalize(self.regret)
');
INSERT INTO "programs" VALUES('40a5a2f911470e51521a37921ee1e3030fc585ede9c8af7d0a497757840ddf04','teal-shrike','cfr','b3a76878c892dc16961cdd1d3815d6c329823b7288eeebd8b9703ffa2157d18b','2026-11-29 13:06:53.688000','"""CFR+: regret matching+ with linear averaging.

R <- [R + r]+
    policy proportional to R
    C <- C + t * reach * policy

Source: Tammelin (2014), Solving Large Imperfect Information Games Using CFR+, arXiv 1407.5042.
"""

import numpy as np

from solvers.cfr.interface import RegretMinimizer


class CFRPlus(RegretMinimizer):
    def start(self):
        self.regret = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)

    def accumulate(self, t, policy, reach, average):
        return average + t * reach * policy

    def policy(self, t):
        return self.infosets.normalize(self.regret)
');
INSERT INTO "programs" VALUES('a40f211e721522b65cd40e78ead1810ae6d021a2863dd53506c5ae20a49f78b0','fine-magpie','cfr','e5394e5df5e08ccb570d5f053561c30fca0a838286c152ee9f42a65a6e4e2e3e','2026-11-29 13:06:53.771000','"""A CFR rule found by program search.

Mechanisms: cumulative regrets clipped at zero, a policy from cumulative regrets and a prediction,
averaging weights that depend on time.
"""

import numpy as np

from solvers.cfr.interface import RegretMinimizer


class ClippedPredictiveCFR(RegretMinimizer):
    trend_weight = 0.95
    decay_time = 110
    memory = 0.57

    def start(self):
        self.regret = self.infosets.zeros()
        self.smoothed = self.infosets.zeros()
        self.trend = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = np.maximum(self.regret + regret, 0.0)
        self.trend = self.regret - self.smoothed
        self.smoothed = self.memory * self.smoothed + (1 - self.memory) * self.regret

    def accumulate(self, t, policy, reach, average):
        return average + t * reach * policy

    def policy(self, t):
        return self.infosets.normalize(
            self.regret + self.trend_weight / (1 + t / self.decay_time) * self.trend
        )
');
INSERT INTO "programs" VALUES('d30c0fecc23c3345a560a501c1ad8d10ffb713622777d605b01fae1964bfca3d','valiant-falcon','cfr','4d9fe9b07b882f88aaedfbd9838d743e95434789922b163702a93eeae3adde5b','2026-11-29 13:06:53.879000','"""A CFR rule found by program search.

Mechanisms: a policy from cumulative regrets and a prediction, averaging weights that depend on time.
"""

from solvers.cfr.interface import RegretMinimizer


class PredictiveCFR(RegretMinimizer):
    trend_weight = 0.95
    decay_time = 110
    memory = 0.57

    def start(self):
        self.regret = self.infosets.zeros()
        self.smoothed = self.infosets.zeros()
        self.trend = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = self.regret + regret
        self.trend = self.regret - self.smoothed
        self.smoothed = self.memory * self.smoothed + (1 - self.memory) * self.regret

    def accumulate(self, t, policy, reach, average):
        return average + t * reach * policy

    def policy(self, t):
        return self.infosets.normalize(
            self.regret + self.trend_weight / (1 + t / self.decay_time) * self.trend
        )
');
INSERT INTO "programs" VALUES('1b963acc0c9f7bb119aa88cdd9a7cf14c4f4365cfad87f45ec5fbf52553b4398','plucky-porcupine','cfr','ccfc3f67376a99609197d7a70b34415987dc2e8d2f8124cd3609c1d4ae5b6596','2026-11-29 13:06:53.976000','"""A CFR rule found by program search.

Mechanisms: a policy from cumulative regrets and a prediction, averaging weights that depend on time.
"""

from solvers.cfr.interface import RegretMinimizer


class PredictiveCFR(RegretMinimizer):
    trend_weight = 0.82
    decay_time = 85
    level_memory = 0.71

    def start(self):
        self.regret = self.infosets.zeros()
        self.level = self.infosets.zeros()
        self.tendency = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = self.regret + regret
        self.tendency = self.regret - self.level
        self.level = self.level_memory * self.level + (1 - self.level_memory) * self.regret

    def accumulate(self, t, policy, reach, average):
        return average + t * reach * policy

    def policy(self, t):
        return self.infosets.normalize(
            self.regret + self.trend_weight / (1 + t / self.decay_time) * self.tendency
        )
');
INSERT INTO "programs" VALUES('ef8fb889d17d81918d2563e4feaaa4ec6d15af7e5c137b98e039fab89cbc61bf','tame-ruff','cfr','cd40de6b431acaf421f8e4a76df0d4e5e42100295a12c0e2f833b009d7db5656','2026-11-29 13:06:54.087000','"""A CFR rule found by program search.

Mechanisms: cumulative regrets shrunk at some iterations, a policy from cumulative regrets and a
prediction, averaging weights that depend on time.
"""

from solvers.cfr.interface import RegretMinimizer


class RestartingPredictiveCFR(RegretMinimizer):
    trend_weight = 0.82
    decay_time = 85
    level_memory = 0.71
    period = 21

    def start(self):
        self.regret = self.infosets.zeros()
        self.level = self.infosets.zeros()
        self.tendency = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = self.regret + regret
        if t % self.period == 0:
            self.regret = self.infosets.zeros()
        self.tendency = self.regret - self.level
        self.level = self.level_memory * self.level + (1 - self.level_memory) * self.regret

    def accumulate(self, t, policy, reach, average):
        return average + t * reach * policy

    def policy(self, t):
        return self.infosets.normalize(
            self.regret + self.trend_weight / (1 + t / self.decay_time) * self.tendency
        )
');
INSERT INTO "programs" VALUES('273bb06b950d9cea3a7f9d7322bfdc8b70ba92fca80e53f07ce4abdc1f58bf62','easy-bison','cfr','73f35613f32bd9733b7847c65d7b95008c764f587a13c8b1b2e69efd9cf19d52','2026-11-29 13:06:54.172000','"""A CFR rule found by program search.

Mechanisms: a policy from cumulative regrets and a prediction, averaging weights that depend on time.
"""

from solvers.cfr.interface import RegretMinimizer


class PredictiveCFR(RegretMinimizer):
    expected_memory = 0.46

    def start(self):
        self.regret = self.infosets.zeros()
        self.expected = self.infosets.zeros()

    def observe(self, t, regret):
        self.regret = self.regret + regret
        self.expected = self.expected_memory * self.expected + (1 - self.expected_memory) * regret

    def accumulate(self, t, policy, reach, average):
        return average + t * reach * policy

    def policy(self, t):
        return self.infosets.normalize(self.regret + self.expected)
');
CREATE TABLE run_state (
	run_id INTEGER NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	value JSON NOT NULL, 
	updated DATETIME NOT NULL, 
	CONSTRAINT pk_run_state PRIMARY KEY (run_id, "key"), 
	CONSTRAINT fk_run_state_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
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
	stop_requested DATETIME, pause_requested DATETIME, 
	CONSTRAINT pk_runs PRIMARY KEY (id), 
	CONSTRAINT uq_runs_nickname UNIQUE (nickname), 
	CONSTRAINT uq_runs_uid UNIQUE (uid)
);
INSERT INTO "runs" VALUES(1,'c4f1812554e7429e81bc2b8f5205dbe7','before','cfr','{"proposer":"offline","replay":null,"budget_usd":5.0,"max_tokens":null,"max_output_tokens":16384,"proposal_seconds":600.0,"retries":4,"repairs":1,"outage_minutes":60.0,"prices":null,"price_unknown":null,"feedback":"dense","prompts":null,"model_islands":false,"domain":"cfr","strategy":"evolution","seed":6,"max_evaluations":6,"max_minutes":null,"patience":null,"executor":"local","workers":1,"weight":1.0,"propose_on":"here","lookahead":1,"horizon":40,"train":"cfr-smoke","validation":"cfr-smoke","test":"cfr-smoke","final_test":false,"fitness":{"kind":"log_ratio","floor":1e-07,"reference":"dcfr"},"islands":1,"archive":12,"migrate_every":15,"parents":"both","verify":15,"stagnation":15,"tier":"strict"}',6,'finished','max_evaluations','2026-11-29 13:06:52.136000','2026-11-29 13:06:52.306000','2026-11-29 13:06:54.266000','{"python":"3.11.7","nashforge":"0.1.0","open_spiel":"2.0.2","numpy":"2.4.6","numba":"0.68.1","scipy":"1.17.1","libcst":"1.9.0","sqlalchemy":"2.1.9"}','{"machine":"x86_64","system":"Linux-6.18.44-fc-v509-x86_64-with-glibc2.36","node":"vm"}',NULL,NULL,NULL,NULL);
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
INSERT INTO "scores" VALUES(1,1,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(22,1,'kuhn_poker','exploitability',40,3.76821969496321865222e-03,'min');
INSERT INTO "scores" VALUES(23,1,'kuhn_poker','seconds',NULL,0.00926710200008074,'min');
INSERT INTO "scores" VALUES(24,2,'kuhn_poker (disguise 1000)','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(45,2,'kuhn_poker (disguise 1000)','exploitability',40,3.76821969499940845338e-03,'min');
INSERT INTO "scores" VALUES(46,2,'kuhn_poker (disguise 1000)','seconds',NULL,1.16950939999469483154e-02,'min');
INSERT INTO "scores" VALUES(47,3,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(68,3,'kuhn_poker','exploitability',40,3.84514794718800526074e-03,'min');
INSERT INTO "scores" VALUES(69,3,'kuhn_poker','seconds',NULL,6.8236350001598111703e-03,'min');
INSERT INTO "scores" VALUES(70,3,'leduc_poker (60 iterations)','exploitability',1,2.373611111111110894e+00,'min');
INSERT INTO "scores" VALUES(91,3,'leduc_poker (60 iterations)','exploitability',40,4.76451771305751725638e-02,'min');
INSERT INTO "scores" VALUES(92,3,'leduc_poker (60 iterations)','seconds',NULL,4.42566000003807857865e-03,'min');
INSERT INTO "scores" VALUES(93,4,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(114,4,'kuhn_poker','exploitability',40,3.84514794718800526074e-03,'min');
INSERT INTO "scores" VALUES(115,4,'kuhn_poker','seconds',NULL,2.23255000003064196789e-03,'min');
INSERT INTO "scores" VALUES(116,5,'kuhn_poker (disguise 1000)','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(137,5,'kuhn_poker (disguise 1000)','exploitability',40,3.84514794718806771078e-03,'min');
INSERT INTO "scores" VALUES(138,5,'kuhn_poker (disguise 1000)','seconds',NULL,3.45385199966585787478e-03,'min');
INSERT INTO "scores" VALUES(139,6,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(160,6,'kuhn_poker','exploitability',40,1.42611800170517125097e-03,'min');
INSERT INTO "scores" VALUES(161,6,'kuhn_poker','seconds',NULL,7.58031399971059727249e-03,'min');
INSERT INTO "scores" VALUES(162,6,'leduc_poker (60 iterations)','exploitability',1,2.373611111111110894e+00,'min');
INSERT INTO "scores" VALUES(183,6,'leduc_poker (60 iterations)','exploitability',40,5.30708179367318927388e-02,'min');
INSERT INTO "scores" VALUES(184,6,'leduc_poker (60 iterations)','seconds',NULL,1.49919830000726506114e-02,'min');
INSERT INTO "scores" VALUES(185,7,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(206,7,'kuhn_poker','exploitability',40,1.42611800170517125097e-03,'min');
INSERT INTO "scores" VALUES(207,7,'kuhn_poker','seconds',NULL,6.77241699986552703194e-03,'min');
INSERT INTO "scores" VALUES(208,8,'kuhn_poker (disguise 1000)','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(229,8,'kuhn_poker (disguise 1000)','exploitability',40,1.42611800170521288433e-03,'min');
INSERT INTO "scores" VALUES(230,8,'kuhn_poker (disguise 1000)','seconds',NULL,4.90205300002344301901e-03,'min');
INSERT INTO "scores" VALUES(231,9,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(252,9,'kuhn_poker','exploitability',40,3.20079449165766929952e-03,'min');
INSERT INTO "scores" VALUES(253,9,'kuhn_poker','seconds',NULL,5.51876300005460507236e-03,'min');
INSERT INTO "scores" VALUES(254,9,'leduc_poker (60 iterations)','exploitability',1,2.373611111111110894e+00,'min');
INSERT INTO "scores" VALUES(275,9,'leduc_poker (60 iterations)','exploitability',40,1.78923466408327569432e-01,'min');
INSERT INTO "scores" VALUES(276,9,'leduc_poker (60 iterations)','seconds',NULL,3.7402290003001326113e-03,'min');
INSERT INTO "scores" VALUES(277,10,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(298,10,'kuhn_poker','exploitability',40,3.20079449165766929952e-03,'min');
INSERT INTO "scores" VALUES(299,10,'kuhn_poker','seconds',NULL,2.37184999957662512315e-03,'min');
INSERT INTO "scores" VALUES(300,11,'kuhn_poker (disguise 1000)','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(321,11,'kuhn_poker (disguise 1000)','exploitability',40,3.20079449165767970786e-03,'min');
INSERT INTO "scores" VALUES(322,11,'kuhn_poker (disguise 1000)','seconds',NULL,8.67752100032248563366e-03,'min');
INSERT INTO "scores" VALUES(323,12,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(344,12,'kuhn_poker','exploitability',40,3.04616977297222576992e-03,'min');
INSERT INTO "scores" VALUES(345,12,'kuhn_poker','seconds',NULL,2.24336600024344079429e-03,'min');
INSERT INTO "scores" VALUES(346,12,'leduc_poker (60 iterations)','exploitability',1,2.373611111111110894e+00,'min');
INSERT INTO "scores" VALUES(367,12,'leduc_poker (60 iterations)','exploitability',40,1.72281192880929467925e-01,'min');
INSERT INTO "scores" VALUES(368,12,'leduc_poker (60 iterations)','seconds',NULL,1.27682220002043322892e-02,'min');
INSERT INTO "scores" VALUES(369,13,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(390,13,'kuhn_poker','exploitability',40,3.04616977297222576992e-03,'min');
INSERT INTO "scores" VALUES(391,13,'kuhn_poker','seconds',NULL,9.56912799972542416071e-03,'min');
INSERT INTO "scores" VALUES(392,14,'kuhn_poker (disguise 1000)','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(413,14,'kuhn_poker (disguise 1000)','exploitability',40,3.04616977297217719766e-03,'min');
INSERT INTO "scores" VALUES(414,14,'kuhn_poker (disguise 1000)','seconds',NULL,1.76211919996376309427e-02,'min');
INSERT INTO "scores" VALUES(415,15,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(436,15,'kuhn_poker','exploitability',40,7.94386523090332141716e-02,'min');
INSERT INTO "scores" VALUES(437,15,'kuhn_poker','seconds',NULL,8.09140299941191187826e-03,'min');
INSERT INTO "scores" VALUES(438,15,'leduc_poker (60 iterations)','exploitability',1,2.373611111111110894e+00,'min');
INSERT INTO "scores" VALUES(459,15,'leduc_poker (60 iterations)','exploitability',40,0.697940390105698,'min');
INSERT INTO "scores" VALUES(460,15,'leduc_poker (60 iterations)','seconds',NULL,5.73737800004892051219e-03,'min');
INSERT INTO "scores" VALUES(461,16,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(482,16,'kuhn_poker','exploitability',40,7.94386523090332141716e-02,'min');
INSERT INTO "scores" VALUES(483,16,'kuhn_poker','seconds',NULL,1.02004029998852274729e-02,'min');
INSERT INTO "scores" VALUES(484,17,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(505,17,'kuhn_poker','exploitability',40,2.75012851975178426733e-03,'min');
INSERT INTO "scores" VALUES(506,17,'kuhn_poker','seconds',NULL,1.07941090000167605467e-02,'min');
INSERT INTO "scores" VALUES(507,17,'leduc_poker (60 iterations)','exploitability',1,2.373611111111110894e+00,'min');
INSERT INTO "scores" VALUES(528,17,'leduc_poker (60 iterations)','exploitability',40,1.86663248713014845447e-01,'min');
INSERT INTO "scores" VALUES(529,17,'leduc_poker (60 iterations)','seconds',NULL,6.48661300010644481517e-03,'min');
INSERT INTO "scores" VALUES(530,18,'kuhn_poker','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(551,18,'kuhn_poker','exploitability',40,2.75012851975178426733e-03,'min');
INSERT INTO "scores" VALUES(552,18,'kuhn_poker','seconds',NULL,4.47442499989847419783e-03,'min');
INSERT INTO "scores" VALUES(553,19,'kuhn_poker (disguise 1000)','exploitability',1,4.58333333333333314829e-01,'min');
INSERT INTO "scores" VALUES(574,19,'kuhn_poker (disguise 1000)','exploitability',40,2.75012851975177038954e-03,'min');
INSERT INTO "scores" VALUES(575,19,'kuhn_poker (disguise 1000)','seconds',NULL,1.11725230004822151386e-02,'min');
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
COMMIT;
