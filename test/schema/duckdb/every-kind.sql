-- Every kind of object that DuckDB has.
CREATE SCHEMA sales;
CREATE SCHEMA "Odd Schema";
CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
CREATE TYPE sales.point AS STRUCT(x INTEGER, y DOUBLE);
CREATE TYPE nested AS STRUCT(m mood, list INTEGER[]);
CREATE TYPE amount AS DECIMAL(10, 2);
CREATE SEQUENCE counter START 5 INCREMENT BY 2 MINVALUE 1 MAXVALUE 100 CYCLE;
CREATE SEQUENCE sales.down INCREMENT BY -1 MAXVALUE 50 MINVALUE -50 START 50;
CREATE MACRO plus(a, b) AS a + b;
CREATE MACRO overloaded(a) AS a, (a, b) AS plus(a, b);
CREATE TABLE customer (id INTEGER PRIMARY KEY DEFAULT nextval('counter'), name VARCHAR NOT NULL COLLATE NOCASE DEFAULT 'x, (y)', m mood DEFAULT 'sad', up INTEGER REFERENCES customer (id),
  p sales.point, a amount, u UNION(n INTEGER, s VARCHAR), l INTEGER[], arr INTEGER[3], mp MAP(VARCHAR, STRUCT(q INTEGER)), twice INTEGER GENERATED ALWAYS AS (plus(id, id)) VIRTUAL,
  made TIMESTAMPTZ DEFAULT current_timestamp, "select" INTEGER, "Mixed Case" INTEGER CHECK ("Mixed Case" > 0), UNIQUE (name, m), CHECK (plus(id, 1) > 0 AND name <> ')'));
CREATE TABLE orders (id BIGINT, customer INTEGER REFERENCES customer (id), note TEXT, UNIQUE (id, customer));
CREATE TABLE sales."Order Line" (id UUID DEFAULT uuid(), "Order" INTEGER);
CREATE TABLE "Odd Schema"."Table" ("Column" BLOB);
CREATE INDEX by_customer ON orders (customer);
CREATE UNIQUE INDEX "By Expression" ON sales."Order Line" (("Order" + 1), id);
CREATE VIEW names AS SELECT id, name AS "The Name" FROM customer WHERE m = 'sad';
CREATE VIEW sales.of_names (a, b) AS WITH c AS (SELECT * FROM names) SELECT c.*  FROM c JOIN orders o ON o.customer = c.id;
CREATE MACRO sales.rows_of(c) AS TABLE SELECT * FROM orders WHERE customer = c;
CREATE VIEW z AS SELECT overloaded(1) AS one;
COMMENT ON TABLE customer IS 'who''s who';
COMMENT ON COLUMN customer.name IS 'the name';
COMMENT ON COLUMN sales."Order Line"."Order" IS 'which';
COMMENT ON VIEW names IS 'a view';
COMMENT ON INDEX by_customer IS 'an index';
COMMENT ON TYPE mood IS 'a type';
COMMENT ON SEQUENCE counter IS 'a sequence';
COMMENT ON MACRO plus IS 'a macro';
COMMENT ON MACRO TABLE sales.rows_of IS 'a table macro';
