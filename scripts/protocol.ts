// npm run protocol: writes docs/protocol.schema.json from the schemas of shared/, and says the hash of the wire.
// With --check, as `npm run check` runs it, it only says whether the file is stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { schemaDocument, schemaText, wireHash } from './protocol/schema-document.ts'

const file = new URL('../docs/protocol.schema.json', import.meta.url)
const text = schemaText()
if (!process.argv.includes('--check')) {
  writeFileSync(file, text)
  console.log(`docs/protocol.schema.json is written; the wire has the hash ${wireHash(schemaDocument())} (see docs/protocol-history.md)`)
} else if (read() !== text) {
  console.error('docs/protocol.schema.json is not what the schemas in shared/ say: run `npm run protocol` and commit what it writes')
  process.exitCode = 1
}

function read(): string | undefined {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n')
  } catch {
    return undefined
  }
}
