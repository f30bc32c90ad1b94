import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import {
  decisionFile,
  givenDigest,
  listDecisions,
  type Power,
  readDecision,
  removeDecision,
  writeDecision,
} from '../../src/trust/index.ts'

const powers: readonly Power[] = [{ kind: 'variable', value: 'NODE_OPTIONS' }]
const accepted = '2026-03-04T05:06:07.000Z'

describe('what a store was allowed', () => {
  let stateFolder: string
  beforeEach(() => {
    stateFolder = mkdtempSync(join(tmpdir(), 'esc-state-'))
  })
  afterEach(() => rmSync(stateFolder, { recursive: true, force: true }))
  const place = (store = '/stores/one') => ({ stateFolder, store })

  it('is kept by the path of the store, for this user alone', () => {
    expect(readDecision(place())).to.equal(undefined)
    writeDecision(place(), { accepted, powers })
    expect(readDecision(place())).to.deep.equal({ store: '/stores/one', accepted, powers })
    expect(readDecision(place('/stores/two'))).to.equal(undefined)
    if (process.platform === 'win32') return
    expect(statSync(decisionFile(place())).mode & 0o777).to.equal(0o600)
    expect(statSync(join(stateFolder, 'trust')).mode & 0o777).to.equal(0o700)
  })

  it('is replaced, listed and forgotten', () => {
    writeDecision(place(), { accepted, powers })
    writeDecision(place(), { accepted, powers: [] })
    writeDecision(place('/stores/two'), { accepted, powers })
    expect(listDecisions(stateFolder).map(({ store, powers }) => [store, powers.length])).to.deep.equal([
      ['/stores/one', 0],
      ['/stores/two', 1],
    ])
    expect([removeDecision(place()), removeDecision(place())]).to.deep.equal([true, false])
    expect(readDecision(place())).to.equal(undefined)
    expect(readdirSync(join(stateFolder, 'trust'))).to.have.lengthOf(1)
  })

  it('is never taken from a file of another store', () => {
    writeDecision(place('/stores/two'), { accepted, powers })
    writeFileSync(decisionFile(place()), readFileSync(decisionFile(place('/stores/two'))))
    expect(readDecision(place())).to.equal(undefined)
  })

  it('is refused when it is damaged, of another version, or could have been written by others', () => {
    writeDecision(place(), { accepted, powers })
    const file = decisionFile(place())
    const sound = readFileSync(file, 'utf8')
    const refused = () => {
      try {
        readDecision(place())
      } catch (error) {
        return error instanceof EscError ? error.code : String(error)
      }
      return 'nothing'
    }
    for (const text of [
      '',
      '{',
      '[]',
      sound.replace('"version": 1', '"version": 2'),
      sound.replace('variable', 'all'),
    ]) {
      writeFileSync(file, text)
      expect(refused(), text).to.equal('untrusted')
    }
    writeFileSync(file, sound)
    expect(refused()).to.equal('nothing')
    if (process.platform === 'win32') return
    chmodSync(file, 0o620)
    expect(refused()).to.equal('untrusted')
  })
})

describe('ESC_TRUST', () => {
  const digest = 'ab'.repeat(32)

  it('holds a digest, with or without its prefix', () => {
    for (const text of [digest, `sha256:${digest}`, `SHA256:${digest.toUpperCase()}`, ` sha256:${digest}\n`]) {
      expect(givenDigest({ ESC_TRUST: text }), text).to.equal(`sha256:${digest}`)
    }
    expect(givenDigest({})).to.equal(undefined)
    expect(givenDigest({ ESC_TRUST: '' })).to.equal(undefined)
  })

  it('is no invitation when it is misspelt', () => {
    for (const text of [
      '1',
      'true',
      'all',
      '*',
      digest.slice(1),
      `${digest}0`,
      `md5:${digest}`,
      `sha256:${digest} x`,
    ]) {
      expect(() => givenDigest({ ESC_TRUST: text }), text)
        .to.throw(EscError)
        .with.property('code', 'untrusted')
    }
  })
})
