import { request } from 'node:http'
import { expect } from 'chai'
import { isMeantHost } from '../../src/meant-host.ts'
import { type MetricsAddress, serveMetrics } from '../../src/scheduler/metrics-server.ts'

describe('the server of metrics', () => {
  async function statusFor(
    host: string,
    path: string,
    address: Partial<MetricsAddress> = {},
  ): Promise<number | undefined> {
    const server = await serveMetrics(
      { host: '127.0.0.1', port: 0, ...address },
      { metrics: () => 'metrics\n', illness: () => undefined },
    )
    try {
      return await new Promise((done, fail) => {
        const asked = request(
          `http://127.0.0.1:${new URL(server.url).port}${path}`,
          { headers: { host } },
          (answer) => {
            answer.resume()
            done(answer.statusCode)
          },
        )
        asked.on('error', fail)
        asked.end()
      })
    } finally {
      await server.close()
    }
  }

  it('is asked for by a name that somebody has made lead here', async () => {
    for (const path of ['/metrics', '/healthz', '/']) {
      for (const host of [
        'evil.example',
        'evil.example:9187',
        'localhost.evil.example',
        '127.0.0.1.evil.example',
        '10.0.0.7',
        'a@localhost',
      ])
        expect(await statusFor(host, path), host + path).to.equal(421)
    }
  })

  it('answers to the names of this machine, and to those that were given', async () => {
    for (const host of [
      'localhost',
      'LOCALHOST:9187',
      'localhost.',
      'esc.localhost',
      '127.0.0.1:9187',
      '127.0.0.2',
      '[::1]:9187',
    ])
      expect(await statusFor(host, '/metrics'), host).to.equal(200)
    const names = ['esc.monitoring.svc']
    expect(await statusFor('ESC.monitoring.svc:9187', '/metrics', { names })).to.equal(200)
    expect(await statusFor('other.monitoring.svc:9187', '/metrics', { names })).to.equal(421)
  })

  it('answers to any address where it listens for other machines, but to no other name', () => {
    const server = { listens: '0.0.0.0', names: [] }
    expect(isMeantHost('10.0.0.7:9187', server)).to.equal(true)
    expect(isMeantHost('[fe80::1]:9187', server)).to.equal(true)
    expect(isMeantHost('evil.example', server)).to.equal(false)
    expect(isMeantHost(undefined, server)).to.equal(false)
    expect(isMeantHost('', server)).to.equal(false)
  })
})
