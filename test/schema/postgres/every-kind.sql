-- One of every kind of object that is compared, on PostgreSQL 14 and later. A block between `-- since N` and `-- end`
-- is for version N and later.

CREATE SCHEMA shop;
CREATE SCHEMA "Odd name";
COMMENT ON SCHEMA shop IS 'it''s a shop';
GRANT USAGE ON SCHEMA shop TO PUBLIC;

-- types
CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'it''s fine');
COMMENT ON TYPE shop.mood IS 'how it is';
CREATE TYPE shop.address AS (street text, "Zip" varchar(10) COLLATE "C", mood shop.mood);
COMMENT ON COLUMN shop.address."Zip" IS 'postal code';
CREATE COLLATION shop.plain (provider = libc, lc_collate = 'C', lc_ctype = 'C');
COMMENT ON COLLATION shop.plain IS 'bytes';
CREATE DOMAIN shop.positive AS integer DEFAULT 1 NOT NULL CONSTRAINT over_zero CHECK (VALUE > 0) CHECK (VALUE < 1000000);
COMMENT ON CONSTRAINT over_zero ON DOMAIN shop.positive IS 'no debts';
CREATE DOMAIN shop.label AS text COLLATE "C";
REVOKE USAGE ON DOMAIN shop.label FROM PUBLIC;
CREATE TYPE shop.span AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = shop.spans);

-- routines
CREATE FUNCTION shop.add(a integer, b integer DEFAULT 1) RETURNS integer
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'SELECT a + b';
COMMENT ON FUNCTION shop.add(integer, integer) IS 'a sum';
REVOKE EXECUTE ON FUNCTION shop.add(integer, integer) FROM PUBLIC;
CREATE FUNCTION shop.body(a integer, OUT b integer, OUT c text) LANGUAGE sql BEGIN ATOMIC SELECT a, 'x;y'::text; END;
CREATE FUNCTION shop.many(VARIADIC list text[]) RETURNS SETOF text LANGUAGE sql ROWS 5 STABLE LEAKPROOF
  SET search_path TO shop, "Odd name", pg_temp SET work_mem TO '8MB' AS $f$SELECT unnest(list) || '$$'$f$;
