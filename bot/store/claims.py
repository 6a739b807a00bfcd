"""Which gates does a row of the outbox pass in the statement with which the sender claims it?"""

from bot.store.consents import given

OPEN = "state IN ('pending', 'claimed')"

NOT_SILENCED = """
NOT EXISTS (SELECT 1 FROM switches s WHERE (s.scope = 'all')
            OR (s.scope = 'account' AND s.key = outbox.open_kfid)
            OR (s.scope = 'customer' AND (s.key = outbox.external_userid
                -- a welcome belongs to no conversation, only to its customer
                OR 'customer:' || s.key = outbox.subject)))
"""

_CUSTOMER = "substr(outbox.subject, length('customer:') + 1)"
CONSENTED = f"""
(outbox.purpose = '' OR (outbox.subject LIKE 'customer:%' AND {given(_CUSTOMER, "outbox.purpose")}))
"""

_CLAIM = "UPDATE outbox SET state = 'claimed', attempts = attempts + 1, claimed_at = ?"

CLAIM_SEND = f"""
{_CLAIM}, window_msgid = (SELECT c.window_msgid FROM conversations c
    WHERE c.open_kfid = outbox.open_kfid AND c.external_userid = outbox.external_userid)
WHERE id = ? AND {OPEN}
  AND {NOT_SILENCED}
  AND {CONSENTED}
  AND EXISTS (SELECT 1 FROM conversations c
    WHERE c.open_kfid = outbox.open_kfid AND c.external_userid = outbox.external_userid
      AND c.service_state IN (0, 1) AND c.state_as_of >= ?
      AND c.customer_wrote_at > ?
      AND (SELECT COUNT(*) FROM outbox o
           WHERE o.open_kfid = c.open_kfid AND o.external_userid = c.external_userid
             AND o.kind = 'SendMessage' AND o.state IN ('claimed', 'sent') AND o.id <> outbox.id
             AND o.window_msgid = c.window_msgid) < ?)
"""
CLAIM_ERRAND = f"""
{_CLAIM}
WHERE id = ? AND {OPEN}
  AND {NOT_SILENCED}
  AND {CONSENTED}
  AND EXISTS (SELECT 1 FROM conversations c
    WHERE c.open_kfid = outbox.open_kfid AND c.external_userid = outbox.external_userid
      AND c.service_state IN (0, 1) AND c.state_as_of >= ?)
"""
CLAIM_PLAIN = f"{_CLAIM} WHERE id = ? AND {OPEN} AND {CONSENTED}"
