// The test runner of projects that need a browser, on a machine without one: collects the tests, so that they are counted
// and named, and runs none of them, nor their hooks.
import { type RunnerTestFile, type RunnerTestSuite, TestRunner } from 'vitest'

export default class SkipAll extends TestRunner {
  /** What loads only in a browser has no tests here; its file is counted. */
  override async importFile(...[path, source]: Parameters<TestRunner['importFile']>): Promise<unknown> {
    try {
      return await super.importFile(path, source)
    } catch (error) {
      if (source === 'collect') return undefined
      throw error
    }
  }

  onCollected(files: RunnerTestFile[]): void {
    for (const file of files) skip(file)
  }
}

function skip(suite: RunnerTestSuite): void {
  suite.mode = 'skip'
  for (const task of suite.tasks) {
    if (task.type === 'suite') skip(task)
    else task.mode = 'skip'
  }
}
