// What the action does: install esc, get access, and have "esc export github" set the variables.
// It has no dependencies, so that what runs is what is read here.
const { spawnSync } = require('node:child_process')
const { appendFileSync, mkdtempSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { delimiter, join } = require('node:path')

/** An input, as the runner hands it over. Undefined: it is empty. */
const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] ?? '').trim() || undefined

const escaped = (text) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const mask = (text) => {
  for (const each of [text, ...text.split(/\r?\n/)]) if (each.trim()) console.log(`::add-mask::${escaped(each)}`)
}

class Refusal extends Error {}

/** Installs a version of esc below the runner's temporary folder, and returns its folder of programs. */
function install(version) {
  if (!/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(version)) throw new Refusal(`version: ${version} is not an exact version`)
  const folder = mkdtempSync(join(process.env.RUNNER_TEMP || tmpdir(), 'esc-'))
  const words = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', `@gitesc/cli@${version}`]
  const isWindows = process.platform === 'win32'
  const { status } = spawnSync('npm', words, { stdio: ['ignore', 'inherit', 'inherit'], shell: isWindows })
  if (status !== 0) throw new Refusal(`esc ${version} could not be installed`)
  const programs = join(folder, 'node_modules', '.bin')
  if (process.env.GITHUB_PATH) appendFileSync(process.env.GITHUB_PATH, `${programs}\n`)
  return programs
}

/** Exchanges the identity token of the job for an access token of the server. */
async function accessToken(server, organization) {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = process.env
  if (!url || !bearer) throw new Refusal('the job has no identity token: give it "permissions: {id-token: write}"')
  if (!organization) throw new Refusal('organization: give the label of the store that the server keeps')
  const audience = `urn:pulumi:org:${organization}`
  const asked = new URL(url)
  asked.searchParams.set('audience', audience)
  const identity = await answer(asked, 'the identity token', { headers: { authorization: `Bearer ${bearer}` } })
  mask(identity.value)
  const body = new URLSearchParams({
    audience,
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    subject_token: identity.value,
    requested_token_type: 'urn:pulumi:token-type:access_token:organization',
  })
  const granted = await answer(new URL('/api/oauth/token', server), 'an access token', { method: 'POST', body })
  mask(granted.access_token)
  return granted.access_token
}

async function answer(url, what, options) {
  const response = await fetch(url, { ...options, redirect: 'error', signal: AbortSignal.timeout(30_000) }).catch((error) => {
    throw new Refusal(`${what} could not be had from ${url.origin}: ${error.cause?.code ?? error.message}`)
  })
  const data = await response.json().catch(() => ({}))
  if (!response.ok) {
    const reason = data.error_description ?? data.message ?? response.statusText
    throw new Refusal(`${what} was refused by ${url.origin} (${response.status}): ${reason}`)
  }
  return data
}

async function main() {
  const environment = input('environment')
  if (!environment) throw new Refusal('environment: name the environment to open')
  const env = { ...process.env }
  for (const name of Object.keys(env)) if (name.startsWith('INPUT_')) delete env[name]
  const given = { ESC_KEY: input('key'), ESC_PASSPHRASE: input('passphrase'), ESC_AGE_IDENTITY: input('age-identity') }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    mask(value)
    env[name] = value
  }
  const server = input('server-url')
  if (server !== undefined) {
    const { protocol, hostname } = new URL(server)
    const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
    if (protocol !== 'https:' && !isHere) throw new Refusal(`server-url: ${server} does not begin with https://`)
    env.ESC_SERVER_URL = server
    env.ESC_ACCESS_TOKEN = await accessToken(server, input('organization'))
  }
  const version = input('version')
  if (version !== undefined) env.PATH = `${install(version)}${delimiter}${env.PATH}`
  const store = input('store')
  const words = ['export', 'github', environment, '--to', input('to') ?? 'env', ...(store ? ['--store', store] : [])]
  const { status, error } = spawnSync('esc', words, { env, stdio: 'inherit', shell: process.platform === 'win32' })
  if (error) throw new Refusal(`esc could not be started: ${error.message}`)
  process.exitCode = status ?? 1
}

main().catch((error) => {
  console.log(`::error::${escaped(error instanceof Refusal ? error.message : String(error))}`)
  process.exitCode = 1
})
