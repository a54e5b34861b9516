// An application writes through the old and the new shape of a table while it is expanded, backfilled and contracted
// by hand-written revisions, one of them killed. No write is lost, and both shapes say the same at every commit.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { unavailable } from '../../servers/databases.ts'
import { type FaultScene, withFault } from './scene.ts'

const reason = await unavailable('postgres')

const batches = [1, 51, 101, 151].map(
  from => `UPDATE person SET full_name = name WHERE id BETWEEN ${from} AND ${from + 49} AND full_name IS NULL;\n`,
)
const start = {
  '001_person.sql': `CREATE TABLE person (id int PRIMARY KEY, name text);
CREATE TABLE note (number bigserial, person int, value text);
INSERT INTO person SELECT i, 'first ' || i FROM generate_series(1, 150) i;
`,
}
const expand = {
  '002_expand.sql': `ALTER TABLE person ADD COLUMN full_name text;
CREATE FUNCTION both_shapes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.full_name IS NOT DISTINCT FROM OLD.full_name THEN NEW.full_name := NEW.name;
  ELSIF TG_OP = 'UPDATE' OR NEW.full_name IS NOT NULL THEN NEW.name := NEW.full_name;
  ELSE NEW.full_name := NEW.name;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER both_shapes BEFORE INSERT OR UPDATE ON person FOR EACH ROW EXECUTE FUNCTION both_shapes();
`,
}
const backfill = { '003_backfill.sql': `-- godwit: transaction=off\n${batches.join('')}` }
const contract = {
  '004_contract.sql': `DROP TRIGGER both_shapes ON person;
DROP FUNCTION both_shapes();
ALTER TABLE person DROP COLUMN name;
`,
}

/** A real process that writes; resolves when it does. */
async function writer(url: string, column: 'name' | 'full_name') {
  const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs')
  const file = fileURLToPath(new URL('writer.ts', import.meta.url))
  const child = spawn(process.execPath, [jiti, file, url, column], { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  child.stderr.on('data', data => (output += data))
  const closed = new Promise<number | null>(resolve => child.once('close', resolve))
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', data => {
      output += data
      if (output.includes('ready')) resolve()
    })
    child.once('close', () => reject(new Error(output)))
  })
  return {
    /** Ends it; how many writes it was told are done. */
    async end(): Promise<number> {
      child.stdin.write('end\n')
      expect(await closed, output).toBe(0)
      return Number(output.trim().split('\n').at(-1))
    },
    kill: () => child.kill('SIGKILL'),
  }
}

/** Rows whose shapes differ, and where the last write to a row is not what the row says. */
const differing = (fault: FaultScene) =>
  fault.ask('SELECT id, name, full_name FROM person WHERE full_name IS NOT NULL AND full_name <> name')
const lost = (fault: FaultScene, column: string) =>
  fault.ask(`SELECT id, ${column}, last.value FROM person
    JOIN (SELECT DISTINCT ON (person) person, value FROM note ORDER BY person, number DESC) last ON last.person = id
    WHERE ${column} IS DISTINCT FROM last.value`)

describe.skipIf(reason)('PostgreSQL: an application writes meanwhile', () => {
  it('fault 21: no write through the old or the new shape is lost from expand to contract', { timeout: 120_000 }, () =>
    withFault({ files: start }, async fault => {
      await fault.scene.works(['up'])
      const old = await writer(fault.url, 'name')
      const writers = [old]
      let watching = true
      let looks = 0
      try {
        await fault.until('SELECT 1 FROM note HAVING count(*) > 20')
        fault.add(expand)
        await fault.scene.works(['up'])
        const watch = (async () => {
          for (; watching; looks++) expect(await differing(fault)).toEqual([])
        })()
        watch.catch(() => {})
        const now = await writer(fault.url, 'full_name')
        writers.push(now)

        fault.add(backfill)
        const holder = await fault.hold('SELECT * FROM person WHERE id = 120 FOR UPDATE')
        const run = fault.start()
        await fault.busy('%BETWEEN 101%', 'Lock')
        await fault.kill(run)
        await holder.release()
        await fault.scene.works(['up'])
        expect(await fault.ask('SELECT id FROM person WHERE full_name IS NULL')).toEqual([])

        const seen = await fault.ask<{ n: number }>('SELECT count(*)::int AS n FROM note')
        await fault.until(`SELECT 1 FROM note HAVING count(*) > ${(seen[0]?.n ?? 0) + 20}`)
        watching = false
        await watch
        const oldWrites = await old.end()
        expect(await lost(fault, 'name')).toHaveLength(0)
        fault.add(contract)
        await fault.scene.works(['up'])
        await fault.until(`SELECT 1 FROM note HAVING count(*) > ${(seen[0]?.n ?? 0) + 60}`)
        const newWrites = await now.end()
        expect(await lost(fault, 'full_name')).toEqual([])
        expect(await fault.ask('SELECT count(*)::int AS n FROM note')).toEqual([{ n: oldWrites + newWrites }])
        expect(Math.min(oldWrites, newWrites, looks)).toBeGreaterThan(0)
        await fault.sound()
      } finally {
        watching = false
        for (const one of writers) one.kill()
      }
    }),
  )
})
