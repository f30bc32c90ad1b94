import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { AMBIENT_SECRETS, isKeyVariable } from '../../src/child-environment.ts'
import { programWith } from './program.ts'

/** A variable of each kind that opens environments, with a value that nothing prints by chance. */
const KEYS: Readonly<Record<string, string>> = {
  ESC_PASSPHRASE: 'correct horse battery',
  ESC_NEW_PASSPHRASE: 'staple of the horse',
  ESC_NEW_PASSPHRASE_FILE: '/nowhere/new-passphrase',
  ESC_OIDC_KEY: '-----BEGIN PRIVATE KEY-----\\nMIGHAgEAMBMGByqGSM49\\n-----END PRIVATE KEY-----\\n',
  ESC_AGE_IDENTITY: 'AGE-SECRET-KEY-1QQPSZQQQQQQQQQQQQ',
  ESC_AZURE_ACCESS_TOKEN: 'azure-token-0123',
  SOPS_AGE_KEY: 'AGE-SECRET-KEY-1SOPSSOPSSOPSSOPS',
  VAULT_TOKEN: 'hvs.vault-token-0123',
  VAULT_SERVER_TOKEN: 'hvs.server-token-0123',
  BAO_TOKEN: 's.bao-token-0123',
  ESC_VAULT_TOKEN_VAULT_EXAMPLE_COM_8200: 'hvs.one-server-0123',
}

/** Logins that programs need for themselves. */
const LOGINS: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'aws/secret+access/key',
  AWS_PROFILE: 'my-profile',
  AZURE_CLIENT_SECRET: 'azure-client-secret',
  GOOGLE_OAUTH_ACCESS_TOKEN: 'ya29.google-token',
}

