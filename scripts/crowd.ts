// npm run crowd [-- --viewers 2000 --rate 500 --seconds S --url http://localhost:8787 --yes]
//
// Brings viewers to the live stage of a server that runs: each is a real connection, which follows the stage and its comments, and all
// together say so many comments a second. It signs them in by the server's development sign-in, and ends with Ctrl+C.
import { parseArgs } from 'node:util'
import { Crowd } from './crowd/crowd.ts'
import { LineOfASecond } from './crowd/line.ts'
import { assertMayCome, wholeNumber } from './crowd/may-come.ts'

try {
  const { values } = parseArgs({
    options: {
      viewers: { type: 'string', default: '2000' },
      rate: { type: 'string', default: '500' },
      seconds: { type: 'string' },
      url: { type: 'string', default: `http://localhost:${process.env.PORT ?? 8787}` },
      yes: { type: 'boolean', default: false },
    },
  })
  const url = assertMayCome(values.url, values.yes)
  const viewers = wholeNumber('viewers', values.viewers, 1, 50_000)
  const perS = wholeNumber('rate', values.rate, 0, 100_000)
  const seconds = values.seconds === undefined ? undefined : wholeNumber('seconds', values.seconds, 1, 86_400)
  await run(url, viewers, perS, seconds)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function run(url: URL, viewers: number, perS: number, seconds: number | undefined): Promise<void> {
  const crowd = new Crowd({ url, viewers, perS })
  const line = new LineOfASecond()
  console.log(LineOfASecond.HEAD)
  let left = seconds
  await new Promise<void>((resolve) => {
    const printing = setInterval(() => {
      console.log(line.of(crowd.take()))
      if (left !== undefined && --left === 0) end()
    }, 1000)
    const end = () => {
      clearInterval(printing)
      resolve()
    }
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
    crowd.start()
  })
  crowd.close()
}
