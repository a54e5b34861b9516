// The suite's vocabulary in SQL that every SQL store understands.
import type { Words } from './store.ts'

interface SqlCall {
  query(text: string): Promise<unknown>
}

export const sqlWords: Words = {
  make: thing => ({ up: `CREATE TABLE ${thing} (id int)`, down: `DROP TABLE ${thing}` }),
  fill: (thing, count) => ({
    up: Array.from({ length: count }, (_, n) => `INSERT INTO ${thing} (id) VALUES (${n})`).join(';\n'),
    down: `DELETE FROM ${thing}`,
  }),
  broken: (before, after) => {
    const text = (fault: string) =>
      `CREATE TABLE ${before} (id int);\nINSERT INTO ${fault} (id) VALUES (1);\nCREATE TABLE ${after} (id int);`
    return { up: text('no_such_table'), mended: text(before), down: `DROP TABLE ${after};\nDROP TABLE ${before};` }
  },
  code: (thing, fault) => ({
    up: async (m: SqlCall) => {
      await m.query(`CREATE TABLE ${thing} (id int)`)
      if (fault) throw fault
    },
    down: async (m: SqlCall) => {
      await m.query(`DROP TABLE ${thing}`)
    },
  }),
  forgetful: thing => ({
    up: async (m: SqlCall) => {
      void m.query(`CREATE TABLE ${thing} (id int)`)
    },
  }),
} as Words
