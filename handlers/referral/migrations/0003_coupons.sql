-- Before the code that needs it. Codes are redeemed at tills and given for points too: they stand where every behaviour reads them.

INSERT INTO coupons (pool, code, imported_at, expires_at, given_for, external_userid, name, given_at, redeemed_at, redeemed_by)
SELECT c.pool, c.code, c.imported_at, c.expires_at, c.given_for, COALESCE(g.external_userid, ''),
    COALESCE(g.reward, ''), g.reached_at, c.redeemed_at, c.redeemed_by
FROM referral_codes c LEFT JOIN referral_grants g ON g.id = c.given_for
WHERE TRUE
ON CONFLICT DO NOTHING;

DROP TABLE referral_codes;
