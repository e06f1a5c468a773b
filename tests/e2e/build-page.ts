import { build, defaultClientConditions, type InlineConfig } from 'vite'

/** Builds a page of the tests as an app is built. */
export async function buildPage(root: string, outDir: string): Promise<void> {
  await buildForProduction({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@tidemark/source', ...defaultClientConditions] },
    build: { outDir, target: 'es2022', reportCompressedSize: false },
  })
}

export async function buildForProduction(config: InlineConfig): Promise<void> {
  // The test runner says `test`, for which React would be bundled in its development form.
  const before = process.env.NODE_ENV
  process.env.NODE_ENV = 'production'
  try {
    await build(config)
  } finally {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  }
}
