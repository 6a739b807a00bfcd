-- Before the code that is quick by it. What waits for a person is listed, on a page that asks every minute.

CREATE INDEX referral_invites_held ON referral_invites (noted_at) WHERE standing = 'review';
CREATE INDEX referral_appeals_open ON referral_appeals (state) WHERE closed_at IS NULL;
