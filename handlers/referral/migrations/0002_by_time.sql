-- Before the code that is quick by it. An influencer's invitations around one moment, without reading all of them.

CREATE INDEX referral_invites_by_time ON referral_invites (state, at);
