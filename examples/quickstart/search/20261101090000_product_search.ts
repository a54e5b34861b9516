import { defineChromaRevision } from 'godwit/chroma'

// Four products as small hand-made vectors: [tea, vessel, price]. A real shop would ask an embedding model.
export default defineChromaRevision({
  depends: 'postgres:20261102090000_product',

  async up(m) {
    await m.createCollection('product', { distance: 'cosine', dimension: 3 })
    await m.addRecords('product', [
      { id: 'TEA-GRN', embedding: [0.9, 0.1, 0.1], document: 'Green Tea, 100 g' },
      { id: 'TEA-BLK', embedding: [0.9, 0.1, 0.1], document: 'Black Tea, 100 g' },
      { id: 'CUP-STN', embedding: [0.2, 0.9, 0.2], document: 'Stoneware Cup' },
      { id: 'POT-IRN', embedding: [0.3, 0.8, 0.9], document: 'Cast Iron Pot' },
    ])
  },

  async down(m) {
    await m.deleteCollection('product')
  },
})
