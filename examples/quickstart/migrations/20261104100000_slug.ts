import { defineRevision } from 'godwit'

// What SQL alone says clumsily: web addresses made from titles, the same on every store.
export default defineRevision({
  parent: '20261103090000_purchase',

  async up(m) {
    await m.sql`CREATE TABLE product_slug (product_id integer PRIMARY KEY, slug varchar(200) NOT NULL UNIQUE)`
    const products = await m.sql<{ id: number; title: string }>`SELECT id, title FROM product ORDER BY id`
    for (const { id, title } of products) {
      const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, '-')
      await m.sql`INSERT INTO product_slug (product_id, slug) VALUES (${id}, ${slug})`
    }
  },

  async down(m) {
    await m.sql`DROP TABLE product_slug`
  },
})
