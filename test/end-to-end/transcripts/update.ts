// `npm run transcript`: makes the kept transcripts anew, from what the built program prints.
import { writeFileSync } from 'node:fs'
import { newUserTranscript, pageTranscripts } from './all.ts'

for (const { file, kept, play } of [...pageTranscripts(), newUserTranscript()]) {
  const played = await play()
  if (played !== kept) writeFileSync(file, played)
  process.stdout.write(`${played === kept ? 'unchanged' : 'changed'}: ${file}\n`)
}
