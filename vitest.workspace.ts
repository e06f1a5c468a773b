import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { CHROMIUM_ARGS, findChromium } from './tests/browser/find-chromium.ts'
import { pageModules } from './tests/docs/page-modules.ts'
import { seedFrom } from './tests/harness/seed-from.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Why no test of this project can run on this machine. */
    skipReason: string
    /** The first seed of whatever draws: property tests, simulation, hostile input. */
    seedFrom: number
  }
}

const source = '@tidemark/source'
/** Workspace packages resolve to their TypeScript source, as they do in `npm start`. */
const common = {
  extends: true as const,
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
}
const BROWSER_TESTS = '**/*.browser.test.{ts,tsx}'
const E2E_TESTS = ['e2e/**/*.test.ts', '**/*.e2e.test.ts']
/** What they measure would be what else runs. */
const MEASURED_TESTS = ['**/*.measured.e2e.test.ts']
const ignored = ['**/node_modules/**', '**/dist/**']

const chromium = await findChromium()
const withoutBrowser = {
  runner: fileURLToPath(new URL('./tests/browser/skip-all.ts', import.meta.url)),
  provide: { skipReason: 'no Chromium or Chrome on this machine' },
}
/** Files share a process, and what they import, one after the other: half of the work. For code without a world of its own, where no file sets what another one finds. */
const together = { isolate: false }
const patient = { testTimeout: 120_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    pool: 'forks',
    // Vitest would leave one core to itself; many of these tests mostly wait.
    maxWorkers: '100%',
    // A test that hangs is found all the same; one on a machine that has five times as much to do ends.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A package may have no test yet; totals-reporter.mjs counts a file without tests as failed.
    passWithNoTests: true,
    provide: { seedFrom: seedFrom(process.env.TIDEMARK_SEED_FROM) },
    setupFiles: [fileURLToPath(new URL('./tests/harness/repeatable-samples.ts', import.meta.url))],
    coverage: { provider: 'v8', include: ['**/src/**/*.ts'], reporter: ['text-summary', 'json-summary', 'lcov'] },
    projects: [
      { ...common, root: './shared', test: { ...together, name: 'shared', exclude: ignored } },
      { ...common, root: './client', test: { name: 'client', exclude: [...ignored, BROWSER_TESTS] } },
      { ...common, root: './server', test: { ...together, name: 'server', exclude: ignored } },
      { ...common, root: './demo-app', test: { name: 'demo-app', exclude: ignored } },
      { ...common, root: './console', test: { name: 'console', exclude: ignored } },
      {
        ...common,
        root: './tests',
        test: { name: 'tests', exclude: [...ignored, ...E2E_TESTS], testTimeout: 120_000, hookTimeout: 60_000 },
      },
      {
        ...common,
        root: './tests',
        test: {
          name: 'e2e',
          include: E2E_TESTS,
          exclude: [...ignored, ...MEASURED_TESTS],
          ...patient,
          // A browser shares its machine badly with other tests: those with one run in groups of their own, two files at a time.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          ...(chromium ? { env: { CHROMIUM_PATH: chromium }, globalSetup: ['./e2e/build-pages.ts'] } : withoutBrowser),
        },
      },
      {
        ...common,
        root: './tests',
        test: {
          name: 'e2e-measured',
          include: MEASURED_TESTS,
          exclude: ignored,
          ...patient,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          ...(chromium ? { env: { CHROMIUM_PATH: chromium } } : withoutBrowser),
        },
      },
      {
        ...common,
        root: './client',
        plugins: [pageModules()],
        // Vue asks for them.
        define: { __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
        // Found by the server only while a test already runs, a dependency would reload the page under it.
        optimizeDeps: {
          include: [
            'dexie',
            'dexie-react-hooks',
            'rxjs',
            'valibot',
            'fast-check',
            'react',
            'react/jsx-dev-runtime',
            'react-dom/client',
            'svelte',
            'svelte/store',
            'svelte/internal/client',
            'svelte/internal/disclose-version',
            'svelte/internal/flags/legacy',
            'vue',
            '@capacitor/app',
            '@capacitor/network',
            '@capacitor/preferences',
          ],
        },
        test: {
          name: 'client-browser',
          include: [BROWSER_TESTS],
          exclude: ignored,
          ...patient,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          ...(chromium
            ? {
                browser: {
                  enabled: true,
                  headless: true,
                  screenshotFailures: false,
                  instances: [{ browser: 'chromium' as const }],
                  provider: playwright({ launchOptions: { executablePath: chromium, args: CHROMIUM_ARGS } }),
                },
              }
            : withoutBrowser),
        },
      },
    ],
  },
})
