import { duckdbCase } from './store/duckdb.ts'
import { conformance } from './suite/index.ts'

await conformance(duckdbCase('DuckDB'), { sql: true })
