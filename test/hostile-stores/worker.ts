// Runs commands in this process, for a parent that kills it when one takes too long (`watched-esc.ts`).
import { Playground } from '../cli/commands/esc.ts'
import type { Asked } from './watched-esc.ts'

const playground = new Playground()
process.on('disconnect', () => {
  playground.remove()
  process.exit()
})
process.on('message', async ({ words, cwd, env }: Asked) => {
  const ran = await playground.run(words, { cwd, env, io: { now: () => new Date() } }).catch((error) => ({
    code: -2,
    out: '',
    err: `escaped error: ${error?.stack}`,
  }))
  process.send!(ran)
})
process.send!('ready')
