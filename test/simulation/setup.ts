import type { DataKey } from '../../src/keys/index.ts'
import { encryptDefinition } from '../../src/language/index.ts'
import { Store } from '../../src/store/index.ts'
import { MemoryFiles } from '../files/memory-files.ts'
import { Machines, storeFolder } from './machine.ts'
import { Random } from './random.ts'
import type { RotatorKind } from './schedule.ts'
import { Timeline } from './timeline.ts'
import { canary } from './vendors.ts'

export const environmentName = 'rotators/ci'

/** Passwords of the real rotator are made of these, so that one in the clear is recognised. */
export const passwordCharacters = '§¶'

interface Prepared {
  readonly disk: MemoryFiles
  readonly id: string
  readonly key: DataKey
}

const prepared = new Map<string, Promise<Prepared>>()

/** A disk with a store that has one environment with these rotators, never rotated. */
export async function preparedDisk(rotators: Readonly<Record<string, RotatorKind>>): Promise<Prepared> {
  const shape = JSON.stringify(rotators)
  let made = prepared.get(shape)
  if (made === undefined) {
    made = prepare(rotators)
    prepared.set(shape, made)
  }
  const { disk, ...environment } = await made
  return { disk: disk.copy(), ...environment }
}

async function prepare(rotators: Readonly<Record<string, RotatorKind>>): Promise<Prepared> {
  const disk = new MemoryFiles()
  for (const folder of ['/home', '/home/config', '/work']) {
    disk.makeFolder(folder)
  }
  const process = new Machines(new Timeline(), new Random(0), disk).start('A')
  const by = {
    author: { name: 'Ada Lovelace', email: 'ada@example.com' },
    created: new Date('2026-11-20T09:00:00Z'),
  }
  const environment = await Store.init(storeFolder, {}, process.world()).additions.create(environmentName, by)
  const key = await environment.dataKey()
  const values = Object.entries(rotators).map(
    ([name, kind]) => `  ${name}:\n    fn::rotate::${kind}:\n${inputsOf(name, kind)}`,
  )
  const text = `# simulated\nvalues:\n${values.join('')}`
  const definition = encryptDefinition(environmentName, text, (plaintext) => key.encrypt(plaintext))
  await environment.append({ base: 1, definition, change: 'edit', ...by })
  return { disk: disk.copy(), id: environment.id, key }
}

function inputsOf(name: string, kind: RotatorKind): string {
  const lines =
    kind === 'password'
      ? ['length: 24', 'lower: false', 'upper: false', 'numeric: false', `overrideSpecial: "${passwordCharacters}"`]
      : [`${kind === 'pair' ? 'server' : 'account'}: ${name}`, `login: {"fn::secret": ${canary}login-${name}}`]
  return `      inputs:\n${lines.map((line) => `        ${line}\n`).join('')}`
}
