-- godwit: parent=20261103090000_purchase label=pricing
-- migrate:up
CREATE TABLE discount (
  product_id integer PRIMARY KEY,
  percent    integer NOT NULL CHECK (percent BETWEEN 1 AND 90)
);

INSERT INTO discount (product_id, percent) VALUES (4, 15);

-- migrate:down
DROP TABLE discount;
