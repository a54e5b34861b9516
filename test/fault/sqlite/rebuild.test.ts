// A table that is rebuilt (create, copy, drop, rename) on every SQLite driver: the plain driver loses child rows,
// triggers and indexes without a word; godwit keeps the rows and tells or refuses the rest.
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../../src/engine/event.ts'
import { chooseDriver, driverNames, wrapLive } from '../../../src/dialect/sqlite/driver/choose.ts'
import type { SqliteConnection } from '../../../src/dialect/sqlite/driver/driver.ts'
import { sqlite } from '../../../src/dialect/sqlite/index.ts'
import type { MemoryRevision } from '../../../src/source/memory.ts'
import { single } from '../../engine/project.ts'
import { betterSqlite3, record } from '../../servers/databases.ts'

type Opener = (file?: string) => SqliteConnection

/** Each driver that can be had, also where it is installed beside the project. */
async function drivers(): Promise<[string, Opener][]> {
  const found: [string, Opener][] = []
  for (const name of driverNames) {
    const driver = await chooseDriver(name).catch(() => undefined)
    if (driver) {
      found.push([name, (path = ':memory:') => driver.open({ path, readOnly: false })])
      continue
    }
    const apart = name === 'better-sqlite3' ? await betterSqlite3() : { unavailable: 'not on this Node' }
    if ('folder' in apart) {
      const Database = createRequire(import.meta.url)(apart.folder) as new (file: string) => object
      found.push([name, (path = ':memory:') => wrapLive(new Database(path))])
    } else {
      await record({ subject: `rebuild of tables through ${name}`, reason: apart.unavailable })
    }
  }
  return found
}

// author <- book <- page <- note, book refers to itself, and review empties its reference.
const family = `
CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE book (id INTEGER PRIMARY KEY, author INTEGER REFERENCES author (id) ON DELETE CASCADE,
  sequel_of INTEGER REFERENCES book (id) ON DELETE CASCADE);
CREATE TABLE page (id INTEGER PRIMARY KEY, book INTEGER NOT NULL REFERENCES book ON DELETE CASCADE);
CREATE TABLE note (id INTEGER PRIMARY KEY, page INTEGER REFERENCES page (id) ON DELETE CASCADE);
CREATE TABLE review (id INTEGER PRIMARY KEY, author INTEGER REFERENCES author (id) ON DELETE SET NULL);
INSERT INTO author VALUES (1, 'a'), (2, 'b');
INSERT INTO book VALUES (1, 1, NULL), (2, 1, 1), (3, 2, NULL);
INSERT INTO page VALUES (1, 1), (2, 2), (3, 3), (4, 3);
INSERT INTO note VALUES (1, 1), (2, 4);
INSERT INTO review VALUES (1, 1), (2, 2);`
const rebuild = `
CREATE TABLE author_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO author_new (id, name) SELECT id, name FROM author;
DROP TABLE author;
ALTER TABLE author_new RENAME TO author;`
const rows = ['author', 'book', 'page', 'note', 'review']
const all = { author: 2, book: 3, page: 4, note: 2, review: 2 }

function counted(connection: SqliteConnection): Record<string, number> {
  const of = (table: string) => Number(connection.all(`SELECT count(*) AS n FROM ${table}`)[0]?.['n'])
  return Object.fromEntries(rows.map(table => [table, of(table)]))
}

const sql = (id: string, up: string): MemoryRevision => ({ id, up: `${up}\n` }) as MemoryRevision

async function up(connection: { readonly handle: unknown }, ...revisions: MemoryRevision[]) {
  const told: string[] = []
  const observer = (event: RunEvent) => {
    if (event.type === 'log') told.push(event.message)
  }
  const dialect = sqlite({ database: connection.handle as object })
  const result = await single(dialect, revisions).up({ on: observer })
  return { error: result.error, told, states: result.databases[0]?.steps.map(step => step.state) }
}

