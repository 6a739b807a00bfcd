-- What SQLite has and PostgreSQL lacks, for SQL that is written once. Safe to run again.
-- Beside the company's tables; in the one place where a name means another thing there, `dialect.py` knows.

-- Greatest and least of several values, NULL when one of them is (GREATEST and LEAST leave NULLs out).
CREATE OR REPLACE FUNCTION max(a anycompatible, b anycompatible) RETURNS anycompatible
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN b > a THEN b ELSE a END $$;
CREATE OR REPLACE FUNCTION min(a anycompatible, b anycompatible) RETURNS anycompatible
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN b < a THEN b ELSE a END $$;
CREATE OR REPLACE FUNCTION max(a anycompatible, b anycompatible, c anycompatible) RETURNS anycompatible
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN a IS NULL OR b IS NULL OR c IS NULL THEN NULL ELSE GREATEST(a, b, c) END $$;
CREATE OR REPLACE FUNCTION min(a anycompatible, b anycompatible, c anycompatible) RETURNS anycompatible
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN a IS NULL OR b IS NULL OR c IS NULL THEN NULL ELSE LEAST(a, b, c) END $$;
CREATE OR REPLACE FUNCTION max(a anycompatible, b anycompatible, c anycompatible, d anycompatible)
    RETURNS anycompatible LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN a IS NULL OR b IS NULL OR c IS NULL OR d IS NULL THEN NULL
        ELSE GREATEST(a, b, c, d) END $$;

CREATE OR REPLACE FUNCTION instr(whole text, part text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT strpos(whole, part) $$;
CREATE OR REPLACE FUNCTION substr(whole text, first bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT substr(whole, first::integer) $$;
CREATE OR REPLACE FUNCTION substr(whole text, first bigint, length bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT substr(whole, first::integer, length::integer) $$;
CREATE OR REPLACE FUNCTION json_extract(document text, path text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT jsonb_path_query_first(document::jsonb, path::jsonpath) #>> '{}' $$;
-- SQLite knows more formats; seconds since 1970 are all that is asked for.
CREATE OR REPLACE FUNCTION strftime(format text, moment text) RETURNS text
    LANGUAGE sql STABLE
    AS $$ SELECT CASE WHEN format = '%s' AND moment = 'now'
        THEN floor(extract(epoch FROM now()))::bigint::text END $$;

CREATE OR REPLACE FUNCTION group_concat_step(so_far text, value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN so_far IS NULL THEN value WHEN value IS NULL THEN so_far
        ELSE so_far || ',' || value END $$;
CREATE OR REPLACE AGGREGATE group_concat(text) (SFUNC = group_concat_step, STYPE = text);
