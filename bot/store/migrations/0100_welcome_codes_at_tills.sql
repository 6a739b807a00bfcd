-- Before the code that needs it. Codes of welcomes and flows are redeemed like coupons.

ALTER TABLE benefit_codes ADD COLUMN redeemed_at REAL;
ALTER TABLE benefit_codes ADD COLUMN redeemed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE benefit_codes ADD COLUMN redeemed_ref TEXT NOT NULL DEFAULT '';
CREATE INDEX benefit_codes_called ON benefit_codes (code);
