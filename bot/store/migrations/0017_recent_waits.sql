-- How long those took who came into the pool lately.
CREATE INDEX case_steps_queued ON case_steps (open_kfid, at) WHERE name = 'queued';
