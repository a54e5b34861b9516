// Who may import whom. A folder may import folders of a lower rank only; two folders of one rank never each other.
// ARCHITECTURE.md prints the same table. test/guard/layers.test.ts shows for each rule a sample that it refuses.

/** Ranks from the bottom up: one entry a rank, in it the folders or files of that rank. */
const ranks = [
  { name: 'core', parts: ['core'] },
  { name: 'schema', parts: ['schema'] },
  { name: 'source', parts: ['source', 'dialect/[^/]+\\.ts$'] },
  { name: 'dialect-sql', parts: ['dialect/sql'] },
  { name: 'engine', parts: ['engine', 'dialect/(?!sql/)[^/]+/'] },
  { name: 'lint', parts: ['lint', 'rollout', 'backup', 'health', 'seed', 'import'] },
  { name: 'report', parts: ['report', 'fleet'] },
  { name: 'config', parts: ['config', 'index\\.ts$', 'api\\.ts$', 'library'] },
  { name: 'cli', parts: ['cli', 'server', 'testing'] },
]

const pattern = parts => `^src/(${parts.map(part => (/[/$]$/.test(part) ? part : `${part}(/|$)`)).join('|')})`

const rankRules = ranks.slice(0, -1).map((rank, index) => ({
  name: `rank-${rank.name}`,
  comment: `${rank.parts.join(', ')} may import lower ranks only.`,
  severity: 'error',
  from: { path: pattern(rank.parts), pathNot: '\\.(test|fixture)\\.ts$' },
  to: { path: pattern(ranks.slice(index + 1).flatMap(higher => higher.parts)) },
}))

/** `parts` of one rank that must not know each other. */
const strangers = (name, parts) => ({
  name: `strangers-${name}`,
  comment: 'Folders of one rank never import each other.',
  severity: 'error',
  from: { path: `^src/(${parts})/`, pathNot: '\\.(test|fixture)\\.ts$' },
  to: { path: `^src/(${parts})/`, pathNot: '^src/$1/' },
})

/** Each driver, and the files that may load it. */
const drivers = {
  postgres: ['pg', 'pg-copy-streams', '@electric-sql/pglite'],
  mysql: ['mysql2', 'mariadb'],
  sqlite: ['libsql', 'better-sqlite3', 'node:sqlite'],
  duckdb: ['@duckdb/node-api'],
}

const driverRules = Object.entries(drivers).map(([dialect, names]) => ({
  name: `driver-${dialect}`,
  comment: `${names.join(', ')}: only in the session, driver and scratch files of dialect/${dialect}.`,
  severity: 'error',
  from: {
    path: '^src/',
    pathNot: [
      `^src/dialect/${dialect}/[a-z-]*(session|driver|scratch|pglite)[a-z-]*\\.ts$`,
      `^src/dialect/${dialect}/driver/`,
      '\\.(test|fixture)\\.ts$',
    ],
  },
  to: {
    path: names.flatMap(name => [`^${name.replace('node:', '(node:)?')}(/|$)`, `node_modules/${name}(/|$)`]),
    dependencyTypesNot: ['type-only'],
  },
}))

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Also of types. A module that is loaded later, by import(), may know the table that loads it.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['dynamic-import'] } },
    },
    ...rankRules,
    strangers('engine', 'engine|dialect/(?!sql/)[^/]+'),
    strangers('lint', 'lint|rollout|backup|health|seed|import'),
    strangers('cli', 'cli|server|testing'),
    ...driverRules,
    {
      name: 'pure-core',
      comment: 'core and schema do no input or output.',
      severity: 'error',
      from: { path: '^src/(core|schema)/', pathNot: '\\.(test|fixture)\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|path)$' },
    },
    {
      name: 'engine-without-files',
      comment: 'The engine is given everything: it opens no file, socket or process.',
      severity: 'error',
      from: { path: '^src/engine/', pathNot: '\\.(test|fixture)\\.ts$' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(fs|net|http|https|child_process|worker_threads)(/|$)' },
    },
    {
      name: 'cli-through-the-door',
      comment: 'The command line is a customer of the library: of the engine and the stores it knows types only.',
      severity: 'error',
      from: { path: '^src/cli/', pathNot: '\\.(test|fixture)\\.ts$' },
      to: { path: '^src/(engine/|dialect/[^/]+/)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-test-in-source',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.(test|fixture)\\.ts$' },
      to: { path: '^test/|\\.(test|fixture)\\.ts$|node_modules/vitest' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true, pathNot: '^(better-sqlite3|node:sqlite)$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
