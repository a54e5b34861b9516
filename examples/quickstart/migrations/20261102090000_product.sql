-- godwit: parent=20261101090000_customer
-- migrate:up
CREATE TABLE product (
  id          integer PRIMARY KEY,
  sku         varchar(40) NOT NULL UNIQUE,
  title       varchar(200) NOT NULL,
  price_cents integer NOT NULL CHECK (price_cents >= 0)
);

INSERT INTO product (id, sku, title, price_cents) VALUES
  (1, 'TEA-GRN', 'Green Tea, 100 g', 690),
  (2, 'TEA-BLK', 'Black Tea, 100 g', 590),
  (3, 'CUP-STN', 'Stoneware Cup', 1450),
  (4, 'POT-IRN', 'Cast Iron Pot', 6900);

-- migrate:down
DROP TABLE product;
