// Vendor and version of the server as one value that answers questions, so that no other file compares versions.

export interface Flavor {
  /** `MariaDB 10.11.19`, `MySQL 8.4.3`. */
  readonly name: string
  readonly vendor: 'mariadb' | 'mysql'
  /** Major, minor, patch as one number: 10.11.19 is 101119. */
  readonly version: number
  /** The assignment that bounds a statement's run time. MySQL bounds only SELECT; 0 removes the bound. */
  statementTimeout(milliseconds: number): string
  /** Name of the session variable that `statementTimeout` sets; undefined before MySQL 5.7.8. */
  readonly statementTimeoutVariable: string | undefined
  /** Name of the session variable of the isolation level. */
  readonly isolationVariable: string
}

/** Reads the version of the handshake: `8.4.3`, `10.11.19-MariaDB`, `5.5.5-10.11.19-MariaDB-log`. */
export function readFlavor(reported: string): Flavor {
  const vendor = /mariadb/i.test(reported) ? 'mariadb' : 'mysql'
  // MariaDB puts 5.5.5- in front so that old replicas accept it.
  const text = vendor === 'mariadb' ? reported.replace(/^5\.5\.5-/, '') : reported
  const [major = 0, minor = 0, patch = 0] = (/^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? []).slice(1).map(Number)
  const version = major * 10_000 + minor * 100 + (Number.isNaN(patch) ? 0 : patch)
  const mariadb = vendor === 'mariadb'
  return {
    name: `${mariadb ? 'MariaDB' : 'MySQL'} ${/^[\d.]+/.exec(text)?.[0] ?? text}`,
    vendor,
    version,
    statementTimeout: milliseconds =>
      mariadb ? `max_statement_time = ${milliseconds / 1000}` : `max_execution_time = ${Math.ceil(milliseconds)}`,
    statementTimeoutVariable: mariadb ? 'max_statement_time' : version >= 50_708 ? 'max_execution_time' : undefined,
    isolationVariable: (mariadb ? version >= 110_101 : version >= 50_720) ? 'transaction_isolation' : 'tx_isolation',
  }
}
