import { expect } from 'chai'
import { isKeyVariable, takeProcessVariables } from '../src/child-environment.ts'

describe('the variables of this process', () => {
  const before = { ...process.env }
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
  })

  it('lose the keys, which the copy has', () => {
    process.env.ESC_KEY = 'esc-key-v1:0:secret'
    process.env.VAULT_TOKEN = 'hvs.secret'
    process.env.PLAIN_VARIABLE = 'plain'
    const taken = takeProcessVariables()
    expect(taken).to.include({ ESC_KEY: 'esc-key-v1:0:secret', VAULT_TOKEN: 'hvs.secret', PLAIN_VARIABLE: 'plain' })
    expect(process.env).not.to.have.property('ESC_KEY')
    expect(process.env).not.to.have.property('VAULT_TOKEN')
    expect(process.env.PLAIN_VARIABLE).to.equal('plain')
  })

  it('are all there where none is a key', () => {
    for (const name of Object.keys(process.env)) if (isKeyVariable(name)) delete process.env[name]
    process.env.PLAIN_VARIABLE = 'plain'
    const taken = takeProcessVariables()
    expect(Object.keys(taken)).to.deep.equal(Object.keys(process.env))
    expect(taken.PLAIN_VARIABLE).to.equal('plain')
  })
})

describe('variables that hold keys', () => {
  for (const name of [
    'ESC_KEY',
    'ESC_KEY_FILE',
    'ESC_PASSPHRASE_CMD',
    'ESC_VAULT_TOKEN_A_8200',
    'ESC_ACCESS_TOKEN',
    'ESC_DATABASE_URL',
    'SOPS_AGE_KEY_FILE',
    'BAO_TOKEN_PATH',
  ])
    it(`has ${name} among them`, () => expect(isKeyVariable(name)).to.equal(true))
  for (const name of [
    'ESC_KEYS',
    'ESC_KEY_',
    'ESC_KEY_file',
    'MY_ESC_KEY',
    'ESC_VAULT_TOKEN_',
    'VAULT_TOKEN_FILE',
    'ESC_STORE',
  ])
    it(`has ${name} not`, () => expect(isKeyVariable(name)).to.equal(false))
})
