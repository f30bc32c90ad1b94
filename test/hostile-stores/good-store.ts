import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Checkout } from './machine.ts'
import { Scene } from './scene.ts'

/** Environments of the good store. All of them have a key; `app/web` imports `app/base`. */
export const environments = ['app/base', 'app/web', 'app/spare', 'rotators/ci'] as const

export type Name = (typeof environments)[number]

/** A store in which everything occurs that an attacker may want to change. */
export interface GoodStore {
  readonly scene: Scene
  /** The store's folder, without `.git`; to be copied. */
  readonly folder: string
  /** Paths of its files, relative to the folder, sorted. */
  readonly files: readonly string[]
  /** Older contents of a file that the git history holds, by path. */
  readonly older: ReadonlyMap<string, readonly Buffer[]>
  remove(): void
}

export async function goodStore(): Promise<GoodStore> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-good-'))
  const older = new Map<string, Buffer[]>()
  const scene = await Scene.of(async (victim) => {
    const keep = () => keepVersions(victim, older)
    for (const [name, definition] of Object.entries(definitions)) {
      await victim.okWith(definition, 'env', 'init', name, '--file', '-')
    }
    keep()
    await victim.ok('env', 'rotate', 'rotators/ci', '--force')
    await victim.ok('env', 'set', 'app/base', 'password', 'hunter2-second', '--secret')
    await victim.ok('env', 'version', 'tag', 'app/web@stable')
    keep()
    await victim.ok('env', 'set', 'app/web', 'region', 'us')
    await victim.ok('env', 'change-secrets-provider', 'app/spare', 'default')
    await victim.ok('env', 'rotate', 'rotators/ci', '--force')
    await victim.ok('env', 'version', 'retract', 'app/base@2', '--reason', 'leaked')
    await victim.ok('env', 'tag', 'app/web', 'team', 'platform')
    keep()
    await victim.ok('env', 'schedule', 'new', 'rotators/ci', '--cron', '0 3 * * *')
    await victim.ok('env', 'webhook', 'new', 'app/web', 'on call', '--url', 'https://example.com/hook', '--secret', 's')
    await victim.ok('env', 'set', 'app/base', 'note', 'third')
    await victim.ok('env', 'init', 'app/old')
    await victim.ok('env', 'rm', 'app/old', '--yes')
  })
  cpSync(scene.attacker().store, folder, { recursive: true })
  const files = (readdirSync(folder, { recursive: true, withFileTypes: true }) as import('node:fs').Dirent[])
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
  const remove = () => {
    scene.remove()
    rmSync(folder, { recursive: true })
  }
  return { scene, folder, files, older, remove }
}

const definitions: Readonly<Record<Name, string>> = {
  'app/base': 'values:\n  password:\n    fn::secret: hunter2-first\n  host: db.example.com\n',
  'app/web':
    'imports:\n  - app/base\nvalues:\n  region: eu # a comment\n  token:\n    fn::secret: web-token\n  url: https://${host}/?p=${password}\n  environmentVariables:\n    PASSWORD: ${password}\n    REGION: ${region}\n',
  'app/spare': 'values:\n  region: spare\n  token:\n    fn::secret: spare-token\n',
  'rotators/ci': 'values:\n  session:\n    fn::rotate::password:\n      inputs: {length: 20, special: false}\n',
}

function keepVersions(victim: Checkout, older: Map<string, Buffer[]>): void {
  for (const entry of readdirSync(victim.store, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.includes('.esc')) continue
    const path = join(entry.parentPath, entry.name)
    const name = relative(victim.store, path)
    older.set(name, [...(older.get(name) ?? []), readFileSync(path)])
  }
}
