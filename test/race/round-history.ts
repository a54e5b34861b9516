// The files of a round: counters that rise by one, so that a revision run twice shows; statements that share a
// transaction with the journal, statements that cannot, and code, with and without a transaction around it.
import type { RoundKind } from './round-store.ts'

export interface RoundHistory {
  /** Name of the file to its text. */
  readonly files: Readonly<Record<string, string>>
  readonly ids: readonly string[]
  /** Steps (by revision) of which nobody but the person who wrote them can tell whether they were done. */
  readonly undecidable: ReadonlySet<string>
}

/** A condition that is true and takes a few hundredths of a second. */
const slowly: Readonly<Record<Exclude<RoundKind, 'chroma'>, string>> = {
  postgres: 'pg_sleep(0.03) IS NOT NULL',
  mariadb: 'SLEEP(0.03) = 0',
  sqlite:
    '(SELECT count(*) FROM (WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 90000) SELECT i FROM c)) > 0',
  duckdb: '(SELECT count(*) FROM range(120) a, range(30000) b WHERE (a.range * b.range) % 7 = 1) > 0',
}

function sqlFiles(kind: Exclude<RoundKind, 'chroma'>): Record<string, string> {
  const once = (name: string): string => `UPDATE counter SET n = n + 1 WHERE name = '${name}'`
  const slow = (name: string): string => `${once(name)} AND ${slowly[kind]}`
  const index = kind === 'postgres' ? 'CREATE INDEX CONCURRENTLY' : 'CREATE INDEX'
  const longer = kind === 'mariadb' ? "CONCAT(label, '!')" : "label || '!'"
  const code = (name: string, id: number, options: string): string =>
    `export default {\n${options}  async up(m) {\n` +
    `    await m.query(${JSON.stringify(slow(name))})\n` +
    `    await m.query("INSERT INTO item VALUES (${id}, '${name}')")\n` +
    `    await m.query(${JSON.stringify(once(name))})\n  },\n}\n`
  return {
    '001_tables.sql':
      'CREATE TABLE counter (name varchar(20) NOT NULL PRIMARY KEY, n int NOT NULL);\n' +
      'CREATE TABLE item (id int NOT NULL, label varchar(20));\n',
    '002_counters.sql':
      "INSERT INTO counter VALUES ('plain', 0), ('off', 0), ('mixed', 0), ('code', 0), ('code off', 0);\n" +
      `INSERT INTO item VALUES (1, 'one'), (2, 'two');\n${slow('plain')};\n`,
    '003_off.sql':
      `-- godwit: transaction=off\n${slow('off')};\nINSERT INTO item VALUES (3, 'three');\n` +
      `CREATE TABLE off_table (id int NOT NULL, word varchar(20));\n${index} item_label ON item (label);\n` +
      `INSERT INTO off_table VALUES (1, 'a');\n${slow('off')};\n`,
    '004_code.mjs': code('code', 4, ''),
    '005_mixed.sql':
      'ALTER TABLE off_table ADD COLUMN note varchar(20);\n' +
      `${slow('mixed')};\nCREATE INDEX off_word ON off_table (word);\nUPDATE item SET label = ${longer};\n`,
    '006_code_off.mjs': code('code off', 6, "  transaction: 'off',\n"),
    '007_last.sql': `CREATE TABLE last_table (id int);\nINSERT INTO last_table VALUES (1);\n${slow('plain')};\n`,
  }
}

const chromaFiles: Readonly<Record<string, string>> = {
  '001_one.mjs': `export default { async up(m) { await m.createCollection('one') } }\n`,
  '002_rows.mjs': `export default {
  async up(m) {
    for (const id of ['1', '2', '3']) await m.addRecords('one', [{ id, embedding: [1, Number(id)] }])
    await new Promise(resolve => setTimeout(resolve, 30))
    await m.updateRecords('one', [{ id: '1', metadata: { word: 'changed' } }])
  },
}
`,
  '003_two.mjs': `export default {
  async up(m) {
    await m.createCollection('two')
    await m.addRecords('two', [{ id: 'a', embedding: [1] }, { id: 'b', embedding: [2] }])
    await m.deleteRecords('one', { ids: ['3'] })
  },
}
`,
  '004_last.mjs': `export default { async up(m) { await m.createCollection('three') } }\n`,
}

/** What a round applies on a store. */
export function roundHistory(kind: RoundKind): RoundHistory {
  const files = kind === 'chroma' ? chromaFiles : sqlFiles(kind)
  const ids = Object.keys(files).map(name => name.replace(/\.\w+$/, ''))
  // Code without a transaction around it records each call before and after; its UPDATE leaves no trace in the catalog.
  const undecidable = kind === 'mariadb' ? ['004_code', '006_code_off'] : kind === 'chroma' ? [] : ['006_code_off']
  return { files, ids, undecidable: new Set(undecidable) }
}
