-- godwit: parent=20261102090000_product
-- migrate:up
CREATE TABLE purchase (
  id          integer PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customer (id),
  placed_at   timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE purchase_line (
  purchase_id integer NOT NULL REFERENCES purchase (id),
  product_id  integer NOT NULL REFERENCES product (id),
  quantity    integer NOT NULL CHECK (quantity > 0),
  price_cents integer NOT NULL,
  PRIMARY KEY (purchase_id, product_id)
);

-- migrate:down
DROP TABLE purchase_line;
DROP TABLE purchase;
