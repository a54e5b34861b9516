import { defineChromaRevision } from 'godwit/chroma'

export default defineChromaRevision({
  async up(m) {
    await m.updateRecords('product', [{ id: 'TEA-GRN', metadata: { season: 'spring' } }])
  },

  async down(m) {
    await m.updateRecords('product', [{ id: 'TEA-GRN', metadata: { season: null } }])
  },
})
