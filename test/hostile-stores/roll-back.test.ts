import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { cutTo } from './cut-history.ts'
import type { Checkout } from './machine.ts'
import { expectRefusal, sceneOf } from './scene.ts'

describe('a history that a remote puts back', function () {
  this.timeout(60_000)
  const scene = sceneOf(async (victim) => {
    await victim.okWith('values:\n  password:\n    fn::secret: first\n', 'env', 'init', 'app/dev', '--file', '-')
    victim.push('first')
    await victim.ok('env', 'set', 'app/dev', 'password', 'second', '--secret')
    await victim.ok('env', 'version', 'tag', 'app/dev@stable')
    victim.push('second')
    await victim.ok('env', 'set', 'app/dev', 'password', 'third', '--secret')
  })
  const names = /app\/dev/
  const roll = (attacker: Checkout, commits: number) =>
    attacker.git('checkout', '--quiet', `HEAD~${commits}`, '--', '.')

  it('is refused where a newer one was seen: an earlier commit', async () => {
    const readers = await scene.current().readers((attacker) => {
      rmSync(attacker.store, { recursive: true })
      roll(attacker, 1)
    })
    for (const { title, pulled, hasKey, checkout } of readers) {
      const opened = await checkout.esc(['open', 'app/dev'])
      if (pulled && hasKey) expectRefusal(opened, names, title)
      // Documented: a machine that has seen nothing cannot know that there was more.
      if (!pulled && hasKey) expect(JSON.parse(opened.out), title).to.deep.equal({ password: 'second' })
    }
  })

  it('is refused where a newer one was seen: revisions removed', async () => {
    const readers = await scene.current().readers(({ store }) => cutTo(join(store, 'app/dev'), 3))
    for (const { title, pulled, hasKey, checkout } of readers) {
      const opened = await checkout.esc(['open', 'app/dev'])
      if (pulled && hasKey) expectRefusal(opened, names, title)
      if (!pulled && hasKey) expect(opened.code, title).to.equal(0)
    }
  })

  for (const [title, leave] of Object.entries({
    'on a new branch': (checkout: Checkout) => checkout.git('checkout', '--quiet', '-b', 'attack', 'origin/main'),
    'with a detached HEAD': (checkout: Checkout) => checkout.git('checkout', '--quiet', '--detach', 'origin/main'),
    'on a branch that is renamed': (checkout: Checkout) => checkout.git('branch', '--quiet', '-M', 'renamed'),
  })) {
    it(`is refused where a newer one was seen: ${title}`, async () => {
      const readers = await scene.current().readers((attacker) => {
        rmSync(attacker.store, { recursive: true })
        roll(attacker, 1)
      })
      for (const { title: reader, pulled, hasKey, checkout } of readers) {
        if (!pulled || !hasKey) continue
        leave(checkout)
        expectRefusal(await checkout.esc(['open', 'app/dev']), names, reader)
        expectRefusal(await checkout.esc(['env', 'set', 'app/dev', 'more', '1']), names, reader)
      }
    })
  }

  it('is no alarm to whoever looks at an old commit on purpose', async () => {
    const readers = await scene.current().readers(() => {})
    for (const { title, pulled, hasKey, checkout } of readers) {
      if (!pulled || !hasKey) continue
      checkout.git('reset', '--quiet', '--hard', 'HEAD~1')
      checkout.git('checkout', '--quiet', '--detach', 'HEAD~1')
      const opened = await checkout.esc(['open', 'app/dev'])
      expect(opened.out, `${title}: ${opened.err}`).to.contain('second')
    }
  })

  it('is refused with older settings, tags included', async () => {
    const readers = await scene.current().readers((attacker) => {
      attacker.git('checkout', '--quiet', 'HEAD~2', '--', 'environments/app/dev/settings.yaml')
    })
    for (const { title, pulled, hasKey, checkout } of readers) {
      if (pulled && hasKey) expectRefusal(await checkout.esc(['open', 'app/dev@stable']), names, title)
    }
  })
})
