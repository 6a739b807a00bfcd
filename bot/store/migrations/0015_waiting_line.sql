-- Who waits for a person, in the order in which they are served: a point of priority is worth a
-- minute of waiting, so nobody is overtaken for ever (bot/store/waiting_line.py).
DROP INDEX cases_waiting;
CREATE INDEX cases_in_line ON cases (open_kfid, level, wanted_at - 60.0 * priority, id)
    WHERE status IN ('queued', 'ticket');
CREATE INDEX cases_with_ticket ON cases (open_kfid, wanted_at - 60.0 * priority, id)
    WHERE status = 'ticket';
