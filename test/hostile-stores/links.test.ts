import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { sample, slow } from '../sample.ts'
import type { Checkout } from './machine.ts'
import { expectHarmless, expectQuiet, sceneOf } from './scene.ts'

const replace = (checkout: Checkout, path: string, target: string) => {
  const place = checkout.path(path)
  rmSync(place, { recursive: true, force: true })
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(target, place)
}
const contents = (folder: string) =>
  execFileSync('find', [folder, '-type', 'f', '-exec', 'md5sum', '{}', '+'], { encoding: 'utf8' }).split('\n').sort()

describe('links in the folder of an environment', function () {
  this.timeout(300_000)
  const targets = ['outside', '/dev/zero', 'self'] as const
  const parts = [
    'events/rotations.jsonl',
    'events/schedules.jsonl',
    'environment.yaml',
    'settings.yaml',
    'revisions/3.yaml',
    'revisions',
    'events',
  ] as const
  const cases = targets.flatMap((target) =>
    parts.filter((part) => slow || target === 'outside' || !part.includes('events')).map((part) => ({ target, part })),
  )
  const names = cases.map((_, index) => `linked/e${index}`)
  const scene = sceneOf(async (victim) => {
    const rotated = 'values:\n  session:\n    fn::rotate::password:\n      inputs: {length: 20}\n'
    for (const name of names) {
      await victim.okWith(rotated, 'env', 'init', name, '--file', '-')
      await victim.ok('env', 'rotate', name, '--force')
    }
  })

  it('nothing in an environment is read, waited for or written through a link', async () => {
    const outside = join(scene.current().folder, 'outside')
    mkdirSync(outside)
    const attack = (attacker: Checkout) => {
      for (const [index, { target, part }] of cases.entries()) {
        const path = `${names[index]}/${part}`
        const elsewhere = join(outside, `${index}`)
        if (target === 'outside') {
          // What is honest stays honest, for as long as whoever owns the place wants.
          if (existsSync(attacker.path(path))) cpSync(attacker.path(path), elsewhere, { recursive: true })
          else writeFileSync(elsewhere, '')
        }
        const to = { outside: elsewhere, '/dev/zero': target, self: path.split('/').at(-1)! }[target]
        replace(attacker, path, to)
      }
      return contents(outside)
    }
    let before: readonly string[] = []
    const current = scene.current()
    // Those that lead somewhere are the ones that could be written through.
    const also = names.flatMap((name, index) =>
      cases[index]!.target === 'outside' ? [['env', 'rotate', name, '--force']] : [['env', 'rotate', 'history', name]],
    )
    await expectHarmless(
      current,
      {
        attack: (attacker) => {
          before = attack(attacker)
        },
      },
      { names: (name) => new RegExp(`${name}/`), also },
    )
    expect(contents(outside)).to.deep.equal(before)
    rmSync(outside, { recursive: true })
  })
})

describe('links and special files in a store', function () {
  this.timeout(300_000)
  const scene = sceneOf(async (victim) => {
    const rotated = 'values:\n  session:\n    fn::rotate::password:\n      inputs: {length: 20}\n'
    await victim.okWith(rotated, 'env', 'init', 'rotators/ci', '--file', '-')
    await victim.ok('env', 'rotate', 'rotators/ci', '--force')
    await victim.okWith('values:\n  region: eu\n', 'env', 'init', 'app/dev', '--file', '-')
  })

  const paths = ['rotators/ci', 'rotators', '.removed', '.audit', '.gitignore', '.gitattributes', 'esc.yaml']
  for (const path of sample(paths, 3)) {
    it(`nothing is written through a link at ${path}`, async () => {
      const outside = join(scene.current().folder, 'outside')
      rmSync(outside, { recursive: true, force: true })
      let before: readonly string[] = []
      await expectHarmless(
        scene.current(),
        {
          attack: (attacker) => {
            if (path === '.audit') attacker.edit('esc.yaml', (text) => `${text}audit: {keep: repository}\n`)
            if (existsSync(attacker.path(path))) cpSync(attacker.path(path), outside, { recursive: true })
            else mkdirSync(outside)
            before = contents(outside)
            replace(attacker, path, outside)
          },
        },
        {
          names: path,
          also: [
            ['env', 'rotate', 'rotators/ci', '--force'],
            ['env', 'set', 'rotators/ci', 'more', '1'],
            ['env', 'ls'],
            ['check', '--fix'],
            ['env', 'rm', 'app/dev', '--yes'],
          ],
        },
      )
      expect(contents(outside)).to.deep.equal(before)
    })
  }

  it('nothing waits for a named pipe, reads a file that never ends, or takes a folder for a file', async () => {
    const shapes: Readonly<Record<string, (place: string) => void>> = {
      'a pipe': (place) => execFileSync('mkfifo', [place]),
      'a huge file': (place) => {
        writeFileSync(place, '')
        truncateSync(place, 5e9)
      },
      'a folder': (place) => mkdirSync(place),
    }
    const readers = await scene.current().readers(() => {})
    const { checkout } = readers.find(({ hasKey, pulled }) => hasKey && !pulled)!
    for (const [title, shape] of Object.entries(shapes)) {
      for (const path of [
        'esc.yaml',
        'rotators/ci/revisions/3.yaml',
        'rotators/ci/settings.yaml',
        'rotators/ci/environment.yaml',
        'rotators/ci/events/rotations.jsonl',
        '.gitignore',
      ]) {
        const place = checkout.path(path)
        rmSync(place, { recursive: true, force: true })
        shape(place)
        for (const words of [['open', 'rotators/ci'], ['check']]) {
          expectQuiet(await checkout.esc(words), `${title} at ${path}: ${words.join(' ')}`)
        }
        rmSync(place, { recursive: true, force: true })
        checkout.git('checkout', '--quiet', '--', '.')
      }
    }
  })

  it('a link to the whole store goes on working', async () => {
    const readers = await scene.current().readers(() => {})
    for (const { title, hasKey, checkout } of readers) {
      if (!hasKey) continue
      const link = join(checkout.machine.folder, 'link')
      symlinkSync(checkout.store, link)
      const opened = await checkout.esc(['open', 'app/dev', '--store', link])
      expect(opened.out, `${title}: ${opened.err}`).to.contain('eu')
    }
  })
})
