import { mariadbCase } from './store/mariadb.ts'
import { conformance } from './suite/index.ts'

await conformance(await mariadbCase('MariaDB'), { sql: true })
