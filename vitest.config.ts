// How the tests run: servers on demand, at most two test processes, full coverage of the parts that change databases.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/guard/sample/**', 'test/type/**'],
    globalSetup: ['test/servers/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts', 'src/engine/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.fixture.ts', '**/*.d.ts'],
      reporter: ['text-summary', 'json-summary', 'json', 'html'],
      thresholds: { statements: 100, branches: 100 },
    },
  },
})
