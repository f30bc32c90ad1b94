import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { expectQuiet, sceneOf } from './scene.ts'

/** What opens environments, or speaks for whoever runs `esc`. */
const keys: Readonly<Record<string, string>> = {
  ESC_PASSPHRASE: 'my-pass-phrase',
  ESC_PASSPHRASE_FILE: '/tmp/my-pass-phrase-file',
  ESC_NEW_PASSPHRASE: 'my-new-pass-phrase',
  ESC_NEW_PASSPHRASE_FILE: '/tmp/my-new-pass-phrase-file',
  ESC_AGE_IDENTITY: 'AGE-SECRET-KEY-1MYAGEIDENTITY',
  ESC_AGE_IDENTITY_FILE: '/tmp/my-age-identity',
  ESC_OIDC_KEY: 'my-oidc-key-material',
  ESC_AZURE_ACCESS_TOKEN: 'my-azure-access-token',
  SOPS_AGE_KEY: 'AGE-SECRET-KEY-1MYSOPSKEY',
}
/** Of those, the ones that are secret themselves. */
const secret = Object.values(keys).filter((value) => !value.startsWith('/tmp/'))

describe('a program that esc starts', function () {
  this.timeout(60_000)
  const scene = sceneOf(async (victim) => {
    const definition = 'values:\n  environmentVariables:\n    OWN: {fn::secret: own-value}\n'
    await victim.okWith(definition, 'env', 'init', 'app/dev', '--file', '-')
  })
  const variables = () => {
    const { victim } = scene.current()
    const key = readFileSync(join(victim.machine.env.ESC_CONFIG_HOME!, 'default.key'), 'utf8')
    return { ...keys, ESC_KEY: /^esc-key-v1.*$/m.exec(key)![0] }
  }

  it('gets no variable that opens environments', async () => {
    const env = variables()
    const { victim, folder } = scene.current()
    const file = join(folder, 'of-child')
    const { code, err } = await victim.esc(['run', 'app/dev', '--', 'sh', '-c', `env > ${file}`], env)
    expect(code, err).to.equal(0)
    const got = readFileSync(file, 'utf8')
    expect(got).to.contain('OWN=own-value')
    for (const [name, value] of Object.entries(env)) expect(got, name).to.not.contain(value)
  })

  it('gets them when that is asked for, and what it prints of them is hidden', async () => {
    const env = variables()
    const { victim, folder } = scene.current()
    const file = join(folder, 'of-trusted-child')
    const words = ['run', '--keep-esc-keys', 'app/dev', '--', 'sh', '-c', `env; env > ${file}`]
    const { code, out, err } = await victim.esc(words, env)
    expect(code, err).to.equal(0)
    expect(readFileSync(file, 'utf8')).to.contain(`ESC_PASSPHRASE=${keys.ESC_PASSPHRASE}`)
    for (const value of [...secret, env.ESC_KEY]) expect(out).to.not.contain(value)
  })

  it('gets no key as an editor', async () => {
    const { victim, folder } = scene.current()
    const file = join(folder, 'of-editor')
    const env = { ...variables(), EDITOR: `sh -c 'env > ${file}' #`, VISUAL: '' }
    expectQuiet(await victim.esc(['env', 'edit', 'app/dev'], env))
    expect(existsSync(file), 'the editor ran').to.equal(true)
    const got = readFileSync(file, 'utf8')
    for (const value of [...secret, env.ESC_KEY]) expect(got).to.not.contain(value)
  })

  it('gets no key as a hook of git', async () => {
    const { victim, folder } = scene.current()
    const file = join(folder, 'of-hook')
    const hook = join(victim.folder, '.git/hooks/post-commit')
    writeFileSync(hook, `#!/bin/sh\nenv > ${file}\n`)
    chmodSync(hook, 0o755)
    const env = variables()
    expectQuiet(await victim.esc(['env', 'set', 'app/dev', 'more', '1', '--commit'], env))
    const got = existsSync(file) ? readFileSync(file, 'utf8') : ''
    for (const value of [...secret, env.ESC_KEY]) expect(got).to.not.contain(value)
  })
})
