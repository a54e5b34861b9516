import { defineConfig } from 'godwit'

// One history over three embedded stores. A fourth, Chroma, joins when CHROMA_URL names a server.
export default defineConfig({
  databases: {
    postgres: { url: 'pglite:./data/postgres', migrations: './migrations' },
    sqlite: { url: 'sqlite:./data/shop.db', migrations: './migrations' },
    duckdb: { url: 'duckdb:./data/shop.duckdb', migrations: './migrations' },
    ...(process.env.CHROMA_URL ? { chroma: { url: process.env.CHROMA_URL, migrations: './search' } } : {}),
  },
})
