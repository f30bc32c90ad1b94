import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { cutTo } from './cut-history.ts'
import { startReceiver } from './listener.ts'
import type { Checkout } from './machine.ts'
import { expectHarmless, expectQuiet, expectRefusal, sceneOf } from './scene.ts'

const idOf = (checkout: Checkout) => /^id: (\S+)/m.exec(checkout.read('app/dev/settings.yaml'))![1]!

describe('a store that brings machine state of its own', function () {
  this.timeout(60_000)
  const scene = sceneOf(async (victim) => {
    await victim.okWith('values:\n  region: eu\n', 'env', 'init', 'app/dev', '--file', '-')
    await victim.ok('env', 'set', 'app/dev', 'password', 'hunter2', '--secret')
    await victim.ok('env', 'set', 'app/dev', 'password', 'hunter3', '--secret')
  })
  const put = (checkout: Checkout, path: string, text: string) => {
    mkdirSync(join(checkout.path(path), '..'), { recursive: true })
    writeFileSync(checkout.path(path), text)
    commit(checkout)
  }
  const commit = (checkout: Checkout) => checkout.git('add', '--force', checkout.path('.esc'))

  for (const memory of ['{}', '', '{"version":1,"sightings":{},"keys":[]}']) {
    it(`does not make a machine forget what it has seen, with ${memory || 'an empty file'}`, async () => {
      const readers = await scene.current().readers((attacker) => {
        put(attacker, `.esc/seen/${idOf(attacker)}.json`, memory)
        cutTo(attacker.path('app/dev'), 2)
      })
      for (const { title, pulled, hasKey, checkout } of readers) {
        if (!pulled || !hasKey) continue
        for (const words of [['open', 'app/dev'], ['check'], ['env', 'set', 'app/dev', 'more', '1']]) {
          expectRefusal(await checkout.esc(words), /app\/dev|\.esc/, `${title}: ${words.join(' ')}`)
        }
      }
    })
  }

  it('does not make a machine believe a data key of somebody else', async () => {
    const current = scene.current()
    const readers = await current.readers(async (attacker) => {
      const id = idOf(attacker)
      rmSync(attacker.path('app/dev'), { recursive: true })
      await attacker.okWith('values:\n  region: evil\n', 'env', 'init', 'app/dev', '--file', '-')
      attacker.edit('app/dev/settings.yaml', (text) => text.replace(/^id: .*/m, `id: ${id}`))
      put(attacker, `.esc/seen/${id}.json`, '{}')
    })
    for (const { title, checkout } of readers) {
      const saved = await checkout.esc(['env', 'set', 'app/dev', 'next', 'my-next-secret', '--secret'])
      expectRefusal(saved, /app\/dev|\.esc/, title)
    }
  })

  it('is named by check when git has it', async () => {
    const readers = await scene.current().readers((attacker) => put(attacker, '.esc/seen/x.json', '{}'))
    for (const { title, checkout } of readers) expectRefusal(await checkout.esc(['check']), /\.esc/, title)
  })

  it('is not written to through a link, and nothing behind one is removed', async () => {
    const outside = join(scene.current().folder, 'outside')
    mkdirSync(join(outside, 'journal'), { recursive: true })
    writeFileSync(join(outside, 'journal', 'precious'), 'precious')
    const contents = () => readdirSync(outside, { recursive: true }).sort()
    const before = contents()
    await expectHarmless(
      scene.current(),
      {
        attack: (attacker) => {
          const { store } = attacker
          rmSync(join(store, '.esc'), { recursive: true, force: true })
          symlinkSync(outside, join(store, '.esc'))
          commit(attacker)
        },
      },
      {
        names: /\.esc/,
        also: [
          ['env', 'set', 'app/dev', 'more', '1'],
          ['check', '--fix'],
          ['env', 'ls'],
        ],
      },
    )
    expect(contents()).to.deep.equal(before)
    expect(readFileSync(join(outside, 'journal', 'precious'), 'utf8')).to.equal('precious')
    rmSync(outside, { recursive: true })
  })

  it('posts nothing that it brought in an outbox', async () => {
    const receiver = await startReceiver()
    try {
      const readers = await scene.current().readers((attacker) => {
        attacker.edit('esc.yaml', (text) => `${text}webhooks:\n  allow: [localhost, 127.0.0.1]\n`)
        const url = `http://127.0.0.1:${receiver.port}/`
        const created = '2026-01-01T00:00:00.000Z'
        attacker.edit(
          'app/dev/settings.yaml',
          (text) =>
            `${text}webhooks:\n  hook-1:\n    displayName: x\n    url: ${url}\n    format: raw\n    active: true\n    events: [environment_revision_created]\n    created: ${created}\n`,
        )
        const delivery = {
          id: 'a'.repeat(32),
          environment: { id: idOf(attacker), name: 'app/dev' },
          webhook: 'hook-1',
          webhookCreated: created,
          kind: 'environment_revision_created',
          created,
          body: '{}',
          state: 'pending',
          attempts: [],
          due: 1,
        }
        put(attacker, `.esc/webhooks/pending/${delivery.id}.json`, JSON.stringify(delivery))
        put(attacker, '.esc/webhooks/next', '1')
      })
      for (const { title, checkout } of readers) {
        for (const words of [['env', 'ls'], ['open', 'app/dev'], ['check']]) {
          expectQuiet(await checkout.esc(words, { ESC_TEST_NETWORK_ALLOW: `127.0.0.1:${receiver.port}` }), title)
        }
      }
      // Deliveries are made by a process of their own.
      await new Promise((resolve) => setTimeout(resolve, 1000))
      expect(receiver.connections()).to.equal(0)
    } finally {
      receiver.stop()
    }
  })

  const shapes: Readonly<Record<string, (attacker: Checkout) => void>> = {
    'a file': (attacker) => {
      rmSync(attacker.path('.esc'), { recursive: true, force: true })
      writeFileSync(attacker.path('.esc'), '')
      commit(attacker)
    },
    'locks that are never released': (attacker) => {
      const holder = { pid: 1, host: 'elsewhere', token: 'x', purpose: 'rotate', time: '2026-01-01T00:00:00Z' }
      for (const name of ['environment+app+dev', 'write+app+dev', 'store+']) {
        put(attacker, `.esc/locks/${name}.lock`, JSON.stringify(holder))
      }
    },
    'a journal': (attacker) => put(attacker, `.esc/journal/${idOf(attacker)}/1`, 'esc-journal-v1\nAAAA\n'),
    'what was opened before': (attacker) => put(attacker, `.esc/opened/${idOf(attacker)}`, '{"region":"evil"}'),
    'an audit log': (attacker) => put(attacker, '.esc/audit/2026-01-x.jsonl', '{}\n'),
  }
  for (const [title, attack] of Object.entries(shapes)) {
    it(`opens as before or names it: ${title}`, () =>
      expectHarmless(scene.current(), { attack }, { names: /\.esc/, also: [['env', 'set', 'app/dev', 'more', '1']] }))
  }
})