describe('keys in variables of esc', function () {
  this.timeout(60_000)
  const program = programWith('app/dev', 'values: {environmentVariables: {COLOUR: green}}\n')

  let variables: Record<string, string>
  before(() => {
    const key = readFileSync(join(program.env.ESC_CONFIG_HOME as string, 'default.key'), 'utf8')
    const passphraseFile = join(program.folder, 'passphrase')
    const identityFile = join(program.folder, 'identity')
    writeFileSync(passphraseFile, 'the passphrase of a file\n', { mode: 0o600 })
    writeFileSync(identityFile, '# public key: age1shown\nAGE-SECRET-KEY-1INAFILEINAFILE\n', { mode: 0o600 })
    variables = {
      ...KEYS,
      ...LOGINS,
      ESC_KEY: /^esc-key-v1.*$/m.exec(key)?.[0] as string,
      ESC_PASSPHRASE_FILE: passphraseFile,
      ESC_AGE_IDENTITY_FILE: identityFile,
      SOPS_AGE_KEY_FILE: identityFile,
    }
  })

  const names = (text: string) => text.split('\n').map((line) => line.slice(0, line.indexOf('=')))

  it('do not reach the command that is run; logins to clouds do', async () => {
    const { code, out } = await program.esc(['run', 'app/dev', '--', 'env'], variables)
    expect(code).to.equal(0)
    for (const name of Object.keys(variables)) {
      if (name in LOGINS) expect(names(out)).to.include(name)
      else expect(names(out)).to.not.include(name)
    }
    expect(names(out)).to.include.members(['COLOUR', 'ESC_CONFIG_HOME', 'ESC_ENVIRONMENT', 'PATH'])
  })

  it('reach it with --keep-esc-keys', async () => {
    const script = 'test "$ESC_KEY" = "$WANTED" && test "$VAULT_TOKEN" = hvs.vault-token-0123'
    const { code } = await program.esc(['run', '--keep-esc-keys', 'app/dev', '--', 'sh', '-c', script], {
      ...variables,
      WANTED: variables.ESC_KEY,
    })
    expect(code).to.equal(0)
  })

  it('are hidden in what it prints, and so are the files they name, with and without --keep-esc-keys', async () => {
    const secret = Object.entries(variables).filter(([name]) => !/_FILE$|AWS_ACCESS_KEY_ID|AWS_PROFILE/.test(name))
    writeFileSync(join(program.folder, 'texts'), secret.map(([, value]) => `${value}\n`).join(''))
    const script = 'env; cat texts passphrase identity; cut -d: -f3 key; base64 -w0 passphrase'
    writeFileSync(join(program.folder, 'key'), variables.ESC_KEY as string)
    for (const flags of [[], ['--keep-esc-keys']]) {
      const { code, out } = await program.esc(['run', ...flags, 'app/dev', '--', 'sh', '-c', script], variables)
      expect(code).to.equal(0)
      for (const [name, value] of secret) expect(out, name).to.not.include(value)
      expect(out).to.not.include('the passphrase of a file')
      expect(out).to.not.include('AGE-SECRET-KEY-1INAFILE')
      expect(out).to.not.include(variables.ESC_KEY?.split(':')[2])
      expect(out).to.not.include(Buffer.from('the passphrase of a file').toString('base64'))
      expect(out).to.include('AWS_ACCESS_KEY_ID=AKIAEXAMPLE').and.to.include('# public key: age1shown')
    }
  })

  it('that the definition sets reach the command', async () => {
    await program.withEnvironment('app/nested', 'values: {environmentVariables: {VAULT_TOKEN: from-definition}}\n')
    const { out } = await program.esc(['run', 'app/nested', '--', 'sh', '-c', 'echo $VAULT_TOKEN'], variables)
    expect(out).to.equal('from-definition\n')
  })

  it('reach neither the editor nor git', async () => {
    const seen = join(program.folder, 'seen')
    const tools = join(program.folder, 'tools')
    const git = execFileSync('sh', ['-c', 'command -v git']).toString().trim()
    execFileSync('mkdir', ['-p', seen, tools])
    writeFileSync(join(tools, 'git'), `#!/bin/sh\nenv > ${seen}/git-$$\nexec ${git} "$@"\n`, { mode: 0o755 })
    writeFileSync(join(tools, 'edit'), `#!/bin/sh\nenv > ${seen}/editor\nsed -i 's/green/blue/' "$1"\n`, {
      mode: 0o755,
    })
    execFileSync(git, ['init', '-q', program.folder])
    const { code, err } = await program.esc(['env', 'edit', 'app/dev', '--commit'], {
      ...variables,
      PATH: `${tools}:${process.env.PATH}`,
      EDITOR: 'edit',
      GIT_COMMITTER_NAME: 'A',
      GIT_COMMITTER_EMAIL: 'a@example.com',
    })
    expect(code, err).to.equal(0)
    const files = readdirSync(seen)
    expect(files).to.include('editor')
    expect(files.length, 'git was started').to.be.greaterThan(1)
    for (const file of files) {
      const given = names(readFileSync(join(seen, file), 'utf8'))
      expect(given, file).to.include('AWS_PROFILE')
      for (const name of Object.keys(variables)) if (!(name in LOGINS)) expect(given, file).to.not.include(name)
    }
    rmSync(join(program.folder, '.git'), { recursive: true })
  })

  it('that the secrets providers read are all of a kind that is decided', () => {
    const read = execFileSync('grep', ['-rhoE', 'env\\.[A-Z][A-Z0-9_]+', 'src/keys']).toString().split('\n')
    const secret = [...new Set(read.map((text) => text.slice(4)))].filter((name) =>
      /KEY|TOKEN|SECRET|PASS|IDENTITY|CRED|HEADER/.test(name),
    )
    // Names of files and accounts of clouds, which programs need, and an address.
    const plain = [
      'AWS_ACCESS_KEY_ID',
      'AWS_SHARED_CREDENTIALS_FILE',
      'AZURE_FEDERATED_TOKEN_FILE',
      'ARM_OIDC_TOKEN_FILE_PATH',
      'GOOGLE_APPLICATION_CREDENTIALS',
      'IDENTITY_ENDPOINT',
    ]
    const undecided = secret.filter(
      (name) => !plain.includes(name) && !isKeyVariable(name) && !AMBIENT_SECRETS.includes(name),
    )
    expect(undecided).to.deep.equal([])
  })
})
