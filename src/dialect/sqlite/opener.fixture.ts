// A process of its own for the driver tests: opens a database and prints as JSON the error, or whether it has a journal.
import { isGodwitError } from '../../core/error.ts'
import type { OpenOptions } from '../dialect.ts'
import type { DriverName } from './driver/driver.ts'
import { sqlite } from './index.ts'

const [, , url = '', driver = '', purpose = 'run'] = process.argv
try {
  const dialect = sqlite({ url, ...(driver === '' ? {} : { driver: driver as DriverName }) })
  const session = await dialect.open({ purpose: purpose as OpenOptions['purpose'] })
  const { initialised } = await dialect.journal.read(session)
  await session.close()
  console.log(JSON.stringify({ initialised }))
} catch (error) {
  console.log(JSON.stringify(isGodwitError(error) ? error : { code: '?', message: String(error) }))
}
