// Folders of small revisions: a table, a column, an index each; the same SQL as one script for the plain client.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface BenchHistory {
  readonly folder: string
  /** One transaction per revision. */
  readonly script: string
}

const up = (n: number) => [
  `CREATE TABLE t${n} (id int PRIMARY KEY, name varchar(50) NOT NULL)`,
  `ALTER TABLE t${n} ADD COLUMN note varchar(50)`,
  `CREATE INDEX t${n}_name ON t${n} (name)`,
]

/** @param begin what starts a transaction on the store */
export function makeHistory(count: number, begin: string): BenchHistory {
  const base = mkdtempSync(join(tmpdir(), 'godwit-history-'))
  const folder = join(base, 'revisions')
  const npm = `${folder}-npm`
  mkdirSync(folder)
  mkdirSync(npm)
  const script: string[] = []
  for (let n = 1; n <= count; n++) {
    const id = `${20260101000000 + n}_t${n}`
    const body = `${up(n).join(';\n')};\n`
    writeFileSync(join(folder, `${id}.sql`), `-- migrate:up\n${body}-- migrate:down\nDROP TABLE t${n};\n`)
    writeFileSync(
      join(npm, `${1760000000000 + n}_t${n}.sql`),
      `-- Up Migration\n${body}-- Down Migration\nDROP TABLE t${n};\n`,
    )
    script.push(`${begin};\n${body}COMMIT;\n`)
  }
  writeFileSync(join(base, 'script.sql'), script.join(''))
  return { folder, script: join(base, 'script.sql') }
}

/** 5,000 revisions in 50 branches that a last one merges. */
export function makeBranches(count: number, branches: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-graph-'))
  const last: string[] = []
  const first = `${20260101000000}_base`
  const write = (id: string, parents: readonly string[]) =>
    writeFileSync(
      join(folder, `${id}.sql`),
      `-- godwit: parent=${parents.join(',') || 'base'}\n-- migrate:up\nCREATE TABLE x${id} (id int);\n-- migrate:down\nDROP TABLE x${id};\n`,
    )
  write(first, [])
  for (let n = 1; n < count - 1; n++) {
    const id = `${20260101000000 + n}_r${n}`
    write(id, [last[n % branches] ?? first])
    last[n % branches] = id
  }
  write(`${20260101000000 + count}_merge`, last)
  return folder
}
