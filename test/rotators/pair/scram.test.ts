import { expect } from 'chai'
import { saslPrep, scramVerifier } from '../../../src/rotators/pair/postgres/scram.ts'
import { sharedPostgres } from '../../servers/postgres.ts'

describe('scramVerifier', () => {
  it('matches the vector of the specification', () => {
    const salt = Uint8Array.from({ length: 16 }, (_, index) => index)
    expect(scramVerifier('pencil', { salt })).to.equal(
      'SCRAM-SHA-256$4096:AAECAwQFBgcICQoLDA0ODw==$zHCdol2044/ZyWzPLi7oxApCkamKw9Z+E4U/QApd/5Y=:dd5peBOitVnLNFu7VmwP+HiDaaw4OUCv396eVCWhYiE=',
    )
  })

  it('makes what PostgreSQL lets in, for passwords of any letters', async () => {
    const server = await sharedPostgres()
    const salt = new Uint8Array(16).fill(7)
    await server.sql('CREATE ROLE scram_test LOGIN')
    for (const password of [
      'plain',
      'tilde ~ "quotes\' \\',
      'naïve',
      'ﬁ Ⅳ',
      'nb\u00a0sp',
      'soft\u00adhyphen',
      'пароль',
    ]) {
      await server.sql(`ALTER ROLE scram_test PASSWORD '${scramVerifier(password, { salt })}'`)
      expect(await server.login('scram_test', password), password).to.equal(true)
      expect(await server.login('scram_test', `${password}x`), password).to.equal('28P01')
    }
  })
})

describe('saslPrep', () => {
  it('follows RFC 4013', () => {
    expect(saslPrep('I\u00adX')).to.equal('IX')
    expect(saslPrep('user')).to.equal('user')
    expect(saslPrep('USER')).to.equal('USER')
    expect(saslPrep('\u00aa')).to.equal('a')
    expect(saslPrep('\u2168')).to.equal('IX')
  })

  it('uses a password as it is where PostgreSQL does', () => {
    expect(saslPrep('\u0007')).to.equal('\u0007')
    expect(saslPrep('ﬁ\u0007')).to.equal('ﬁ\u0007')
    expect(saslPrep('\u00ad')).to.equal('\u00ad')
  })
})
