// The test runner of projects that need a browser, on a machine without one: collects the tests, so that they are counted
// and named, and runs none of them, nor their hooks.
import { type RunnerTestFile, type RunnerTestSuite, TestRunner } from 'vitest'

export default class SkipAll extends TestRunner {
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
