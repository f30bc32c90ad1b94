// Runs commands in this process, for a parent that kills it when one takes too long
// (`watched-esc.ts`).
import { Playground } from '../cli/commands/esc.ts'
import type { Asked } from './watched-esc.ts'

const playground = new Playground()
/** The playground's own variables are none of those that are asked for. */
const none = Object.fromEntries(Object.keys(playground.env).map((name) => [name, undefined]))
process.on('disconnect', () => {
  playground.remove()
  process.exit()
})
process.on('message', async ({ words, cwd, env }: Asked) => {
  // As in a process that was started there. A test that was over too early has removed its folder.
  try {
    process.chdir(cwd)
  } catch (error) {
    process.send!({ code: -2, out: '', err: `cannot start in ${cwd}: ${(error as Error).message}` })
    return
  }
  for (const name of Object.keys(process.env)) delete process.env[name]
  for (const [name, value] of Object.entries(env)) if (value !== undefined) process.env[name] = value
  const ran = await playground
    .run(words, { cwd, env: { ...none, ...env }, io: { now: () => new Date() } })
    .catch((error) => ({
      code: -2,
      out: '',
      err: `escaped error: ${error?.stack}`,
    }))
  process.send!(ran)
})
process.send!('ready')
