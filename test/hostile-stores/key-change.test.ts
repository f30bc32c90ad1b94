import { cpSync, rmSync } from 'node:fs'
import { expect } from 'chai'
import type { Checkout } from './machine.ts'
import { expectRefusal, plant, sceneOf } from './scene.ts'

describe('another data key', function () {
  this.timeout(60_000)
  const scene = sceneOf(async (victim) => {
    await victim.okWith('values:\n  password:\n    fn::secret: hunter2\n', 'env', 'init', 'app/dev', '--file', '-')
  })
  const idOf = (checkout: Checkout) => /^id: (\S+)/m.exec(checkout.read('app/dev/settings.yaml'))![1]!

  it('passes in silence when who holds the old one has changed it', async () => {
    const { victim } = scene.current()
    const before = victim.git('rev-parse', 'HEAD').trim()
    const readers = await scene.current().readers(async (attacker) => {
      // No attacker: a colleague with the key.
      attacker.machine.withKeyOf(victim.machine)
      await attacker.ok('env', 'change-secrets-provider', 'app/dev', 'default')
      await attacker.ok('env', 'set', 'app/dev', 'more', '1')
    })
    expect(before).to.not.equal('')
    for (const { title, hasKey, checkout } of readers) {
      if (!hasKey) continue
      const opened = await checkout.esc(['open', 'app/dev'])
      expect(opened.code, `${title}: ${opened.err}`).to.equal(0)
      expect(JSON.parse(opened.out), title).to.deep.equal({ more: 1, password: 'hunter2' })
      expect(opened.err, title).to.equal('')
      expect((await checkout.esc(['check'])).code, title).to.equal(0)
    }
  })

  const forgeries: Readonly<Record<string, (attacker: Checkout) => Promise<void>>> = {
    'of somebody who has none of the old': async (attacker) => {
      const id = idOf(attacker)
      rmSync(attacker.path('app/dev'), { recursive: true })
      await attacker.okWith('values:\n  region: evil\n', 'env', 'init', 'app/dev', '--file', '-')
      attacker.edit('app/dev/settings.yaml', (text) => text.replace(/^id: .*/m, `id: ${id}`))
    },
    'with what an honest change has signed before': async (attacker) => {
      const honest = attacker.read('app/dev/settings.yaml')
      const id = idOf(attacker)
      rmSync(attacker.path('app/dev'), { recursive: true })
      await attacker.okWith('values:\n  region: evil\n', 'env', 'init', 'app/dev', '--file', '-')
      const signed = honest
        .split('\n')
        .filter((line) => /sign|previousKey|keyChange/i.test(line))
        .join('\n')
      attacker.edit('app/dev/settings.yaml', (text) => `${text.replace(/^id: .*/m, `id: ${id}`)}${signed}\n`)
    },
    'where there is none any more, under a new id': async (attacker) => {
      rmSync(attacker.path('app/dev'), { recursive: true })
      plant(attacker, 'app/dev', 'values:\n  password: evil\n')
    },
    'under a new id': async (attacker) => {
      rmSync(attacker.path('app/dev'), { recursive: true })
      await attacker.okWith('values:\n  region: evil\n', 'env', 'init', 'app/dev', '--file', '-')
    },
  }
  for (const [title, attack] of Object.entries(forgeries)) {
    it(`is used for nothing where the old one is known: ${title}`, async () => {
      const readers = await scene.current().readers(attack)
      for (const { title: reader, pulled, checkout } of readers) {
        if (!pulled) continue
        const words = ['env', 'set', 'app/dev', 'next', 'my-next-secret', '--secret']
        expectRefusal(await checkout.esc(words), /app\/dev/, reader)
        expectRefusal(await checkout.esc(['open', 'app/dev']), /app\/dev/, reader)
      }
    })
  }

  it('is used at once by who has removed the environment and made it again, and by others after a question', async () => {
    const readers = await scene.current().readers(async (attacker) => {
      // No attacker: a colleague with the key.
      attacker.machine.withKeyOf(scene.current().victim.machine)
      await attacker.ok('open', 'app/dev')
      await attacker.ok('env', 'rm', 'app/dev', '--yes')
      await attacker.okWith('values:\n  password:\n    fn::secret: anew\n', 'env', 'init', 'app/dev', '--file', '-')
      expect(JSON.parse(await attacker.ok('open', 'app/dev'))).to.deep.equal({ password: 'anew' })
    })
    for (const { title, hasKey, pulled, checkout } of readers) {
      if (!hasKey) continue
      if (pulled) {
        expectRefusal(
          await checkout.esc(['open', 'app/dev']),
          /not the one that this machine has seen.*esc env trust/s,
          title,
        )
        const accepted = await checkout.esc(['env', 'trust', 'app/dev', '--yes'])
        expect(accepted.code, `${title}: ${accepted.err}`).to.equal(0)
      }
      const opened = await checkout.esc(['open', 'app/dev'])
      expect(JSON.parse(opened.out || '{}'), `${title}: ${opened.err}`).to.deep.equal({ password: 'anew' })
    }
  })

  it('is not accepted by a rename of another environment over this one', async () => {
    const { victim } = scene.current()
    void victim
    const readers = await scene.current().readers(async (attacker) => {
      await attacker.okWith('values:\n  password:\n    fn::secret: evil\n', 'env', 'init', 'evil/env', '--file', '-')
      rmSync(attacker.path('app/dev'), { recursive: true })
      cpSync(attacker.path('evil/env'), attacker.path('app/dev'), { recursive: true })
    })
    for (const { title, pulled, checkout } of readers) {
      if (!pulled) continue
      expectRefusal(await checkout.esc(['env', 'set', 'app/dev', 'next', 'x', '--secret']), /app\/dev/, title)
    }
  })
})
