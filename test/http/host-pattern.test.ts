import { expect } from 'chai'
import { matchesHost } from '../../src/http/index.ts'

describe('the pattern of a host', () => {
  it('names hosts by name, address and domain', () => {
    const patterns = ['Adapter.corp.example', '10.0.0.1', '[fd00::1]', '*.internal']
    const matches = (host: string) => patterns.some((pattern) => matchesHost(host, pattern))
    const named = ['adapter.corp.example', 'ADAPTER.corp.example.', '10.0.0.1', '[fd00::1]', 'a.b.internal']
    const others = ['corp.example', 'x.adapter.corp.example', '10.0.0.2', 'internal', 'xinternal', 'a.internal.example']
    for (const host of named) expect(matches(host), host).to.equal(true)
    for (const host of others) expect(matches(host), host).to.equal(false)
  })
})
