import { expect } from 'chai'
import { headersOf } from '../../src/webhooks/send.ts'

describe('the signature of a webhook', () => {
  it('is lower-case hex of HMAC-SHA256 over the body, as the hosted service makes it', () => {
    const delivery = { id: 'dlv-1', kind: 'ping', body: '{"action":"updated"}' }
    expect(headersOf(delivery, 's3cr3t')).to.deep.include({
      'Pulumi-Webhook-ID': 'dlv-1',
      'Pulumi-Webhook-Kind': 'ping',
      'Pulumi-Webhook-Signature': 'd90b1c183a37c09afc54b5faced04fb493dc48b19a170d9bb73be173c22fd01a',
    })
    expect(headersOf(delivery, undefined)).to.not.have.property('Pulumi-Webhook-Signature')
  })
})
