import { expect } from 'chai'
import { isForbidden, isMetadata } from '../../src/http/index.ts'

const forbidden = [
  ['this host', '0.0.0.0', '0.1.2.3', '::'],
  ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
  ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1'],
  ['shared', '100.64.0.1', '100.127.255.255'],
  ['link-local', '169.254.0.1', 'fe80::1', 'febf::1'],
  ['metadata', '169.254.169.254', '169.254.170.2', '168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254'],
  ['multicast and reserved', '224.0.0.1', '255.255.255.255', '240.0.0.1', 'ff02::1'],
  ['documentation and tests', '192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '2001:db8::1', '3fff::1'],
  [
    'IPv4 in IPv6',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '::ffff:a00:1',
    '::7f00:1',
    '64:ff9b::10.0.0.1',
  ],
  ['tunnels to IPv4', '2002:7f00:1::', '2001:0:7f00:1::', '64:ff9b:1::1'],
  ['no address', '', 'localhost', '1.2.3', '127.1', '0x7f000001', '2606:4700::1%eth0', 'fe80::1%eth0'],
]
const free = ['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.255.255', '100.128.0.1', '169.253.0.1']
const freeV6 = ['2606:4700:4700::1111', '2a00:1450:4001::1', '64:ff9b::8.8.8.8', '::ffff:8.8.8.8']

describe('addresses that requests for others must not reach', () => {
  for (const [what = '', ...addresses] of forbidden) {
    it(`are those of kind: ${what}`, () => {
      for (const address of addresses) expect(isForbidden(address), address).to.equal(true)
    })
  }

  it('are not those of the public internet', () => {
    for (const address of [...free, ...freeV6]) expect(isForbidden(address), address).to.equal(false)
  })

  it('stay out of reach, where machines ask for their credentials, even for a host that is allowed', () => {
    for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254', 'fe80::1', '168.63.129.16'])
      expect(isMetadata(address), address).to.equal(true)
    for (const address of ['127.0.0.1', '10.0.0.1', '::1', 'fd12::1'])
      expect(isMetadata(address), address).to.equal(false)
  })
})
