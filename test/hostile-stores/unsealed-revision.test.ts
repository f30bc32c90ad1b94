import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'chai'
import { cutTo } from './cut-history.ts'
import type { Checkout } from './machine.ts'
import { expectHarmless, expectQuiet, expectRefusal, sceneOf } from './scene.ts'

describe('a revision that nobody with the key has sealed', function () {
  this.timeout(120_000)
  const revisions = (name = 'app/dev') => new RegExp(`environments/${name}/(revisions|settings\\.yaml)`)

  const ciphertext = (checkout: Checkout, name = 'app/dev') =>
    /ciphertext: [^\s}]+/.exec(checkout.read(name, 'environment.yaml'))![0]

  /**
   * Leaves revision 1 alone, with another definition and, where asked, the seal of a later
   * revision.
   */
  function forge(attacker: Checkout, name: string, definition: string, { seal = false } = {}): void {
    const sealLine = /^seal: .*\n/m.exec(attacker.read(name, 'revisions/2.yaml'))![0]
    cutTo(attacker.path(name), 1)
    attacker.edit(
      `${name}/revisions/1.yaml`,
      (text) => text.replace(/---\n/, seal ? `${sealLine}---\n` : '---\n') + definition,
    )
    writeFileSync(attacker.path(name, 'environment.yaml'), definition)
  }

  const evil = 'values:\n  region: evil\n'
  const forgeries: Readonly<Record<string, (attacker: Checkout, name: string) => void>> = {
    'in place of a sealed history': (attacker, name) => forge(attacker, name, evil),
    'with the seal of another revision': (attacker, name) => forge(attacker, name, evil, { seal: true }),
    'around a copied ciphertext': (attacker, name) => {
      const stolen = `    fn::secret:\n      ${ciphertext(attacker, name)}\n`
      forge(attacker, name, `values:\n  stolen:\n${stolen}  url: https://evil.example/?p=\${stolen}\n`)
    },
    'after the sealed ones': (attacker, name) =>
      writeFileSync(
        attacker.path(name, 'revisions/4.yaml'),
        attacker.read(name, 'revisions/1.yaml').replace('revision: 1', 'revision: 4') + evil,
      ),
    'below a higher sealedFrom': (attacker, name) => {
      attacker.edit(`${name}/settings.yaml`, (text) => text.replace(/sealedFrom: \d+/, 'sealedFrom: 9'))
      forge(attacker, name, evil)
    },
    'without sealedFrom': (attacker, name) => {
      attacker.edit(`${name}/settings.yaml`, (text) => text.replace(/sealedFrom: \d+\n/, ''))
      forge(attacker, name, evil)
    },
    'without any seal in the settings': (attacker, name) => {
      attacker.edit(`${name}/settings.yaml`, (text) =>
        text.replace(/^(sealedFrom|sealedAfter|generation|settingsSeal): .*\n/gm, ''),
      )
      forge(attacker, name, evil)
    },
    'with the settings of another environment': (attacker, name) => {
      forge(attacker, name, evil)
      copyFileSync(attacker.path('app/dev/settings.yaml'), attacker.path(name, 'settings.yaml'))
    },
  }
  const names = Object.keys(forgeries).map((_, index) => `forged/e${index}`)
  const scene = sceneOf(async (victim) => {
    for (const name of ['app/dev', ...names]) {
      await victim.okWith('values:\n  region: eu\n', 'env', 'init', name, '--file', '-')
      await victim.ok('env', 'set', name, 'password', 'hunter2', '--secret')
    }
  })

  it(`is not opened: ${Object.keys(forgeries).join('; ')}`, async () => {
    const attack = (attacker: Checkout) => {
      for (const [index, forge] of Object.values(forgeries).entries()) forge(attacker, names[index]!)
      forge(attacker, 'app/dev', evil)
    }
    await expectHarmless(scene.current(), { attack }, { names: revisions, refused: 'with the key' })
  })

  it('opens, when it is the first that the author made and nothing else is left, as it did then, and nowhere where more was seen', async () => {
    const readers = await scene.current().readers((attacker) => cutTo(attacker.path('app/dev'), 1))
    for (const { title, hasKey, pulled, checkout } of readers) {
      const opened = await checkout.esc(['open', 'app/dev'])
      expectQuiet(opened, title)
      if (pulled) expectRefusal(opened, revisions(), title)
      else if (hasKey) expect(opened.out, title).to.equal('')
    }
  })

  it('is never built upon: no command gives it a seal', async () => {
    const readers = await scene.current().readers((attacker) => forge(attacker, 'app/dev', evil))
    for (const { title, hasKey, checkout } of readers) {
      if (!hasKey) continue
      for (const words of [
        ['env', 'set', 'app/dev', 'more', '1'],
        ['env', 'version', 'tag', 'app/dev@stable'],
        ['env', 'change-secrets-provider', 'app/dev', 'default'],
        ['env', 'clone', 'app/dev', 'app/copy'],
        ['env', 'get', 'app/dev', '--show-secrets'],
        ['run', 'app/dev', '--', 'true'],
      ]) {
        expectRefusal(await checkout.esc(words), revisions(), `${title}: ${words.join(' ')}`)
      }
      expect(checkout.list('app/dev/revisions')).to.have.members(['1.yaml'])
    }
  })

  it('does not open by its number, when it was changed beneath a sealed history', async () => {
    const readers = await scene
      .current()
      .readers((attacker) => attacker.edit('app/dev/revisions/1.yaml', (text) => `${text}values: {region: evil}\n`))
    for (const { title, hasKey, checkout } of readers) {
      const opened = await checkout.esc(['open', 'app/dev@1'])
      expectQuiet(opened, title)
      if (hasKey) expectRefusal(opened, 'environments/app/dev/revisions/1.yaml', title)
      expect(opened.out, title).to.not.contain('evil')
    }
  })

  it('does not decrypt a secret in a store of the attacker that has copied settings', async () => {
    const { victim } = scene.current()
    const text = `values:\n  stolen:\n    fn::secret:\n      ${ciphertext(victim)}\n`
    for (const kept of [1, 2]) {
      const foreign = scene.current().machine().clone(scene.current().origin)
      rmSync(foreign.path('app'), { recursive: true })
      mkdirSync(foreign.path('evil/env/revisions'), { recursive: true })
      copyFileSync(victim.path('app/dev/settings.yaml'), foreign.path('evil/env/settings.yaml'))
      for (let number = 1; number < kept; number++) {
        copyFileSync(victim.path(`app/dev/revisions/${number}.yaml`), foreign.path(`evil/env/revisions/${number}.yaml`))
      }
      writeFileSync(
        foreign.path(`evil/env/revisions/${kept}.yaml`),
        `revision: ${kept}\ncreated: 2026-01-01T00:00:00.000Z\nauthor: Eve\nchange: create\n---\n${text}`,
      )
      writeFileSync(foreign.path('evil/env/environment.yaml'), text)
      foreign.machine.withKeyOf(victim.machine)
      const opened = await foreign.esc(['open', 'evil/env'])
      expectRefusal(opened, /evil\/env\/(revisions|settings\.yaml)/)
      expect(opened.out + opened.err).to.not.contain('hunter2')
      const shown = await foreign.esc(['env', 'get', 'evil/env', '--show-secrets'])
      expect(shown.out + shown.err).to.not.contain('hunter2')
      expect((await foreign.esc(['check'])).code).to.equal(1)
    }
  })

  it('opens nothing of the victim where the key was taken out of the settings, and nothing at all where they were seen with it', async () => {
    const readers = await scene.current().readers((attacker) => {
      const stolen = ciphertext(attacker)
      attacker.edit('app/dev/settings.yaml', (text) => text.replace(/^(?!id:).*\n/gm, ''))
      forge(attacker, 'app/dev', `values:\n  stolen:\n    fn::secret:\n      ${stolen}\n`)
    })
    for (const { title, pulled, checkout } of readers) {
      for (const words of [
        ['open', 'app/dev'],
        ['env', 'get', 'app/dev', '--show-secrets'],
      ]) {
        const ran = await checkout.esc(words)
        expectQuiet(ran, title)
        expect(ran.out + ran.err, title).to.not.contain('hunter2')
        if (pulled) expectRefusal(ran, 'environments/app/dev/settings.yaml', title)
      }
    }
  })

  it('does not open in the place of another environment', () =>
    expectHarmless(
      scene.current(),
      {
        attack: (attacker) => {
          mkdirSync(dirname(attacker.path('app/prod')), { recursive: true })
          cpSync(attacker.path('app/dev'), attacker.path('app/prod'), { recursive: true })
          cutTo(attacker.path('app/prod'), 1)
        },
      },
      { names: /app\/(dev|prod)/ },
    ))
})
