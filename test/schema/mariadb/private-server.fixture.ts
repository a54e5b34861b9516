// A process that has a scratch database on a private server and then only lives, until it is killed.
import { mysql } from '../../../src/dialect/mysql/index.ts'
import { privateScratch } from '../../../src/dialect/mysql/scratch-server.ts'

const [cacheFolder = ''] = process.argv.slice(2)
const { dialect } = await privateScratch({
  cacheFolder,
  path: process.env.PATH ?? '',
  dialect: url => mysql({ url }),
})
const session = await dialect.open({ purpose: 'run' })
const rows = await session.sql?.query(
  'SELECT @@datadir AS folder, @@collation_database AS collation, @@skip_networking AS alone',
)
console.log(JSON.stringify(rows?.[0]))
setInterval(() => {}, 1 << 30)
