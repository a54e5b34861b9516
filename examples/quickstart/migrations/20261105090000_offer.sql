-- godwit: parent=20261104090000_discount,20261104100000_slug
-- migrate:up
CREATE VIEW offer AS
SELECT p.sku, s.slug, p.title, p.price_cents, COALESCE(d.percent, 0) AS discount_percent
FROM product p
JOIN product_slug s ON s.product_id = p.id
LEFT JOIN discount d ON d.product_id = p.id;

-- migrate:down
DROP VIEW offer;
