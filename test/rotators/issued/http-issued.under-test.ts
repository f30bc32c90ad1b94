import { secret } from '../../../src/secret.ts'
import { issued } from '../../crash-matrix/problems.ts'
import { issuedGood, rotations, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { httpVendor } from './issued-vendors.ts'

const configuration = 'network: {privateHosts: [127.0.0.1]}\n'

export const underTest: RotatorUnderTest = {
  vendor: 'fake API for keys',
  async start() {
    const subject = issued(await httpVendor(), ({ id, values, ...others }) => {
      const revived = Object.entries(values as unknown as Record<string, string>).map(([name, text]) => [
        name,
        secret(text),
      ])
      return { ...others, id, values: Object.fromEntries(revived) }
    })
    return { ...subject, env: {}, configuration }
  },
  badInputs: rotations({
    configuration,
    start: async () => ({ ...issuedGood(await httpVendor()), routes: {} }),
    bad: {
      'no address': without('url'),
      'an address without TLS': {
        set: { url: 'http://api.example.org/v1' },
        says: ['`url` is not an https:// address'],
        remedy: /api\.example\.org/,
      },
      'an address with a password': {
        set: { url: 'https://a:canary-in-url@api.example.org/' },
        says: ['`url` holds a user name or password'],
        remedy: /`auth`/,
      },
      'a private address': { set: { url: 'https://10.0.0.1/v1' }, says: ['10.0.0.1'], remedy: /privateHosts/ },
      'the address of the cloud': {
        set: { url: 'https://169.254.169.254/latest' },
        says: ['169.254.169.254'],
        remedy: /privateHosts/,
      },
      'two ways to log in': {
        set: { 'auth.basic': { username: 'a', password: 'canary-b' } },
        says: ['`auth` must hold one of'],
        remedy: /`headers`/,
      },
      'a header that is ours': { set: { headers: { host: 'other' } }, says: ['`headers.host`'], remedy: /x-api-key/ },
      'a header with a line break': {
        set: { headers: { 'x-api-key': secret('canary-a\nb') } },
        says: ['`headers.x-api-key`'],
        remedy: /line breaks/,
      },
      'a path to elsewhere': {
        set: { 'list.path': 'https://evil.example/keys' },
        says: ['`list.path` "https://evil.example/keys"'],
        remedy: /api_keys/,
      },
      'a path upwards': { set: { 'delete.path': '../{{id}}' }, says: ['`delete.path`'], remedy: /api_keys/ },
      'a path to no member': { set: { 'list.id': 'a[' }, says: ['`list.id`'], remedy: /data\[0\]/ },
      'nothing to find a lost one by': {
        set: { 'list.name': undefined, 'create.body': { label: 'esc', scopes: [] } },
        says: ['`list` has neither `name` nor `createdAt`'],
        remedy: /lost/,
      },
      'a name without the mark': {
        set: { 'create.body': { label: 'esc', scopes: ['send'] } },
        says: ['`create` does not send the mark'],
        remedy: /\{\{mark\}\}/,
      },
      'a mark that is not listed': {
        set: { 'list.name': undefined, 'list.createdAt': 'created_at' },
        says: ['`list.name` is missing'],
        remedy: /has it/,
      },
      'a misspelt name in a template': {
        set: { 'delete.path': 'service-keys/{{key_id}}' },
        says: ['`delete` has {{key_id}}'],
        remedy: /\{\{id\}\}/,
      },
      'a deletion of nothing': { set: { 'delete.path': 'service-keys' }, says: ['`delete`'], remedy: /\{\{id\}\}/ },
      'no secret': { set: { 'create.values': {} }, says: ['`create.values` is empty'], remedy: /api_key/ },
      'a proof without the secret': {
        set: { 'verify.auth': undefined },
        says: ['`verify` shows nothing of what is secret'],
        remedy: /\{\{key\}\}/,
      },
      'a proof that anybody passes': {
        set: { 'verify.path': 'pulse' },
        says: ['`verify` succeeds with a made-up credential'],
        remedy: /only a credential may see/,
      },
      'a status that proves nothing': {
        set: { 'verify.works': [401] },
        says: ['`verify.works` holds 401'],
        remedy: /403/,
      },
      'two ways to the next page': {
        set: { 'list.next.page': 'page' },
        says: ['`list.next` must hold one of'],
        remedy: /documentation/,
      },
      'pages that are not described': ({ vendor }) => ({
        set: { 'list.next': undefined },
        remote: () => Array.from({ length: 4 }, () => vendor.add()),
        says: ['it has more pages (header Link)'],
        remedy: /documentation/,
      }),
      'a limit of one': { set: { 'limit.count': 1 }, says: ['`limit.count` is 1'], remedy: /two credentials/ },
      'a misspelt input': { set: { verfy: {} }, says: ['unknown property "verfy"', 'verify'] },
      'a wrong token': {
        set: { 'auth.bearer': secret('canary-wrong') },
        says: ['listing failed: invalid_token'],
        remedy: /`auth`/,
      },
      'a list elsewhere': { set: { 'list.path': 'nothing' }, says: ['listing failed: not_found'], remedy: /`url`/ },
      'a list of something else': {
        set: { 'list.items': 'items' },
        says: ['in a form that is not documented', 'no list in "items"'],
        remedy: /documentation/,
      },
    },
  }),
}
