import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { sceneOf } from './scene.ts'

/** Texts that are secret and are inputs of rotators, which vendors and libraries like to repeat. */
const secrets = {
  host: 'secret-host.internal.example',
  user: 'secret_user_name',
  database: 'secret_database',
  password: 'Secr3t/pass+word',
}

describe('a message about a path', function () {
  this.timeout(60_000)
  const inputs: Readonly<Record<string, string>> = {
    postgres: `
        rotateUsers: {username1: "\${user}", username2: other}
        database:
          host: "\${host}"
          port: 5432
          database: "\${database}"
          managingUser: {username: "manager_\${user}", password: "\${password}"}`,
    mysql: `
        rotateUsers: {username1: "\${user}", username2: other}
        database:
          host: "\${host}"
          port: 3306
          database: "\${database}"
          managingUser: {username: "manager_\${user}", password: "\${password}"}`,
    'ldap-password': `
        url: "ldaps://\${host}"
        login: {dn: "cn=\${user},dc=example", password: "\${password}"}
        dn: "uid=\${user},dc=example"`,
    'redis-acl': `
        host: "\${host}"
        login: {username: "\${user}", password: "\${password}"}
        user: "\${user}"`,
  }
  const kinds = Object.keys(inputs)
  const scene = sceneOf(async (victim) => {
    const values = Object.entries(secrets).map(([name, value]) => `  ${name}: {fn::secret: "${value}"}\n`)
    const rotators = kinds.map(
      (kind, index) => `  r${index}:\n    fn::rotate::${kind}:\n      inputs:${inputs[kind]}\n`,
    )
    await victim.okWith(`values:\n${values.join('')}${rotators.join('')}`, 'env', 'init', 'rotators/ci', '--file', '-')
  })

  it('holds no secret input: in no output, event, audit line, payload or file', async () => {
    const bodies: string[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (bytes) => {
        body += bytes
      })
      request.on('end', () => {
        bodies.push(body)
        response.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { victim } = scene.current()
    victim.edit('esc.yaml', (text) => `${text}webhooks:\n  allow: [127.0.0.1]\n`)
    const allowed = { ESC_TEST_NETWORK_ALLOW: `127.0.0.1:${port}` }
    await victim.esc(['trust', '--yes'])
    const url = `http://127.0.0.1:${port}/`
    await victim.esc(['env', 'webhook', 'new', 'rotators/ci', 'test', '--url', url], allowed)
    const outputs: string[] = []
    for (const words of [
      ['env', 'rotate', 'rotators/ci', '--plan'],
      ['env', 'rotate', 'rotators/ci', '--force'],
      ['env', 'rotate', 'rotators/ci', '--force', '--output', 'json'],
      ['env', 'rotate', 'doctor', 'rotators/ci'],
      ['env', 'rotate', 'history', 'rotators/ci'],
      ['env', 'rotators'],
      ['check'],
    ]) {
      const { out, err, code } = await victim.esc(words, allowed)
      outputs.push(out + err)
      if (words[1] === 'rotate' && words.includes('--force')) expect(code, out + err).to.not.equal(0)
    }
    for (let waited = 0; waited < 3000 && bodies.length === 0; waited += 100) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    server.close()
    const folders = [victim.folder, victim.machine.folder]
    const files = folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')),
    )
    expect(bodies.length, 'the webhook was told').to.be.greaterThan(0)
    const found = Object.entries(secrets).flatMap(([name, secret]) => [
      ...outputs.filter((text) => text.includes(secret)).map((text) => `${name} in an output: ${text}`),
      ...bodies.filter((text) => text.includes(secret)).map((text) => `${name} in a payload: ${text}`),
      ...files.filter((text) => text.includes(secret)).map((text) => `${name} in a file: ${text.slice(0, 2000)}`),
    ])
    expect(found, found.join('\n').slice(0, 4000)).to.deep.equal([])
  })
})
