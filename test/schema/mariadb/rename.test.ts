// A renamed table and column: rows kept, and what names them in its text follows, there and back.
import { describe, expect, it } from 'vitest'
import { compareSchemas } from '../../../src/engine/schema/compare.ts'
import { scratchSource } from '../../../src/engine/schema/scratch-source.ts'
import { unavailable } from '../../servers/databases.ts'
import { type Database, differences, freshDatabase, runOn, runScript, snapshotOf } from './round-trip.ts'

const reason = await unavailable('mariadb')

const schema = (table: string, name: string): string => `
  CREATE TABLE ${table} (
    id INT PRIMARY KEY, ${name} VARCHAR(20), age INT, KEY by_name (${name}), CONSTRAINT ck CHECK (age > 0 AND ${name} <> ''),
    g INT AS (length(${name})) STORED
  );
  CREATE TABLE post (id INT PRIMARY KEY, author INT, CONSTRAINT author FOREIGN KEY (author) REFERENCES ${table} (id));
  CREATE VIEW names AS SELECT ${name} FROM ${table};
  CREATE VIEW a_name AS SELECT count(*) AS number FROM names;
  CREATE TRIGGER b_low BEFORE INSERT ON ${table} FOR EACH ROW SET NEW.${name} = lower(NEW.${name});
  CREATE TRIGGER a_trim BEFORE INSERT ON ${table} FOR EACH ROW SET NEW.${name} = trim(NEW.${name});`

describe.skipIf(reason)('MariaDB', () => {
  it('renames a table and a column of it under views, triggers, keys and checks, and back', {
    timeout: 120_000,
  }, async () => {
    const [database, wanted] = [await freshDatabase(), await freshDatabase()]
    const scratch = scratchSource(async () => {
      const made: Database = await freshDatabase()
      return { dialect: made.dialect, dispose: made.dispose }
    })
    try {
      await runScript(database, schema('users', 'user_name'))
      await runScript(wanted, schema('accounts', 'username'))
      await runScript(
        database,
        "INSERT INTO users (id, user_name, age) VALUES (1, ' Ada ', 3); INSERT INTO post VALUES (1, 1)",
      )
      const [from, to] = [await snapshotOf(database), await snapshotOf(wanted)]
      const { up, down, dropped } = await compareSchemas({
        from,
        to,
        dialect: database.dialect,
        scratch,
        renames: 'always',
        answers: [],
        online: false,
        introspect: {},
      })
      expect(dropped).toEqual([])
      expect(up.filter(({ loses }) => loses !== undefined)).toEqual([])
      await runOn(
        database,
        up.map(({ sql }) => sql),
      )
      expect(differences(await snapshotOf(database), to)).toEqual([])
      await runOn(database, [
        "INSERT INTO accounts (id, username, age) SELECT 2, concat(' B', username), g FROM accounts",
      ])
      await runOn(
        database,
        down.map(({ sql }) => sql),
      )
      expect(differences(await snapshotOf(database), from)).toEqual([])
      await runOn(database, ["DELETE FROM users WHERE user_name IN ('ada', 'bada') AND id <> 1", 'DELETE FROM post'])
    } finally {
      await scratch.dispose()
      await database.dispose()
      await wanted.dispose()
    }
  })
})
