/** A process for the tests of writers and locks: `child.ts write|rekey|hold|die <store> …`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EscError } from '../../src/errors.ts'
import { Store } from '../../src/store/index.ts'
import { by, reencrypt } from './worlds.ts'

const [job, folder, label, count] = process.argv.slice(2) as [string, string, string, string]
const store = Store.open(folder, {
  state: join(folder, '..', 'state'),
  keys: { env: process.env, configFolder: join(folder, '..', 'config'), notify: () => {} },
})

const jobs: Record<string, () => Promise<void>> = {
  /** Adds `count` lines to the definition, one a revision, trying again after each conflict. */
  async write() {
    const environment = store.environment('rotators/ci')
    let conflicts = 0
    for (let line = 0; line < Number(count); ) {
      const { number, definition } = environment.current()
      try {
        const text = `${definition}# ${label}-${line}\n`
        await environment.append({ base: number, definition: text, change: 'set', ...by })
        line++
      } catch (error) {
        if (!(error instanceof EscError && error.code === 'conflict' && error.hint)) throw error
        conflicts++
      }
    }
    process.send!({ conflicts })
  },

  /** Changes the data key `count` times. */
  async rekey() {
    for (let turn = 0; turn < Number(count); turn++) {
      await store.keys.changeSecretsProvider('rotators/ci', { secretsProvider: 'default', reencrypt })
    }
  },

  async hold() {
    await store.environment('rotators/ci').lock('rotate')
    process.send!('held')
    setInterval(() => {}, 1000)
  },

  /** Counts up `count` times under the lock, then dies holding it. */
  async die() {
    const counter = join(folder, 'counter')
    for (let turn = 0; ; turn++) {
      const lock = await store.environment('rotators/ci').lock('count', { waitMs: 20_000 })
      if (turn === Number(count)) process.kill(process.pid, 'SIGKILL')
      const before = Number(readFileSync(counter, 'utf8'))
      await new Promise((resolve) => setImmediate(resolve))
      writeFileSync(counter, String(before + 1))
      lock.release()
    }
  },
}

await jobs[job]!()
process.disconnect?.()
if (job === 'write' || job === 'rekey') process.exit(0)
