-- godwit: parent=20261105090000_offer
-- migrate:up
CREATE INDEX purchase_by_customer ON purchase (customer_id, placed_at);

-- migrate:down
DROP INDEX purchase_by_customer;
