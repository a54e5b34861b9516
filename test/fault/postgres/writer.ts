// A process of an application: writes through one shape of the table `person`, as fast as it can, until it is told to
// end. Each write is a new value, noted with its order in the transaction that makes it.
import pg from 'pg'

const [url, column] = process.argv.slice(2) as [string, 'name' | 'full_name']
let ending = false
let written = 0
process.stdin.once('data', () => (ending = true))

const client = new pg.Client({ connectionString: url, application_name: 'writer' })
await client.connect()
process.stdout.write('ready\n')
while (!ending) {
  const number = 1 + Math.floor(Math.random() * 200)
  // One row is left alone, so that a test can hold it.
  const id = number === 120 ? 121 : number
  const value = `${column} ${process.pid} ${written}`
  try {
    await client.query('BEGIN')
    // The row's lock is held until the note is written, so the notes of a row are in the order of its writes.
    await client.query(
      `INSERT INTO person (id, ${column}) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET ${column} = EXCLUDED.${column}`,
      [id, value],
    )
    await client.query('INSERT INTO note (person, value) VALUES ($1, $2)', [id, value])
    await client.query('COMMIT')
    written++
  } catch (error) {
    await client.query('ROLLBACK')
    // Chosen as the victim of a deadlock: an application tries again.
    if ((error as { code?: string }).code !== '40P01') throw error
  }
}
await client.end()
process.stdout.write(`${written}\n`, () => process.exit(0))