describe.each(await drivers())('a rebuild through %s', (_, open) => {
  it('loses children at every level with the plain driver, whatever the file says inside its transaction', () => {
    for (const said of ['PRAGMA foreign_keys=OFF', 'PRAGMA defer_foreign_keys=ON']) {
      const connection = open()
      connection.exec(`PRAGMA foreign_keys=ON; ${family}; BEGIN; ${said}; ${rebuild} COMMIT`)
      expect(counted(connection)).toEqual({ author: 2, book: 0, page: 0, note: 0, review: 2 })
      expect(connection.all('SELECT count(author) AS n FROM review')).toEqual([{ n: 0 }])
      connection.close()
    }
  })

  it('fault 10: keeps children at every level, their references, and enforcement', async () => {
    const connection = open()
    const { error } = await up(connection, sql('001_family', family), sql('002_rebuild', rebuild))
    expect(error).toBeUndefined()
    expect(counted(connection)).toEqual(all)
    expect(connection.all('SELECT count(author) AS n FROM review')).toEqual([{ n: 2 }])
    connection.exec('PRAGMA foreign_keys=ON')
    expect(() => connection.exec('INSERT INTO book VALUES (9, 99, NULL)')).toThrow('FOREIGN KEY')
    connection.close()
  })

  it('takes no DELETE of the revision itself for a loss, before or after the drop', async () => {
    const connection = open()
    const own = `DELETE FROM note WHERE id = 1; ${rebuild} DELETE FROM note WHERE id = 2; DELETE FROM review;`
    const { error } = await up(connection, sql('001_family', family), sql('002_rebuild', own))
    expect(error).toBeUndefined()
    expect(counted(connection)).toEqual({ ...all, note: 0, review: 0 })
    connection.close()
  })

  it('keeps rows of a table that refers to itself', async () => {
    const connection = open()
    const tree = `CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree (id) ON DELETE CASCADE);
      INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2);`
    // The copy refers to the old table until that is gone: with foreign keys on, its rows would go with it.
    const copy = `CREATE TABLE tree_new (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree (id) ON DELETE CASCADE, x);
      INSERT INTO tree_new (id, up) SELECT id, up FROM tree; DROP TABLE tree; ALTER TABLE tree_new RENAME TO tree;`
    const plain = open()
    plain.exec(`PRAGMA foreign_keys=ON; ${tree} BEGIN; ${copy} COMMIT`)
    expect(plain.all('SELECT count(*) AS n FROM tree')).toEqual([{ n: 1 }])
    plain.close()
    expect((await up(connection, sql('001_tree', tree), sql('002_copy', copy))).error).toBeUndefined()
    expect(connection.all('SELECT count(*) AS n FROM tree')).toEqual([{ n: 3 }])
    connection.close()
  })

  it('refuses before anything runs where the host ignores the pragma', async () => {
    const connection = open()
    expect((await up(connection, sql('001_family', family))).error).toBeUndefined()
    const { error } = await up(
      { handle: host(connection.handle as Live, 'ignores') },
      sql('001_family', family),
      sql('002_rebuild', `CREATE TABLE before_it (x); ${rebuild}`),
    )
    expect(error).toMatchObject({ code: 'RUN.FOREIGN_KEY_BROKEN', message: expect.stringContaining('turned off') })
    expect(error?.why).toContain('Nothing was run')
    expect(counted(connection)).toEqual(all)
    expect(connection.all(`SELECT 1 FROM sqlite_schema WHERE name = 'before_it'`)).toEqual([])
    connection.close()
  })

  it('rolls back with table and counts where the host says "off" and deletes child rows all the same', async () => {
    for (const [without, message] of [
      ['', '3 of 3 rows of book were deleted with it'],
      ['DELETE FROM note; DELETE FROM page; DELETE FROM book;', '2 of 2 rows of review lost the reference they held'],
    ] as const) {
      const connection = open()
      expect((await up(connection, sql('001_family', family))).error).toBeUndefined()
      const before = counted(connection)
      const { error } = await up(
        { handle: host(connection.handle as Live, 'lies') },
        sql('001_family', family),
        sql('002_rebuild', `${without} ${rebuild}`),
      )
      expect(error).toMatchObject({ code: 'RUN.FOREIGN_KEY_BROKEN' })
      expect(error?.message).toContain(message)
      expect(counted(connection)).toEqual(before)
      expect(connection.all('SELECT count(author) AS n FROM review')).toEqual([{ n: 2 }])
      connection.close()
    }
  })

  it('guards a DROP TABLE in the middle of a block that is kept whole', async () => {
    const blocks = ['UPDATE author SET name = name; DROP TABLE author', 'CREATE TABLE x (y); DROP TABLE author']
    for (const block of blocks) {
      const connection = open()
      const whole = `-- +goose Up\n-- +goose StatementBegin\n${block};\n-- +goose StatementEnd\n`
      const { error } = await up(connection, sql('001_family', family), sql('002_block', whole))
      expect(error).toMatchObject({ code: 'RUN.FOREIGN_KEY_BROKEN' })
      expect(counted(connection)).toEqual(all)
      connection.close()
    }
  })

  it('refuses in code the DROP TABLE that would take child rows along, and says how many', async () => {
    const connection = open()
    const code = { id: '002_code', up: async (m: { run(text: string): Promise<void> }) => m.run(rebuild) }
    const { error } = await up(connection, sql('001_family', family), code as unknown as MemoryRevision)
    expect(JSON.stringify(error)).toContain('3 rows of book refer to it with ON DELETE CASCADE')
    expect(counted(connection)).toEqual(all)
    connection.close()
  })

  it('guards tables of attached and temporary schemas like those of main', async () => {
    for (const schema of ['other', 'temp']) {
      const connection = open()
      if (schema === 'other') connection.exec(`ATTACH ':memory:' AS other`)
      const there = (text: string) =>
        text.replace(/(TABLE|INTO|FROM) (?!author_new RENAME|SELECT)(\w+)/g, `$1 ${schema}.$2`)
      connection.exec(there(family))
      const bad = there(rebuild.replace('FROM author;', 'FROM author WHERE id = 1;'))
      const { error } = await up(connection, sql('001_bad', bad))
      expect(error).toMatchObject({ code: 'RUN.FOREIGN_KEY_BROKEN' })
      expect(error?.message).toContain(`of ${schema}.`)
      expect(counted(connection)).toEqual(all)
      const dropped = await up(connection, {
        id: '001_code',
        up: async (m: { run(text: string): Promise<void> }) => m.run(`DROP TABLE ${schema}.author`),
      } as unknown as MemoryRevision)
      expect(JSON.stringify(dropped.error)).toContain(`3 rows of ${schema}.book refer to it`)
      expect((await up(connection, sql('001_good', there(rebuild)))).error).toBeUndefined()
      expect(counted(connection)).toEqual(all)
      connection.close()
    }
  })
})

