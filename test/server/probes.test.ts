import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { RunningServer } from './running-server.ts'

describe('probes, metrics and the log of a server', function () {
  this.timeout(120_000)
  let program: Program
  let server: RunningServer

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    await program.withEnvironment('app/dev', 'values:\n  password:\n    fn::secret: canary-of-a-secret\n')
    server = await RunningServer.start(program, ['--log', 'json', '--metrics', '127.0.0.1:0'])
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })

  const lines = () =>
    server.said
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  const metric = async (name: string) => {
    const { text } = await server.call('GET', '/metrics', { token: '' })
    return text.split('\n').find((line) => line.startsWith(name))
  }

  it('answers that it lives and is ready, without a token', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const { status, text } = await server.call('GET', path, { token: '' })
      expect([status, text], path).to.deep.equal([200, 'ok\n'])
    }
  })

  it('serves the same on an address of their own', async () => {
    const [, url] = /metrics at (\S+)\/metrics/.exec(server.said) ?? []
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await fetch(url + path)).status, path).to.equal(200)
  })

  it('counts requests by the pattern of their path, and logs them, with nothing that is secret', async () => {
    const environment = '/api/esc/environments/acme/app/dev'
    const { json: opened, headers } = await server.call('POST', `${environment}/open?duration=1h`)
    expect(headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/)
    await server.call('GET', `${environment}/open/${opened.id}?property=password`)
    await server.call('GET', `${environment}/open/${opened.id}`, { token: 'esc_wrong' })
    await server.call('GET', '/api/esc/unknown-path')
    const { text } = await server.call('GET', '/metrics', { token: '' })
    const route = '/api/esc/environments/:org/:project/:env/open'
    expect(text).to.include(`esc_http_requests_total{method="POST",route="${route}",status="200"} 1\n`)
    expect(text).to.include(`esc_http_requests_total{method="GET",route="${route}/:id",status="401"} 1\n`)
    expect(text).to.match(/esc_http_requests_total\{method="GET",route="none",status="404"\} 1\n/)
    expect(text).to.match(/esc_http_request_duration_seconds_bucket\{method="POST",route="[^"]*open",le="\+Inf"\} 1\n/)
    expect(text).to.include('\nesc_open_sessions 1\n').and.include('\nesc_http_requests_in_flight 1\n')
    expect(text).to.match(/\nesc_build_info\{version="\d+\.\d+\.\d+",node="\d+\.\d+\.\d+"\} 1\n/)
    expect(text).to.include('\nesc_scheduler_healthy 1\n')
    expect(text.match(/^# TYPE (\S+)/gm)).to.deep.equal([...new Set(text.match(/^# TYPE (\S+)/gm))])
    for (const line of text.trimEnd().split('\n'))
      expect(line).to.match(/^(?:# (?:HELP|TYPE) |[a-z_0-9]+(?:\{[^{}]*\})? [-+0-9.e]+$)/)

    const read = lines().filter((line) => line.route === `${route}/:id`)
    expect(read.map(({ status, user, token }) => [status, user, token])).to.deep.equal([
      [200, 'root@example.com', 'root@example.com'],
      [401, undefined, undefined],
    ])
    for (const secret of ['canary-of-a-secret', opened.id, server.token, 'esc_wrong', 'property=', 'unknown-path'])
      expect(server.said + text).not.to.include(secret)
  })

  it('gives an answer of 5xx the id that its log has', async () => {
    const other = '/api/esc/environments/acme/app/dev/open'
    const before = lines().length
    const { status, headers } = await server.call('POST', other, { headers: { 'x-request-id': 'forged' } })
    expect(status).to.equal(200)
    expect(headers['x-request-id']).not.to.equal('forged')
    expect(headers).not.to.have.property('x-pulumi-request-id')
    expect(lines()[before].requestId).to.equal(headers['x-request-id'])
  })

  it('answers metrics to no page of a browser that has its own name lead here', async () => {
    const { status } = await server.call('GET', '/metrics', { token: '', headers: { host: 'evil.example' } })
    expect(status).to.equal(404)
    expect(await metric('esc_audit_failures_total')).to.equal('esc_audit_failures_total 0')
  })
})
