import { postgresCase } from './store/postgres.ts'
import { conformance } from './suite/index.ts'

await conformance(await postgresCase('PostgreSQL'), { sql: true })