CREATE FUNCTION shop.safe() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$ BEGIN END $$;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION shop.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE PROCEDURE shop.work(INOUT n integer) LANGUAGE plpgsql AS $$ BEGIN n := n + 1; END $$;
COMMENT ON PROCEDURE shop.work(integer) IS 'a procedure';
CREATE FUNCTION "Odd name"."Fun"("Arg" integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE AGGREGATE shop.total(integer) (sfunc = int4pl, stype = integer, initcond = '0', combinefunc = int4pl, parallel = safe);
CREATE AGGREGATE shop.joined(text) (sfunc = textcat, stype = text, initcond = '');
CREATE AGGREGATE shop.middle(float8 ORDER BY anyelement) (
  sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra);
COMMENT ON AGGREGATE shop.total(integer) IS 'all of it';

-- operators and casts
CREATE FUNCTION shop.same(a shop.address, b shop.address) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT (a).street = (b).street';
CREATE OPERATOR shop.=== (function = shop.same, leftarg = shop.address, rightarg = shop.address, commutator = OPERATOR(shop.===), restrict = eqsel, join = eqjoinsel);
CREATE OPERATOR CLASS shop.backwards FOR TYPE integer USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(integer, integer);
CREATE FUNCTION shop.to_text(a shop.address) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT (a).street';
CREATE CAST (shop.address AS text) WITH FUNCTION shop.to_text(shop.address) AS ASSIGNMENT;
CREATE CAST (shop.mood AS integer) WITH INOUT;

-- text search
CREATE TEXT SEARCH DICTIONARY shop.simple_words (TEMPLATE = pg_catalog.simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION shop.words (PARSER = pg_catalog."default");
ALTER TEXT SEARCH CONFIGURATION shop.words ADD MAPPING FOR asciiword, word WITH shop.simple_words, english_stem;
COMMENT ON TEXT SEARCH CONFIGURATION shop.words IS 'for search';

-- sequences and tables
CREATE SEQUENCE shop.numbers AS smallint INCREMENT BY -2 MINVALUE -100 MAXVALUE 100 START WITH 50 CACHE 3 CYCLE;
GRANT USAGE ON SEQUENCE shop.numbers TO PUBLIC;
CREATE TABLE shop.customer (
  id bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME shop.customer_numbers START WITH 10 INCREMENT BY 5 CACHE 2),
  code serial,
  name varchar(40) COLLATE "C" NOT NULL DEFAULT 'nobody',
  mood shop.mood DEFAULT 'ok',
  moods shop.mood[],
  address shop.address,
  age shop.positive,
  kind text CHECK (kind IN ('a', 'b')),
  short varchar(5) CONSTRAINT short_list CHECK (short IN ('x', 'y')),
  doubled integer GENERATED ALWAYS AS (shop.add(code, code)) STORED,
  document text COMPRESSION pglz,
  valid daterange,
  "Order" integer,
  CONSTRAINT customer_key PRIMARY KEY (id) INCLUDE (code) WITH (fillfactor = 80),
  CONSTRAINT customer_code UNIQUE (code) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT customer_valid EXCLUDE USING gist (valid WITH &&) WHERE (name <> 'nobody')
) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE shop.customer ALTER COLUMN name SET STATISTICS 200;
ALTER TABLE shop.customer ALTER COLUMN document SET STORAGE EXTERNAL;
ALTER TABLE shop.customer ALTER COLUMN kind SET (n_distinct = 3);
ALTER TABLE shop.customer ADD CONSTRAINT later CHECK (code > 0) NOT VALID;
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.customer FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.customer CLUSTER ON customer_key;
COMMENT ON TABLE shop.customer IS 'who buys';
COMMENT ON COLUMN shop.customer."Order" IS 'an odd name';
COMMENT ON CONSTRAINT customer_key ON shop.customer IS 'the key';
GRANT SELECT, INSERT ON shop.customer TO PUBLIC;
GRANT UPDATE (name, kind) ON shop.customer TO PUBLIC;
CREATE INDEX customer_lower ON shop.customer (lower(name) DESC NULLS LAST, code) INCLUDE (kind) WITH (fillfactor = 60) WHERE short IN ('x', 'y');
COMMENT ON INDEX shop.customer_lower IS 'an index';
CREATE UNIQUE INDEX customer_identity ON shop.customer (code, name);
CREATE INDEX customer_words ON shop.customer USING gin (to_tsvector('shop.words', document));
CREATE STATISTICS shop.customer_statistics (ndistinct, dependencies) ON code, name FROM shop.customer;
ALTER STATISTICS shop.customer_statistics SET STATISTICS 50;
CREATE UNLOGGED TABLE shop.cache (key text PRIMARY KEY, value jsonb);
ALTER TABLE shop.cache REPLICA IDENTITY FULL;
CREATE TABLE shop.invoice (
  id integer PRIMARY KEY,
  customer bigint REFERENCES shop.customer ON DELETE CASCADE ON UPDATE SET NULL,
  parent integer CONSTRAINT to_parent REFERENCES shop.invoice DEFERRABLE
);
ALTER TABLE shop.customer ADD COLUMN last_invoice integer REFERENCES shop.invoice;
CREATE TABLE shop.typed OF shop.address (street WITH OPTIONS NOT NULL);
CREATE TABLE shop.nothing ();

-- inheritance and partitions
CREATE TABLE shop.base (id integer NOT NULL, note text DEFAULT 'b', CONSTRAINT note_length CHECK (length(note) < 100));
CREATE TABLE shop.derived (extra text, id integer) INHERITS (shop.base);
ALTER TABLE shop.derived ALTER COLUMN note SET DEFAULT 'd';
CREATE TABLE shop.event (id integer, at timestamptz NOT NULL, kind text CHECK (kind <> ''), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE INDEX event_kind ON shop.event (kind);
CREATE TABLE shop.event_2020 PARTITION OF shop.event FOR VALUES FROM ('2020-01-01Z') TO ('2021-01-01Z') PARTITION BY RANGE (id);
CREATE TABLE shop.event_2020_a PARTITION OF shop.event_2020 FOR VALUES FROM (0) TO (100);
CREATE TABLE shop.event_rest PARTITION OF shop.event DEFAULT;
CREATE INDEX event_rest_at ON shop.event_rest (at);
ALTER TABLE shop.event ADD CONSTRAINT event_invoice FOREIGN KEY (id) REFERENCES shop.invoice;
CREATE TABLE shop.slot (id integer) PARTITION BY HASH (id);
CREATE TABLE shop.slot_0 PARTITION OF shop.slot FOR VALUES WITH (MODULUS 2, REMAINDER 0);

-- views
CREATE VIEW shop.adult WITH (security_barrier = true) AS SELECT id, name, age FROM shop.customer WHERE age > 18 AND short IN ('x', 'y')
  WITH LOCAL CHECK OPTION;
ALTER VIEW shop.adult ALTER COLUMN name SET DEFAULT 'grown';
COMMENT ON VIEW shop.adult IS 'of age';
COMMENT ON COLUMN shop.adult.name IS 'a name';
GRANT SELECT ON shop.adult TO PUBLIC;
CREATE VIEW "Odd name"."View" ("A b", c) AS SELECT name, mood FROM shop.customer;
CREATE RECURSIVE VIEW shop.tree (id, depth) AS
  SELECT id, 1 FROM shop.invoice WHERE parent IS NULL UNION ALL SELECT i.id, depth + 1 FROM shop.invoice i JOIN tree ON i.parent = tree.id;
CREATE MATERIALIZED VIEW shop.counts AS SELECT kind, count(*) AS n FROM shop.customer GROUP BY kind WITH DATA;
CREATE UNIQUE INDEX counts_kind ON shop.counts (kind);
COMMENT ON MATERIALIZED VIEW shop.counts IS 'counted';
CREATE MATERIALIZED VIEW shop.empty_counts AS SELECT n FROM shop.counts WITH NO DATA;

-- triggers, rules, policies
CREATE TRIGGER touched BEFORE UPDATE OF name ON shop.customer FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION shop.touch();
COMMENT ON TRIGGER touched ON shop.customer IS 'a trigger';
CREATE TRIGGER bulk AFTER INSERT ON shop.customer REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.customer DISABLE TRIGGER bulk;
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON shop.invoice DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE TRIGGER event_touched BEFORE INSERT ON shop.event FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE TRIGGER view_touched INSTEAD OF INSERT ON shop.adult FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE RULE no_delete AS ON DELETE TO shop.invoice WHERE OLD.id = 1 DO INSTEAD NOTHING;
COMMENT ON RULE no_delete ON shop.invoice IS 'a rule';
CREATE POLICY own ON shop.customer AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (name = CURRENT_USER) WITH CHECK (code > 0);
CREATE POLICY seen ON shop.customer FOR SELECT USING (true);
COMMENT ON POLICY seen ON shop.customer IS 'a policy';
CREATE EVENT TRIGGER watcher ON ddl_command_end WHEN TAG IN ('CREATE VIEW', 'DROP VIEW') EXECUTE FUNCTION shop.watch();
ALTER EVENT TRIGGER watcher DISABLE;

-- publications and foreign data
CREATE PUBLICATION sales FOR TABLE shop.customer, shop.invoice WITH (publish = 'insert, update');
COMMENT ON PUBLICATION sales IS 'published';
CREATE FOREIGN DATA WRAPPER elsewhere OPTIONS (debug 'true');
CREATE SERVER far TYPE 'thing' VERSION '1' FOREIGN DATA WRAPPER elsewhere OPTIONS (host 'h');
GRANT USAGE ON FOREIGN SERVER far TO PUBLIC;
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (name 'n');
CREATE FOREIGN TABLE shop.distant (id integer OPTIONS (column_name 'i') NOT NULL, note text DEFAULT 'x') SERVER far OPTIONS (table_name 't');
COMMENT ON FOREIGN TABLE shop.distant IS 'far away';

ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- since 15
CREATE TABLE shop.once (a integer, b integer, UNIQUE NULLS NOT DISTINCT (a, b));
CREATE UNIQUE INDEX once_b ON shop.once (b) NULLS NOT DISTINCT;
CREATE VIEW shop.invoker WITH (security_invoker = true) AS SELECT a FROM shop.once;
CREATE PUBLICATION partial FOR TABLE shop.once (a, b) WHERE (a > 1);
CREATE PUBLICATION schemas FOR TABLES IN SCHEMA "Odd name" WITH (publish_via_partition_root = true);
-- end
-- since 16
CREATE TABLE shop.stored (a text STORAGE MAIN);
-- end
-- since 18
CREATE TABLE shop.virtual (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL, c integer CONSTRAINT c_is_there NOT NULL);
ALTER TABLE shop.virtual ADD CONSTRAINT a_is_there NOT NULL a NOT VALID;
ALTER TABLE shop.virtual ADD CONSTRAINT unchecked CHECK (a > 0) NOT ENFORCED;
CREATE TABLE shop.parent_rule (a integer NOT NULL NO INHERIT);
CREATE TABLE shop.reserved (id int4range, at daterange, PRIMARY KEY (id, at WITHOUT OVERLAPS));
CREATE TABLE shop.reserved_part (id int4range, at daterange, FOREIGN KEY (id, PERIOD at) REFERENCES shop.reserved (id, PERIOD at));
-- end