describe.each(await drivers())('what a rebuild forgets, through %s', (_, open) => {
  const objects = `${family}
    CREATE INDEX author_name ON author (name);
    CREATE UNIQUE INDEX author_lower ON author (lower(name));
    CREATE TABLE log (what TEXT);
    CREATE TRIGGER author_logged AFTER UPDATE ON author BEGIN INSERT INTO log VALUES ('x'); END;`

  it('tells triggers and indexes that went with the old table', async () => {
    const connection = open()
    const { error, told } = await up(connection, sql('001_objects', objects), sql('002_rebuild', rebuild))
    expect(error).toBeUndefined()
    expect(told.toSorted()).toEqual([
      'index author_lower went with the old author and was not made again; it was: CREATE UNIQUE INDEX author_lower ON author (lower(name))',
      'index author_name went with the old author and was not made again; it was: CREATE INDEX author_name ON author (name)',
      expect.stringContaining(
        'trigger author_logged went with the old author and was not made again; it was: CREATE TRIGGER',
      ),
    ])
    connection.close()
  })

  it('says nothing of those made again, also under another name, and of those dropped by their own statement', async () => {
    const connection = open()
    const again = `DROP TRIGGER author_logged; ${rebuild}
      CREATE INDEX author_name ON author (name);
      CREATE UNIQUE INDEX lower_name on "author"(LOWER(name));`
    const { error, told } = await up(connection, sql('001_objects', objects), sql('002_rebuild', again))
    expect([error, told]).toEqual([undefined, []])
    connection.close()
  })

  it('tells a view that cannot be read any more, and a table whose parent is gone', async () => {
    const connection = open()
    const view = `CREATE TABLE a (x INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a (x)); CREATE VIEW v AS SELECT x FROM a;`
    const { error, told } = await up(connection, sql('001_view', view), sql('002_drop', 'DROP TABLE a;'))
    expect(error).toBeUndefined()
    expect(told).toEqual([
      'the foreign key of b refers to a, which does not exist: no row of b could be written until a is made again',
      'view v names something that this revision dropped: it cannot be read',
    ])
    connection.close()
  })

  it('refuses the rename that takes the foreign keys of an empty child along', async () => {
    const connection = open()
    const tables = `CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p (id)); INSERT INTO p VALUES (1);`
    const first = `ALTER TABLE p RENAME TO p_old; CREATE TABLE p (id INTEGER PRIMARY KEY, x); INSERT INTO p (id) SELECT id FROM p_old; DROP TABLE p_old;`
    const plain = open()
    plain.exec(`${tables} BEGIN; ${first} COMMIT; PRAGMA foreign_keys=ON`)
    expect(() => plain.exec('INSERT INTO c VALUES (1)')).toThrow('no such table: main.p_old')
    plain.close()
    const { error } = await up(connection, sql('001_tables', tables), sql('002_rename', first))
    expect(error).toMatchObject({ code: 'RUN.FOREIGN_KEY_BROKEN', meta: { table: 'c', parent: 'p_old' } })
    expect(connection.all('SELECT * FROM p')).toEqual([{ id: 1 }])
    connection.close()
  })

  it('says what to do where a view keeps the last rename from working, and that way works', async () => {
    const connection = open()
    const view = `${family} CREATE VIEW names AS SELECT name FROM author;`
    const { error } = await up(connection, sql('001_view', view), sql('002_rebuild', rebuild))
    expect(error?.message).toContain('error in view names')
    expect(error?.next.join(' ')).toContain('PRAGMA legacy_alter_table=ON')
    expect(counted(connection)).toEqual(all)
    for (const [id, text] of [
      ['002_legacy', `PRAGMA legacy_alter_table=ON; ${rebuild}`],
      ['003_again', `DROP VIEW names; ${rebuild} CREATE VIEW names AS SELECT name FROM author;`],
    ] as const) {
      const applied = id === '002_legacy' ? [] : [sql('002_legacy', `PRAGMA legacy_alter_table=ON; ${rebuild}`)]
      const answer = await up(connection, sql('001_view', view), ...applied, sql(id, text))
      expect([answer.error, answer.told]).toEqual([undefined, []])
      expect(connection.all('SELECT count(*) AS n FROM names')).toEqual([{ n: 2 }])
      expect(connection.all('PRAGMA legacy_alter_table')).toEqual([{ legacy_alter_table: 0 }])
      expect(counted(connection)).toEqual(all)
    }
    connection.close()
  })
})

interface Live {
  exec(sql: string): unknown
  prepare(sql: string): { all(...params: unknown[]): unknown[] }
}

/** A real database behind a host that swallows PRAGMA foreign_keys=OFF, and shows it or not. */
function host(real: Live, how: 'ignores' | 'lies'): object {
  let off = false
  real.exec('PRAGMA foreign_keys=ON')
  return new Proxy(real, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (name === 'exec') {
        return (text: string) => {
          const rest = text.replace(/PRAGMA foreign_keys\s*=\s*(ON|OFF|0|1);?/gi, (_, to: string) => {
            off = /OFF|0/i.test(to)
            return ''
          })
          return target.exec(rest)
        }
      }
      if (name === 'prepare' && how === 'lies') {
        return (text: string) =>
          target.prepare(text === 'PRAGMA foreign_keys' && off ? 'SELECT 0 AS foreign_keys' : text)
      }
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
