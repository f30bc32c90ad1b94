import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sample } from '../sample.ts'
import type { Checkout } from './machine.ts'
import { expectHarmless, plant, type Scene, sceneOf } from './scene.ts'

/** Commands that would load a plugin that is needed. */
const also = [
  ['open', 'evil/env'],
  ['env', 'rotate', 'evil/rotated', '--plan'],
]

describe('a package that came with the store', function () {
  this.timeout(60_000)
  const scene = sceneOf(async (victim) => {
    await victim.okWith('values:\n  region: eu\n', 'env', 'init', 'app/dev', '--file', '-')
  })

  /** Code in every place that a module can run from. */
  function pack(current: Scene, folder: string): void {
    const { file } = current.marker()
    mkdirSync(folder, { recursive: true })
    const code = `require('node:fs').writeFileSync(${JSON.stringify(file)}, '')\nmodule.exports = { contract: 1, rotators: [], providers: [] }\n`
    writeFileSync(join(folder, 'index.cjs'), code)
    const manifest = { name: 'esc-evil', version: '1.0.0', main: 'index.cjs', scripts: { install: `touch ${file}` } }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  }

  function use(attacker: Checkout): void {
    appendFileSync(attacker.path('esc.yaml'), 'plugins: [esc-evil]\n')
    plant(attacker, 'evil/env', 'values:\n  a:\n    fn::open::evil: {}\n')
    plant(attacker, 'evil/rotated', 'values:\n  a:\n    fn::rotate::evil:\n      inputs: {}\n      state: null\n')
  }

  /** What makes git take a folder for a bare repository, in which nothing is tracked. */
  function bare(folder: string): void {
    for (const name of ['objects', 'refs']) {
      mkdirSync(join(folder, name), { recursive: true })
      writeFileSync(join(folder, name, '.keep'), '')
    }
    writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
    writeFileSync(join(folder, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
  }

  interface Case {
    readonly attack?: (attacker: Checkout, current: Scene) => void
    readonly after?: (checkout: Checkout, current: Scene) => void
    readonly env?: Readonly<Record<string, string>>
  }

  const inStore = (checkout: Checkout, current: Scene) => {
    use(checkout)
    pack(current, checkout.path('node_modules/esc-evil'))
  }
  const cases: Readonly<Record<string, Case>> = {
    'in the store': { attack: inStore },
    'in the root of the repository': {
      attack: (attacker, current) => {
        use(attacker)
        pack(current, join(attacker.folder, 'node_modules/esc-evil'))
      },
    },
    'behind a committed link': {
      attack: (attacker, current) => {
        use(attacker)
        pack(current, join(attacker.folder, 'vendor'))
        mkdirSync(attacker.path('node_modules'))
        symlinkSync('../../vendor', attacker.path('node_modules/esc-evil'))
      },
    },
    'beside files that make the store look like a bare repository': {
      attack: (attacker, current) => {
        inStore(attacker, current)
        bare(attacker.store)
      },
    },
    'beside files that make node_modules look like a bare repository': {
      attack: (attacker, current) => {
        inStore(attacker, current)
        bare(attacker.path('node_modules'))
        bare(attacker.path('node_modules/esc-evil'))
      },
    },
    'on a machine without git': { attack: inStore, env: { PATH: '/nonexistent' } },
    'in a store that came as an archive, without its repository': {
      attack: inStore,
      after: ({ folder }) => rmSync(join(folder, '.git'), { recursive: true }),
    },
    'in a repository of its own': {
      attack: use,
      after: (checkout, current) => {
        pack(current, checkout.path('node_modules/esc-evil'))
        checkout.machine.git(checkout.path('node_modules/esc-evil'), 'init', '--quiet')
      },
    },
    'that git ignores': {
      attack: use,
      after: (checkout, current) => {
        pack(current, checkout.path('node_modules/esc-evil'))
        appendFileSync(join(checkout.folder, '.git/info/exclude'), 'node_modules\n')
      },
    },
    'in a folder above that everybody may write to': {
      attack: use,
      after: (checkout, current) => {
        const above = dirname(checkout.folder)
        pack(current, join(above, 'node_modules/esc-evil'))
        chmodSync(above, 0o1777)
      },
    },
    'in a checkout that belongs to somebody else': {
      attack: inStore,
      // Without the right to give files away, the checkout stays one's own, and the package
      // unknown.
      after: ({ folder }) => {
        if (process.getuid?.() === 0) execFileSync('chown', ['-R', '65534:65534', folder])
      },
    },
  }
  for (const [title, { attack, after, env }] of sample(Object.entries(cases), 5)) {
    it(`is not run: ${title}`, () => {
      const current = scene.current()
      return expectHarmless(
        current,
        {
          ...(attack && { attack: (attacker) => attack(attacker, current) }),
          ...(after && { after: (checkout) => after(checkout, current) }),
        },
        { names: /esc-evil|environments|belongs to/, also, ...(env && { env }) },
      )
    })
  }
})
