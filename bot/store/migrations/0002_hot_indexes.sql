-- Before the code that needs them, and harmless without it: a long conversation and a long block list
-- cost the claim of a send nothing.

CREATE INDEX outbox_of_window ON outbox (open_kfid, external_userid, window_msgid);
CREATE INDEX switches_by_scope ON switches (scope, key);
