import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { VendorError } from '../../src/rotators/vendor-error.ts'
import { VendorHttpError } from '../../src/rotators/vendor-http.ts'

describe('faults that pass by themselves', () => {
  const byCode = (code: string | undefined) =>
    new VendorError('failed', { code, refused: false, hint: undefined }).transient
  const byStatus = (status: number) => new VendorHttpError('failed', { code: 'x', status, refused: true }).transient

  it('are those of the network, but not a name that nobody knows or a certificate that does not hold', () => {
    for (const code of [
      'ECONNREFUSED',
      'ECONNRESET',
      'UND_ERR_SOCKET',
      'ETIMEDOUT',
      'EAI_AGAIN',
      'timeout',
      'UND_ERR_CONNECT_TIMEOUT',
    ])
      expect(byCode(code), code).to.equal(true)
    for (const code of ['ENOTFOUND', 'BAD_CERTIFICATE', 'NO_TLS', '28P01', undefined])
      expect(byCode(code), code).to.equal(false)
  })

  it('are those of an overloaded vendor', () => {
    for (const status of [408, 429, 500, 502, 503]) expect(byStatus(status), String(status)).to.equal(true)
    for (const status of [400, 401, 403, 404, 409, 302]) expect(byStatus(status), String(status)).to.equal(false)
  })

  it('are no other errors', () => {
    expect(new EscError('provider_failed', 'no').transient).to.equal(false)
  })
})
