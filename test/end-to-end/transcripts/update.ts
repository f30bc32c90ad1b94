// `npm run transcript`: makes the kept transcripts anew, from what the built program prints.
// `npm run transcript -- docker team` does so for pages whose path has one of these words.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { packageRoot } from '../../cli/commands/esc.ts'
import { newUserTranscript, pageTranscripts } from './all.ts'

const words = process.argv.slice(2)
for (const { file, kept, play, stage } of [...pageTranscripts(), newUserTranscript()]) {
  if (words.length > 0 && !words.some((word) => relative(packageRoot, file).includes(word))) continue
  const missing = stage?.missing() ?? []
  if (missing.length > 0) {
    process.stdout.write(`skipped, because ${missing.join(', ')} is not installed: ${file}\n`)
    continue
  }
  const played = await play()
  if (played !== kept) writeFileSync(file, played)
  process.stdout.write(`${played === kept ? 'unchanged' : 'changed'}: ${file}\n`)
}
