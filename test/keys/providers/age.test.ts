import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { generateHybridIdentity, generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { type KeyContext, openSecretsProvider, rewrapDataKey } from '../../../src/keys/index.ts'
import { errorOf } from '../../store/worlds.ts'
import { testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'
import { contextOf } from '../setup.ts'

testSecretsProvider({
  kind: 'age',
  remote: false,
  start: async (folder) => {
    const mine = await generateIdentity()
    const hers = await generateIdentity()
    const his = await generateIdentity()
    const [me, her, him] = await Promise.all([mine, hers, his].map(identityToRecipient))
    const setup = (identity: string): Setup => ({ env: { ESC_AGE_IDENTITY: identity }, configFolder: folder })
    return {
      url: `age://${me},${her}`,
      setup: setup(mine),
      other: { url: `age://${him}`, setup: setup(his), message: /was encrypted before that, or was changed/ },
      secrets: () => [mine, hers, his],
      failures: {
        'no identity': {
          setup: { env: {}, configFolder: join(folder, 'none') },
          ...unavailable,
          message: /is encrypted for age recipients, and you have no age identity/,
        },
        'not a recipient': {
          setup: setup(his),
          ...unavailable,
          message: new RegExp(`encrypted for other age recipients than yours, which is ${him} \\(ESC_AGE_IDENTITY\\)$`),
        },
        'a recipient added since': {
          url: `age://${me},${her},${him}`,
          setup: setup(his),
          ...unavailable,
          message: /names your age recipient, but its data key was encrypted before that/,
        },
        'a damaged identity': {
          setup: setup(mine.slice(0, -3)),
          ...unavailable,
          message:
            /^cannot use the age identity of ESC_AGE_IDENTITY for environment 'rotators\/ci': it is damaged or cut short$/,
        },
        'recipients without oneself': {
          url: `age://${her}`,
          action: 'wrap',
          ...unavailable,
          message: /none of them is yours/,
        },
        'no recipients file': {
          url: 'age://',
          action: 'wrap',
          code: 'invalid_input',
          message: /has no age recipients: .* there is no age-recipients\.txt/,
        },
      },
    }
  },
})

describe('age recipients', () => {
  let folder: string
  let notices: string[]
  let identities: string[]
  let recipients: string[]
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'esc-age-'))
    notices = []
    identities = await Promise.all([generateIdentity(), generateIdentity(), generateIdentity()])
    recipients = await Promise.all(identities.map(identityToRecipient))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const environment = () => join(folder, 'store', 'rotators', 'ci')
  const owner = () => ({ id: 'environment-1', name: 'rotators/ci', folders: [environment(), join(folder, 'store')] })
  const dataKey = new Uint8Array(32).fill(7)
  function context(env: Record<string, string>): KeyContext {
    return contextOf({ env: { HOME: folder, ...env }, configFolder: join(folder, 'config') }, notices)
  }
  const holder = (index: number) => context({ ESC_AGE_IDENTITY: identities[index]! })
  const wrap = async (url: string, keys = holder(0)) => (await openSecretsProvider(url, keys, owner())).wrapKey(dataKey)
  async function opens(url: string, wrapped: string, keys: KeyContext): Promise<boolean> {
    try {
      const bytes = await (await openSecretsProvider(url, keys, owner())).unwrapKey(wrapped)
      expect(Buffer.from(bytes).equals(dataKey)).to.equal(true)
      return true
    } catch (error) {
      expect((error as { code?: string }).code).to.equal('key_unavailable')
      return false
    }
  }
  function write(path: string, text: string, mode = 0o600): string {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }

  it('can each open what is locked for all of them, and nobody else can', async () => {
    const url = `age://${recipients[0]},${recipients[1]}`
    const wrapped = await wrap(url)
    expect(await Promise.all([0, 1, 2].map((index) => opens(url, wrapped, holder(index))))).to.deep.equal([
      true,
      true,
      false,
    ])
    expect(notices).to.deep.equal([])
  })

  it('can be added and removed by wrapping the same key again', async () => {
    const [one, two, three] = recipients
    const before = await wrap(`age://${one},${two}`)
    const change = { wrapped: before, from: `age://${one},${two}`, to: `age://${one},${three}` }
    const after = await rewrapDataKey(change, holder(1), owner()).catch((error) => error)
    // The second may open it, but would lock themselves out.
    expect(after.message).to.contain('none of them is yours')
    const wrapped = await rewrapDataKey(change, holder(0), owner())
    const opened = await Promise.all([0, 1, 2].map((index) => opens(change.to, wrapped, holder(index))))
    expect(opened).to.deep.equal([true, false, true])
  })

  it('are read from the file of the environment, else of the store', async () => {
    write(join(folder, 'store', 'age-recipients.txt'), `# the team\n${recipients[0]}\r\n\n  ${recipients[1]}  \n`)
    const team = await wrap('age://')
    expect(await opens('age://', team, holder(1))).to.equal(true)
    write(join(environment(), 'age-recipients.txt'), `${recipients[0]}\n${recipients[2]}\n`)
    const own = await wrap('age://')
    expect(await opens('age://', own, holder(1))).to.equal(false)
    expect(await opens('age://', own, holder(2))).to.equal(true)
  })

  it('that were edited since are noticed, and the key still opens for those of before', async () => {
    const path = write(join(folder, 'store', 'age-recipients.txt'), `${recipients[0]}\n`)
    const wrapped = await wrap('age://')
    write(path, `# sorted otherwise, the same\n${recipients[0]}\n${recipients[0]}\n`)
    expect(await opens('age://', wrapped, holder(0))).to.equal(true)
    expect(notices).to.deep.equal([])
    write(path, `${recipients[0]}\n${recipients[2]}\n`)
    expect(await opens('age://', wrapped, holder(0))).to.equal(true)
    expect(notices).to.have.length(1)
    expect(notices[0]).to.contain("of environment 'rotators/ci' were edited")
    expect(notices[0]).to.contain('`esc env change-secrets-provider rotators/ci age://`')
    expect(notices[0]).to.contain('`esc env rewrap rotators/ci`')
    const added = await errorOf(async () =>
      (await openSecretsProvider('age://', holder(2), owner())).unwrapKey(wrapped),
    )
    expect(added.remedies).to.deep.equal([{ do: 'rewrap-key', environment: 'rotators/ci' }])
  })

  it('are checked where they are read, with the line of the file', async () => {
    const path = join(folder, 'store', 'age-recipients.txt')
    const cases: readonly [string, RegExp][] = [
      [`${recipients[0]}\nbob\n`, /age-recipients\.txt:2: 'bob' is not a recipient/],
      ['ssh-ed25519 AAAAC3Nza me@host\n', /age-recipients\.txt:1: ssh keys cannot be recipients/],
      [`${identities[0]}\n`, /age-recipients\.txt:1: it holds a secret key where a recipient belongs/],
      ['# nobody\n', /names no recipients/],
    ]
    for (const [text, message] of cases) {
      write(path, text)
      const error = await errorOf(() => wrap('age://'))
      expect(error.code).to.equal('invalid_input')
      expect(error.message).to.match(message).and.to.not.contain(identities[0])
    }
  })

  it('that cannot be read are an error with the path', async () => {
    const path = join(environment(), 'age-recipients.txt')
    mkdirSync(path, { recursive: true })
    const error = await errorOf(() => wrap('age://'))
    expect(error.code).to.equal('io')
    expect(error.message).to.contain(path)
  })

  it('may be hybrid ones, that resist quantum computers', async () => {
    const identity = await generateHybridIdentity()
    const url = `age://${await identityToRecipient(identity)}`
    const keys = context({ ESC_AGE_IDENTITY: identity })
    expect(await opens(url, await wrap(url, keys), keys)).to.equal(true)
  })

  it('open by an identity of any of the places there are', async () => {
    const url = `age://${recipients[0]}`
    const wrapped = await wrap(url)
    const [mine, other] = identities as [string, string]
    const file = (name: string, text: string) => write(join(folder, name), `# created by age-keygen\n${text}\n`)
    const first = file('first', mine)
    const second = file('second', other)
    const xdg = { XDG_CONFIG_HOME: join(folder, 'xdg') }
    const works: readonly Record<string, string>[] = [
      { ESC_AGE_IDENTITY: `# a comment\n${other}\n${mine}\n`, ESC_AGE_IDENTITY_FILE: '/nowhere' },
      { ESC_AGE_IDENTITY_FILE: first, SOPS_AGE_KEY: 'rubbish' },
      { SOPS_AGE_KEY: mine },
      { SOPS_AGE_KEY: `AGE-PLUGIN-YUBIKEY-1QQ\n${mine}` },
      { SOPS_AGE_KEY_FILE: first },
      { SOPS_AGE_KEY: other, SOPS_AGE_KEY_FILE: first },
    ]
    for (const env of works) expect(await opens(url, wrapped, context(env)), JSON.stringify(env)).to.equal(true)
    const fails: readonly Record<string, string>[] = [
      { ESC_AGE_IDENTITY: other, SOPS_AGE_KEY: mine },
      { ESC_AGE_IDENTITY_FILE: second },
      xdg,
    ]
    for (const env of fails) expect(await opens(url, wrapped, context(env)), JSON.stringify(env)).to.equal(false)
    write(join(folder, 'xdg', 'sops', 'age', 'keys.txt'), mine)
    expect(await opens(url, wrapped, context(xdg))).to.equal(true)
    write(join(folder, 'config', 'age-identity.txt'), mine)
    expect(await opens(url, wrapped, context({}))).to.equal(true)
  })

  it('open by a good identity, whatever unusable ones there are beside it', async () => {
    const url = `age://${recipients[0]}`
    const wrapped = await wrap(url)
    const [mine, other] = identities as [string, string]
    const damaged = other.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'))
    const ssh = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----'
    const locked = '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----'
    const bad = [damaged, 'hunter2', ssh, locked, 'AGE-PLUGIN-YUBIKEY-1QQ', damaged.slice(0, 30)]
    const file = write(join(folder, 'keys'), [...bad, mine, damaged].join('\n'))
    const badFile = write(join(folder, 'bad'), bad.join('\n'))
    const works: readonly Record<string, string>[] = [
      { ESC_AGE_IDENTITY: [...bad, mine].join('\n') },
      { ESC_AGE_IDENTITY_FILE: file },
      { SOPS_AGE_KEY: `${damaged}\n${mine}` },
      { SOPS_AGE_KEY: damaged, SOPS_AGE_KEY_FILE: file },
      { SOPS_AGE_KEY: mine, SOPS_AGE_KEY_FILE: '/nowhere' },
      { SOPS_AGE_KEY: locked, SOPS_AGE_KEY_FILE: badFile, SOPS_AGE_KEY_CMD: `cat '${file}'` },
      { SOPS_AGE_KEY: mine, SOPS_AGE_KEY_CMD: 'exit 1' },
    ]
    for (const env of works) expect(await opens(url, wrapped, context(env)), JSON.stringify(env)).to.equal(true)
    write(join(folder, 'config', 'age-identity.txt'), mine, 0o644)
    expect(await opens(url, wrapped, context({ SOPS_AGE_KEY: mine }))).to.equal(true)
    write(join(folder, 'config', 'age-identity.txt'), bad.join('\n'))
    expect(await opens(url, wrapped, context({ SOPS_AGE_KEY: mine }))).to.equal(true)
    expect(await opens(url, await wrap(url, context({ SOPS_AGE_KEY: mine })), holder(0))).to.equal(true)
    const none = context({ ESC_AGE_IDENTITY: [...bad, identities[1]].join('\n') })
    const error = await errorOf(async () => (await openSecretsProvider(url, none, owner())).unwrapKey(wrapped))
    expect(error.message)
      .to.contain('is encrypted for other age recipients than yours')
      .and.contain('; passed over: ESC_AGE_IDENTITY (line 2 is none)')
      .and.not.contain('hunter2')
  })

  it('open by what the command in SOPS_AGE_KEY_CMD prints, which is run only where nothing else opens', async () => {
    const url = `age://${recipients[0]}`
    const wrapped = await wrap(url)
    const [mine, other] = identities as [string, string]
    const ran = join(folder, 'ran')
    write(join(folder, 'a key'), mine)
    const program = 'require("fs").appendFileSync(process.argv[1],"x");console.log(process.argv[2])'
    const command = `"${process.execPath}" -e '${program}' ${ran.replaceAll(' ', '\\ ')} ${mine}`
    const count = () => (existsSync(ran) ? readFileSync(ran, 'utf8').length : 0)
    expect(await opens(url, wrapped, context({ SOPS_AGE_KEY: mine, SOPS_AGE_KEY_CMD: command }))).to.equal(true)
    expect(await opens(url, wrapped, context({ ESC_AGE_IDENTITY: other, SOPS_AGE_KEY_CMD: command }))).to.equal(false)
    expect(count()).to.equal(0)
    expect(await opens(url, wrapped, context({ SOPS_AGE_KEY: other, SOPS_AGE_KEY_CMD: command }))).to.equal(true)
    expect(await opens(url, await wrap(url, context({ SOPS_AGE_KEY_CMD: command })), holder(0))).to.equal(true)
    expect(count()).to.equal(2)
    expect(await opens(url, wrapped, context({ SOPS_AGE_KEY_CMD: `cat "${join(folder, 'a key')}"` }))).to.equal(true)
    const failing: readonly [string, RegExp][] = [
      [
        `${process.execPath} -e process.exitCode=3 ${mine}`,
        /SOPS_AGE_KEY_CMD .*: the command failed with exit code 3$/,
      ],
      ['/nowhere/program', /the command cannot be run \(ENOENT\)$/],
      ['cat "', /a quotation mark is not closed$/],
      ['true', /you have no age identity|there is none$/],
    ]
    for (const [text, message] of failing) {
      const keys = context({ SOPS_AGE_KEY_CMD: text })
      const error = await errorOf(async () => (await openSecretsProvider(url, keys, owner())).unwrapKey(wrapped))
      expect(error.message).to.match(message).and.not.contain(mine)
    }
  })

  it('are not opened by an identity file that others can read', async () => {
    const url = `age://${recipients[0]}`
    const wrapped = await wrap(url)
    const path = write(join(folder, 'config', 'age-identity.txt'), identities[0]!, 0o644)
    const error = await errorOf(async () => (await openSecretsProvider(url, context({}), owner())).unwrapKey(wrapped))
    expect(error.message).to.contain('it can be read by others (mode 0644)')
    expect(error.hint).to.contain(`chmod 600 ${path}`)
  })

  it('propose a command that makes the folder of the identity, whatever its name', async () => {
    const url = `age://${recipients[0]}`
    const wrapped = await wrap(url)
    const keys = { ...context({}), configFolder: join(folder, 'Application Support', 'esc') }
    for (const act of ['open', 'lock'] as const) {
      const error = await errorOf(async () => {
        const provider = await openSecretsProvider(url, keys, owner())
        return act === 'open' ? provider.unwrapKey(wrapped) : provider.wrapKey(dataKey)
      })
      const own = `${keys.configFolder}/age-identity.txt`
      expect((error as { hint?: string }).hint).to.include(
        `\`mkdir -p '${keys.configFolder}' && age-keygen -o '${own}'\``,
      )
    }
  })

  it('say what is wrong with an identity without repeating any of it', async () => {
    const url = `age://${recipients[0]}`
    const wrapped = await wrap(url)
    const cases: readonly [string, RegExp][] = [
      ['hunter2-not-a-key', /line 1 is none/],
      [`# fine\nage1${'q'.repeat(58)}`, /line 2 is none/],
      ['# only a comment', /there is none/],
      ['-----BEGIN AGE ENCRYPTED FILE-----\nYWdl', /locked with a passphrase/],
      [identities[0]!.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q')), /damaged or cut short/],
    ]
    for (const [text, message] of cases) {
      const keys = context({ ESC_AGE_IDENTITY: text })
      const error = await errorOf(async () => (await openSecretsProvider(url, keys, owner())).unwrapKey(wrapped))
      expect(error.code).to.equal('key_unavailable')
      expect(error.message).to.match(message)
      expect(inspect(error, { depth: 9 }))
        .to.not.contain('hunter2')
        .and.to.not.contain(identities[0]!.slice(16, 40))
    }
    const unreadable = context({ ESC_AGE_IDENTITY_FILE: '/nowhere/key' })
    const error = await errorOf(async () => (await openSecretsProvider(url, unreadable, owner())).unwrapKey(wrapped))
    expect(error.message).to.contain('/nowhere/key').and.to.contain('ENOENT')
  })

  it('open what the first version locked, for ever', async () => {
    const keys = context({ ESC_AGE_IDENTITY: FIRST.identity })
    const provider = await openSecretsProvider(FIRST.url, keys, { id: 'vector', name: 'v' })
    const hex = Buffer.from(await provider.unwrapKey(FIRST.wrapped)).toString('hex')
    expect(hex).to.equal('00'.repeat(16) + 'ff'.repeat(16))
    expect(notices).to.deep.equal([])
  })
})

const FIRST = {
  identity: 'AGE-SECRET-KEY-1Q4G04NLMJU2QKXH43YLFUK4USCQXU92TJ2D7L7QKFJP3HAFDG6ZS46FM6S',
  url: 'age://age14pnw2ucvzyq7acqgcgmzkwvy0sau45lcuppjgkxd0w0g04k6zgfqx5x3u5',
  wrapped:
    'v1:age:YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBSMVFmQUxBYS82UW95MllFUEpsbkxYeFRid2JSdTdVWVIxOEtHcHMzUnlRCmVSTHJNWjRFcmlqNWZMYjBqLzQvb3M2ei9ZUkhVa1oyL0NEZkZJeVpSSnMKLS0tIGFQQUk4VmpMWlRtU2lyZGRwVHhtQmJGcGhJVGg0RkVXeUZtZzIvZ3FkM00K3UlIEtvypuId8GRtCc1Zx/WRjmfyanJ2HWdaTyh0+QfJpX/N6R2oJc4x1ZD1Abl/KZDhMDi20PIwRxLAL+wUTDREi+Ka9RVl4uFu1tWpIWb3ioSDBxPH8jafyMA8oOtHu4OipmlJNuL6f2jB9OH98wHXedLU21lMnYvUy7dsfXs=',
}
